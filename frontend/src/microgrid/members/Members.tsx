import { Trans, useLingui } from "@lingui/react/macro";
import type { Microgrid } from "@wattline/sdk";
import { HeartPulse, House, Sun, Users } from "lucide-react";
import { isAddressEqual } from "viem";
import { useConnection } from "wagmi";
import { type Member, useMembers } from "../../data/index.ts";
import { Person } from "../../people/index.ts";
import {
  AddressText,
  Badge,
  Card,
  EmptyState,
  Energy,
  ErrorState,
  formatCount,
  SkeletonLines,
  useSourceNames,
} from "../../ui/index.ts";
import { MyName } from "../names/MyName.tsx";
import { householdsOf } from "./households.ts";
import { RetireButton } from "./RetireButton.tsx";

/** The households of the community with their meters. */
export function Members({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const { address } = useConnection();
  const { data, error, isPending, refetch } = useMembers(microgrid.microgrid);
  const households = data && householdsOf(data);
  const isMine = (account: Member["owner"]) =>
    address !== undefined && isAddressEqual(account, address);
  const mayRetire = isMine(microgrid.operator);
  return (
    <Card id="members" title={<Trans>Members</Trans>}>
      {isPending ? (
        <SkeletonLines lines={5} />
      ) : error ? (
        <ErrorState
          title={<Trans>The members could not be read</Trans>}
          error={error}
          onRetry={refetch}
        />
      ) : households === undefined || households.length === 0 ? (
        <EmptyState icon={<Users />} title={<Trans>Nobody is in this community yet</Trans>}>
          <Trans>The operator registers the meters of its households.</Trans>
        </EmptyState>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reached by keyboard.
        <section aria-label={t`Members`} tabIndex={0} className="max-h-[32rem] overflow-y-auto">
          <ul className="grid gap-3 sm:grid-cols-2">
            {households.map(({ owner, meters }) => (
              <li key={owner} className="rounded-xl border border-line p-3">
                <p className="flex flex-wrap items-center justify-between gap-2">
                  <Person address={owner} className="font-medium" />
                  {isMine(owner) && <MyName microgrid={microgrid} account={owner} />}
                </p>
                <ul className="mt-2 flex flex-col gap-2">
                  {meters.map((each) => (
                    <MeterLine key={each.meter} member={each} mayRetire={mayRetire} />
                  ))}
                </ul>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Card>
  );
}

function MeterLine({
  member: { meter, source, capacityW, critical, active, reportedWh },
  mayRetire,
}: {
  readonly member: Member;
  readonly mayRetire: boolean;
}) {
  const Icon = capacityW > 0 ? Sun : House;
  const name = useSourceNames()[source];
  const kilowatts = formatCount(capacityW / 1_000);
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
      <span className="flex items-center gap-1.5 font-medium">
        <Icon aria-hidden="true" className="size-4 text-muted" />
        {capacityW > 0 ? (
          <Trans>
            {name}, {kilowatts} kW
          </Trans>
        ) : (
          <Trans>Consumer</Trans>
        )}
      </span>
      {critical && (
        <Badge>
          <HeartPulse aria-hidden="true" className="size-3.5" />
          <Trans>Critical load</Trans>
        </Badge>
      )}
      {!active && (
        <Badge>
          <Trans>Retired</Trans>
        </Badge>
      )}
      {reportedWh > 0n && (
        <span className="text-muted">
          <Trans>
            <Energy wh={reportedWh} /> reported
          </Trans>
        </span>
      )}
      <span className="ml-auto flex items-center gap-1 text-muted">
        <Trans>Meter</Trans> <AddressText address={meter} />
        {mayRetire && active && <RetireButton meter={meter} />}
      </span>
    </li>
  );
}
