import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { Award } from "lucide-react";
import type { Address } from "viem";
import { useMicrogrids } from "../../chain/index.ts";
import {
  buttonClass,
  Card,
  Energy,
  ErrorState,
  SkeletonLines,
  SlotTime,
  useSourceNames,
} from "../../ui/index.ts";
import { useRetirements } from "../history/retirements.ts";

/** The household's certificates. */
export function Certificates({ holder }: { readonly holder: Address }) {
  const sourceNames = useSourceNames();
  const { data, error, refetch } = useRetirements(holder);
  const { data: microgrids } = useMicrogrids();
  return (
    <Card
      title={<Trans>Certificates</Trans>}
      actions={
        <Link to="/delivery" className={buttonClass("secondary", "small")}>
          <Trans>Show that you used it</Trans>
        </Link>
      }
    >
      {error ? (
        <ErrorState
          title={<Trans>Your certificates could not be read</Trans>}
          error={error}
          onRetry={refetch}
        />
      ) : data === undefined ? (
        <SkeletonLines lines={2} />
      ) : data.length === 0 ? (
        <p className="text-sm text-muted">
          <Trans>
            None yet. Retire energy that you have used, and show anyone by a link where it came
            from.
          </Trans>
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {data.map(({ id, energyWh, source, firstSlot, lastSlot, microgrid, purpose }) => (
            <li key={id}>
              <Link
                to="/certificate/$id"
                params={{ id }}
                className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg px-1 py-2.5 hover:bg-sunken"
              >
                <Award aria-hidden="true" className="size-5 text-leaf" />
                <span className="font-semibold">
                  <Energy wh={energyWh} /> {sourceNames[source]}
                </span>
                <span className="text-sm text-muted">
                  <SlotTime
                    slot={firstSlot}
                    lastSlot={lastSlot}
                    slotSeconds={
                      microgrids?.find((one) => one.microgrid === microgrid)?.slotSeconds ?? 900
                    }
                  />
                </span>
                <span className="min-w-0 truncate text-sm">{purpose}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
