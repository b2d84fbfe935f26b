import type { PlannedTake, Purchase } from "@wattline/sdk";
import { Person } from "../people/index.ts";
import { Energy, Money, Price, SlotTime, useWholeCents } from "../ui/index.ts";
import { Distance } from "./Distance.tsx";
import { RecordBadge } from "./RecordBadge.tsx";
import type { Records } from "./records.ts";
import type { Market } from "./useMarket.ts";

/** The sellers of a planned purchase, cheapest first. */
export default function PlanDetails({
  plan,
  market,
  records,
}: {
  readonly plan: Purchase;
  readonly market: Market;
  readonly records: Records;
}) {
  const costs = useWholeCents()(plan.takes.map(({ costMillis }) => costMillis));
  return (
    <ul className="mt-2 flex max-h-72 flex-col gap-2 overflow-y-auto">
      {plan.takes.map((take, index) => (
        <Take
          key={`${take.ask.signature} ${take.ask.source} ${[...take.sentWh.keys()].join()}`}
          take={take}
          costMillis={costs[index] ?? 0n}
          market={market}
          records={records}
        />
      ))}
    </ul>
  );
}

function Take({
  take: { ask, arrivedWh },
  costMillis,
  market,
  records,
}: {
  readonly take: PlannedTake;
  /** In whole cents, which add up to those of the purchase. */
  readonly costMillis: bigint;
  readonly market: Market;
  readonly records: Records;
}) {
  const slots = [...arrivedWh.keys()];
  const wh = [...arrivedWh.values()].reduce((sum, each) => sum + each, 0n);
  return (
    <li className="rounded-lg border border-line px-3 py-2">
      <div className="flex flex-wrap justify-between gap-x-3">
        <Person address={ask.order.maker} />
        <span className="font-semibold">
          <Energy wh={wh} /> · <Money millis={costMillis} />
        </span>
      </div>
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 text-muted">
        <SlotTime
          slot={Math.min(...slots)}
          lastSlot={Math.max(...slots)}
          slotSeconds={market.day.slotSeconds}
          day={false}
        />
        <Price perKwh={ask.order.price} />
        <Distance from={ask.order.microgrid} market={market} />
        <RecordBadge ask={ask} records={records} />
      </div>
    </li>
  );
}
