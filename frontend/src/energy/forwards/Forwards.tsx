import { Trans, useLingui } from "@lingui/react/macro";
import { CalendarClock } from "lucide-react";
import type { Address } from "viem";
import { isAddressEqual } from "viem";
import { callOf, contractsOf, useMicrogrids, useNetwork } from "../../chain/index.ts";
import {
  AddressText,
  Badge,
  Button,
  Card,
  EmptyState,
  Energy,
  ErrorState,
  formatCount,
  formatEnergy,
  formatMoment,
  Money,
  Price,
  SkeletonLines,
  SlotTime,
} from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import type { Forward } from "../history/forward.ts";
import { slotsOf, useForwards } from "../history/positions.ts";
import { releaseOf, useDue } from "./release.ts";

/** The household's forwards: what is locked, and what was delivered. */
export default function Forwards({ holder }: { readonly holder: Address }) {
  const { t } = useLingui();
  const { data, error, refetch } = useForwards(holder);
  const open = data?.filter(({ state }) => state === "open") ?? [];
  const due = useDue(open);
  const { transact, busy } = useTransact();
  const { marketplace } = contractsOf(useNetwork());

  const release = (forwards: readonly Forward[]) => {
    const energy = formatEnergy(forwards.reduce((sum, { reservedWh }) => sum + reservedWh, 0n));
    return transact({
      title: t`Release forwards over ${energy}`,
      calls: [callOf(marketplace, "release", [forwards.map(releaseOf)])],
    });
  };

  if (error) {
    return (
      <ErrorState
        title={<Trans>Your forwards could not be read</Trans>}
        error={error}
        onRetry={refetch}
      />
    );
  }
  if (data === undefined) return <SkeletonLines lines={6} />;
  const ready = open.filter((one) => due.has(keyOf(one)));
  const count = formatCount(ready.length);
  return (
    <Card
      title={<Trans>Forwards</Trans>}
      actions={
        ready.length > 1 && (
          <Button look="primary" busy={busy} onClick={() => void release(ready)}>
            <Trans>Release all {count}</Trans>
          </Button>
        )
      }
    >
      {data.length === 0 ? (
        <EmptyState icon={<CalendarClock />} title={<Trans>No forwards</Trans>}>
          <Trans>
            When you buy or sell energy that is still to come, you see here what is locked for it
            until it has been delivered.
          </Trans>
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line">
          {data.map((forward) => (
            <ForwardItem
              key={keyOf(forward)}
              forward={forward}
              holder={holder}
              isDue={due.has(keyOf(forward))}
              busy={busy}
              onRelease={() => void release([forward])}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

const keyOf = ({ positionId, block }: Forward): string => `${positionId} ${block}`;

function ForwardItem({
  forward,
  holder,
  isDue,
  busy,
  onRelease,
}: {
  readonly forward: Forward;
  readonly holder: Address;
  readonly isDue: boolean;
  readonly busy: boolean;
  onRelease(): void;
}) {
  const { data: microgrids } = useMicrogrids();
  const { seller, buyer, state, fromMicrogrid, price, charge } = forward;
  const sells = isAddressEqual(seller, holder);
  const { firstSlot, lastSlot } = slotsOf(forward);
  const slotSeconds =
    microgrids?.find(({ microgrid }) => microgrid === fromMicrogrid)?.slotSeconds ?? 900;
  return (
    <li className="grid gap-x-6 gap-y-2 py-4 first:pt-0 last:pb-0 md:grid-cols-[1.4fr_1fr_auto] md:items-center">
      <div>
        <p className="flex flex-wrap items-center gap-2">
          <Badge tone={sells ? "sun" : "sky"}>
            {sells ? <Trans>You sell</Trans> : <Trans>You buy</Trans>}
          </Badge>
          <Energy
            wh={state === "open" ? forward.reservedWh : forward.promisedWh}
            className="font-bold"
          />
          <span className="text-sm">
            <Trans>
              for <Price perKwh={sells ? price : price + charge} />
            </Trans>
          </span>
        </p>
        <p className="mt-1 text-sm">
          <SlotTime slot={firstSlot} lastSlot={lastSlot} slotSeconds={slotSeconds} />
        </p>
        <p className="text-sm text-muted">
          {sells ? <Trans>to</Trans> : <Trans>from</Trans>}{" "}
          <AddressText address={sells ? buyer : seller} />
        </p>
      </div>
      {state === "open" ? (
        <Locked forward={forward} />
      ) : (
        <Outcome forward={forward} sells={sells} />
      )}
      <div className="flex flex-col items-start gap-2 md:items-end">
        {state === "released" ? (
          <Badge tone={forward.deliveredWh < forward.promisedWh ? "danger" : "leaf"}>
            {forward.deliveredWh < forward.promisedWh ? (
              <Trans>Delivered short</Trans>
            ) : (
              <Trans>Delivered</Trans>
            )}
          </Badge>
        ) : isDue ? (
          <Button look="primary" size="small" busy={busy} onClick={onRelease}>
            <Trans>Release</Trans>
          </Button>
        ) : (
          <span className="text-sm text-muted">
            <Trans>Waits for its reading, until {formatMoment(forward.deadline)} at most</Trans>
          </span>
        )}
      </div>
    </li>
  );
}

const Locked = ({ forward: { locked, bonded } }: { readonly forward: Forward }) => (
  <dl className="grid grid-cols-[auto_1fr] gap-x-3 text-sm">
    <dt className="text-muted">
      <Trans>Locked by the buyer</Trans>
    </dt>
    <dd className="text-right md:text-left">
      <Money baseUnits={locked} />
    </dd>
    <dt className="text-muted">
      <Trans>Bond of the seller</Trans>
    </dt>
    <dd className="text-right md:text-left">
      <Money baseUnits={bonded} />
    </dd>
  </dl>
);

function Outcome({ forward, sells }: { readonly forward: Forward; readonly sells: boolean }) {
  const { deliveredWh, promisedWh, paid, refund, forfeited, charged } = forward;
  return (
    <div className="text-sm">
      <p>
        <Trans>
          <Energy wh={deliveredWh} /> of <Energy wh={promisedWh} /> delivered
        </Trans>
      </p>
      <p className="text-muted">
        {sells ? (
          <Trans>
            You received <Money baseUnits={paid} />
          </Trans>
        ) : (
          <Trans>
            You paid <Money baseUnits={paid + charged} />
          </Trans>
        )}
        {!sells && refund > 0n && (
          <>
            {", "}
            <Trans>
              got <Money baseUnits={refund} /> back
            </Trans>
          </>
        )}
        {forfeited > 0n && (
          <>
            {", "}
            {sells ? (
              <Trans>
                lost a bond of <Money baseUnits={forfeited} />
              </Trans>
            ) : (
              <Trans>
                and a bond of <Money baseUnits={forfeited} />
              </Trans>
            )}
          </>
        )}
      </p>
    </div>
  );
}
