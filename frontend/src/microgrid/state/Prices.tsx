import { Trans } from "@lingui/react/macro";
import {
  communityPriceIn,
  isIslandedIn,
  type Level,
  levelFor,
  type Microgrid,
  type Schedule,
  slotStart,
  unpackHours,
} from "@wattline/sdk";
import { useCurrentSlot } from "../../chain/index.ts";
import { Card, formatList, formatMoment, Price, SkeletonLines, Stat } from "../../ui/index.ts";

/** The prices of the current slot, by hour of day, and those that are announced. */
export function Prices({ microgrid }: { readonly microgrid: Microgrid }) {
  const slot = useCurrentSlot(microgrid);
  if (slot === undefined) return <SkeletonLines />;
  const { capPerKwh, feePerKwh, feedInPerKwh, retailPerKwh } = levelFor(microgrid, slot);
  const current = microgrid.schedules.find(({ endSlot }) => slot < endSlot);
  const announced = microgrid.schedules.filter(({ firstSlot }) => slot < firstSlot);
  return (
    <>
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
        <Stat
          tone="leaf"
          label={<Trans>Community price now</Trans>}
          value={<Price perKwh={communityPriceIn(microgrid, slot)} />}
          detail={
            isIslandedIn(microgrid, slot) ? (
              <Trans>at most the cap while islanded</Trans>
            ) : (
              <Trans>what neighbours with a limit pay each other</Trans>
            )
          }
        />
        {isIslandedIn(microgrid, slot) ? (
          <Stat
            tone="sun"
            label={<Trans>Price cap while islanded</Trans>}
            value={<Price perKwh={capPerKwh} />}
            detail={<Trans>there is no grid to buy from or to sell to</Trans>}
          />
        ) : (
          <>
            <Stat
              tone="sun"
              label={<Trans>The grid pays (feed-in tariff)</Trans>}
              value={<Price perKwh={feedInPerKwh} />}
            />
            <Stat
              tone="sky"
              label={<Trans>The grid charges (retail tariff)</Trans>}
              value={<Price perKwh={retailPerKwh} />}
            />
          </>
        )}
        <Stat label={<Trans>Network fee of a trade</Trans>} value={<Price perKwh={feePerKwh} />} />
      </div>
      {current !== undefined && current.levels.length > 1 && (
        <Card title={<Trans>Prices by hour</Trans>}>
          <Levels schedule={current} />
        </Card>
      )}
      {announced.map((schedule) => (
        <Card
          key={schedule.firstSlot}
          title={
            <Trans>
              Announced from {formatMoment(slotStart(schedule.firstSlot, microgrid.slotSeconds))} on
            </Trans>
          }
        >
          <Levels schedule={schedule} />
        </Card>
      ))}
    </>
  );
}

/** The levels of a schedule, each with its hours of the community's day. */
function Levels({ schedule: { levels, levelOfHour } }: { readonly schedule: Schedule }) {
  const hours = unpackHours(levelOfHour);
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-sm">
        <thead>
          <tr className="text-left text-muted">
            <th className="py-1 pr-4 font-medium">
              <Trans>Hours</Trans>
            </th>
            <th className="py-1 pr-4 font-medium">
              <Trans>Community price</Trans>
            </th>
            <th className="py-1 pr-4 font-medium">
              <Trans>Network fee</Trans>
            </th>
            <th className="py-1 pr-4 font-medium">
              <Trans>Feed-in / retail</Trans>
            </th>
            <th className="py-1 font-medium">
              <Trans>Cap while islanded</Trans>
            </th>
          </tr>
        </thead>
        <tbody>
          {levels.map((level, index) => (
            <LevelRow
              // biome-ignore lint/suspicious/noArrayIndexKey: levels are told by their place.
              key={index}
              level={level}
              hours={formatList(runsOf(hours, index))}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LevelRow({ level, hours }: { readonly level: Level; readonly hours: string }) {
  const { pricePerKwh, feePerKwh, feedInPerKwh, retailPerKwh, capPerKwh } = level;
  return (
    <tr className="border-t border-line tabular-nums">
      <td className="py-1.5 pr-4">{hours}</td>
      <td className="py-1.5 pr-4">
        <Price perKwh={pricePerKwh} />
      </td>
      <td className="py-1.5 pr-4">
        <Price perKwh={feePerKwh} />
      </td>
      <td className="py-1.5 pr-4">
        <Price perKwh={feedInPerKwh} /> / <Price perKwh={retailPerKwh} />
      </td>
      <td className="py-1.5">
        <Price perKwh={capPerKwh} />
      </td>
    </tr>
  );
}

/** The runs of hours that go by a level: "6–9", "17–22". */
function runsOf(hours: readonly number[], level: number): string[] {
  const runs: string[] = [];
  for (let hour = 0; hour < hours.length; hour++) {
    if (hours[hour] !== level) continue;
    const from = hour;
    while (hours[hour + 1] === level) hour++;
    runs.push(`${from}–${hour + 1}`);
  }
  return runs;
}
