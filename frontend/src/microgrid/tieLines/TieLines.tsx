import { Trans } from "@lingui/react/macro";
import { crossingOf, type Microgrid, modeIn, slotAt } from "@wattline/sdk";
import { Cable } from "lucide-react";
import { useChainTime, useMicrogrids } from "../../chain/index.ts";
import {
  Badge,
  Card,
  EmptyState,
  Energy,
  ErrorState,
  formatMoment,
  Power,
  Price,
  SkeletonLines,
} from "../../ui/index.ts";
import { formatLoss } from "./format.ts";
import { type LineWithFlow, useFlows } from "./useFlows.ts";

/** The tie lines of this microgrid: as a list. */
export function TieLines({ microgrid }: { readonly microgrid: Microgrid }) {
  const { data: microgrids = [] } = useMicrogrids();
  const { data, error, isPending, refetch } = useFlows();
  const mine = data?.filter(({ lower, higher }) => [lower, higher].includes(microgrid.microgrid));
  return (
    <Card title={<Trans>Tie lines</Trans>}>
      {isPending ? (
        <SkeletonLines />
      ) : error ? (
        <ErrorState
          title={<Trans>The tie lines could not be read</Trans>}
          error={error}
          onRetry={refetch}
        />
      ) : mine === undefined || mine.length === 0 ? (
        <EmptyState icon={<Cable />} title={<Trans>No tie line yet</Trans>}>
          <Trans>
            A tie line lets neighbours here trade with those of another microgrid. Both operators
            agree on what it loses, costs and carries.
          </Trans>
        </EmptyState>
      ) : (
        <ul className="mt-3 flex flex-col gap-3">
          {mine.map((line) => (
            <LineInWords
              key={`${line.lower} ${line.higher}`}
              line={line}
              microgrid={microgrid}
              microgrids={microgrids}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

function LineInWords({
  line,
  microgrid,
  microgrids,
}: {
  readonly line: LineWithFlow;
  readonly microgrid: Microgrid;
  readonly microgrids: readonly Microgrid[];
}) {
  const { lower, higher, next, nextFromSeconds, up, down } = line;
  const isLower = microgrid.microgrid === lower;
  const otherNumber = isLower ? higher : lower;
  const other = microgrids.find((each) => each.microgrid === otherNumber);
  const time = useChainTime();
  const outwards = crossingOf(line, microgrid.microgrid, time ?? 0);
  const inwards = crossingOf(line, otherNumber, time ?? 0);
  const { lossBps, capacityWh } = outwards;
  const [out, into] = isLower ? [up, down] : [down, up];
  const slot = slotAt(time ?? 0, microgrid.slotSeconds);
  const isOpen =
    capacityWh > 0n &&
    modeIn(microgrid, slot) === "Connected" &&
    other !== undefined &&
    modeIn(other, slot) === "Connected";
  return (
    <li className="rounded-xl bg-sunken p-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-semibold">
          <Trans>To {other?.name}</Trans>
        </h3>
        <Badge tone={isOpen ? "leaf" : "sun"}>
          {isOpen ? <Trans>Open</Trans> : <Trans>Carries nothing now</Trans>}
        </Badge>
      </div>
      <dl className="mt-2 grid grid-cols-2 gap-x-4 gap-y-2 text-sm sm:grid-cols-3">
        <Fact label={<Trans>Lost on the way</Trans>}>{formatLoss(lossBps)}</Fact>
        <Fact label={<Trans>Carries per slot, each way</Trans>}>
          <Energy wh={capacityWh} />
        </Fact>
        <Fact label={<Trans>Wheeling charge out / in</Trans>}>
          <Price perKwh={outwards.wheelingPerKwh} /> / <Price perKwh={inwards.wheelingPerKwh} />
        </Fact>
        <Fact label={<Trans>Sent out now</Trans>}>
          <Power wh={out.nowWh} slotSeconds={microgrid.slotSeconds} />
        </Fact>
        <Fact label={<Trans>Coming in now</Trans>}>
          <Power wh={into.nowWh} slotSeconds={microgrid.slotSeconds} />
        </Fact>
        <Fact label={<Trans>Last 24 hours out / in</Trans>}>
          <Energy wh={out.todayWh} /> / <Energy wh={into.todayWh} />
        </Fact>
      </dl>
      {next && time !== undefined && nextFromSeconds !== undefined && nextFromSeconds > time && (
        <p className="mt-2 text-sm">
          {next.capacityWh === 0n ? (
            <Trans>It ends on {formatMoment(nextFromSeconds)}.</Trans>
          ) : (
            <Trans>
              From {formatMoment(nextFromSeconds)} on: loses {formatLoss(next.lossBps)}, carries{" "}
              <Energy wh={next.capacityWh} />.
            </Trans>
          )}
        </p>
      )}
    </li>
  );
}

const Fact = ({
  label,
  children,
}: {
  readonly label: React.ReactNode;
  readonly children: React.ReactNode;
}) => (
  <div>
    <dt className="text-muted">{label}</dt>
    <dd className="font-medium tabular-nums">{children}</dd>
  </div>
);
