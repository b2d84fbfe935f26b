import { Plural, Trans, useLingui } from "@lingui/react/macro";
import {
  isClosedIn,
  type Purchase,
  type SlotRange,
  slotEnd,
  slotStart,
  slotsIn,
} from "@wattline/sdk";
import { memo, Suspense, startTransition, useEffect, useState } from "react";
import { useConnection } from "wagmi";
import { type OwnUseHere, useOwnUse } from "../data/index.ts";
import {
  Button,
  Card,
  cx,
  Energy,
  Field,
  formatClock,
  formatEnergy,
  lazily,
  Money,
  Notice,
  Price,
  Select,
  useWholeCents,
} from "../ui/index.ts";
import { BuyButton } from "./BuyButton.tsx";
import { EnergyField, type TypedEnergy, useTypedEnergy } from "./EnergyField.tsx";
import { PlanCurve } from "./PlanCurve.tsx";
import type { Records } from "./records.ts";
import type { MarketSearch } from "./search.ts";
import { sellersOf } from "./sellers.ts";
import type { Bought } from "./useBuy.ts";
import type { Market } from "./useMarket.ts";
import { type PurchaseView, usePurchase } from "./usePurchase.ts";
import { partsOf } from "./window.ts";

const BoughtCard = lazily(() =>
  import("./BoughtCard.tsx").then(({ BoughtCard: card }) => ({ default: card })),
);

const PlanDetails = lazily(() => import("./PlanDetails.tsx"));
const OwnUse = lazily(() => import("./OwnUse.tsx"));

/** The purchase: delivery slots, energy, cost, savings, and one button. */
export function BuyCard({
  market,
  search,
  records,
  change,
}: {
  readonly market: Market;
  readonly search: MarketSearch;
  readonly records: Records;
  change(part: Partial<MarketSearch>): void;
}) {
  const ownUse = useOwnUse();
  const view = usePurchase(market, search, ownUse.own);
  const wish = useTypedEnergy(view.energyWh, (wh) => change({ wh }));
  const { address } = useConnection();
  const [result, setResult] = useState<{ readonly bought: Bought; readonly by: typeof address }>();
  const setBought = (bought: Bought | undefined) => setResult(bought && { bought, by: address });
  // What another account has bought is not shown to this one.
  const bought = result?.by === address ? result?.bought : undefined;
  return (
    <Card title={<Trans>Buy</Trans>} className="border-leaf">
      {bought ? (
        <Suspense>
          <BoughtCard bought={bought} onAgain={() => setBought(undefined)} />
        </Suspense>
      ) : isClosedIn(market.microgrid, view.window.firstSlot) ? (
        <p>
          <Trans>
            {market.microgrid.name} is closed for these slots: nothing of them can be bought or
            sold. Your money stays yours, and forwards are still settled.
          </Trans>
        </p>
      ) : (
        <div className="flex flex-col gap-4">
          <PurchaseForm market={market} view={view} ownUse={ownUse} wish={wish} change={change} />
          {wish.fault === undefined && (
            <>
              <Summary view={view} change={change} />
              {view.plan && (
                <PlanCurve
                  energyWh={view.plan.arrivedWh}
                  window={view.window}
                  slotSeconds={market.day.slotSeconds}
                />
              )}
              <BuyButton market={market} view={view} onBought={setBought} />
              {view.plan && <Sellers plan={view.plan} market={market} records={records} />}
            </>
          )}
        </div>
      )}
    </Card>
  );
}

/** From how many a purchase comes, and from whom when that is asked. */
function Sellers({
  plan,
  ...of
}: {
  readonly plan: Purchase;
  readonly market: Market;
  readonly records: Records;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="text-sm" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="rounded-md py-1 font-semibold">
        <Plural value={sellersOf(plan)} one="From one neighbour" other="From # neighbours" />
      </summary>
      {isOpen && (
        <Suspense>
          <PlanDetails plan={plan} {...of} />
        </Suspense>
      )}
    </details>
  );
}

function PurchaseForm({
  market,
  view: { part, window, way },
  ownUse,
  wish,
  change,
}: {
  readonly market: Market;
  readonly view: PurchaseView;
  readonly ownUse: OwnUseHere;
  readonly wish: TypedEnergy;
  change(part: Partial<MarketSearch>): void;
}) {
  const { t, i18n } = useLingui();
  const { slots, slotSeconds } = market.day;
  const { kind, firstSlot, lastSlot } = part;
  const times = { firstSlot, lastSlot, slotSeconds, endsDay: lastSlot === slots.lastSlot };
  const names = { coming: t`Still to come`, past: t`Cover what you already used` };
  const own = { way: "own", name: t`As I use it` } as const;
  const standard = { way: "standard", name: t`As a household uses it` } as const;
  const ways = [
    // What is known comes first.
    ...(ownUse.own === undefined ? [standard, own] : [own, standard]),
    ...(kind === "coming" ? [{ way: "soonest", name: t`As soon as possible` } as const] : []),
    { way: "cheapest", name: t`Cheapest first` } as const,
  ];
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap gap-2">
        {partsOf(market).map((each) => (
          <button
            key={each.kind}
            type="button"
            aria-pressed={each.kind === kind}
            onClick={() => change({ first: each.firstSlot, last: each.lastSlot })}
            className={cx(
              "min-h-8 rounded-full border px-3 text-sm font-semibold",
              each.kind === kind
                ? "border-leaf bg-leaf-soft text-leaf"
                : "border-control hover:bg-sunken",
            )}
          >
            {names[each.kind]}
          </button>
        ))}
      </div>
      <div className="grid grid-cols-2 gap-3">
        <Field label={<Trans>From</Trans>}>
          {(control) => (
            <Select
              {...control}
              className="w-full"
              value={window.firstSlot}
              onChange={({ target }) => {
                const first = Number(target.value);
                change({ first, last: Math.max(first, window.lastSlot) });
              }}
            >
              <SlotOptions key={i18n.locale} {...times} edge="start" chosen={window.firstSlot} />
            </Select>
          )}
        </Field>
        <Field label={<Trans>To</Trans>}>
          {(control) => (
            <Select
              {...control}
              className="w-full"
              value={window.lastSlot}
              onChange={({ target }) =>
                change({ first: window.firstSlot, last: Number(target.value) })
              }
            >
              <SlotOptions
                {...times}
                edge="end"
                firstSlot={window.firstSlot}
                chosen={window.lastSlot}
              />
            </Select>
          )}
        </Field>
      </div>
      <EnergyField typed={wish} />
      <Field label={<Trans>Which delivery slots</Trans>}>
        {(control) => (
          <Select
            {...control}
            className="w-full"
            value={way}
            onChange={({ target }) =>
              change({ how: ways.find((each) => each.way === target.value)?.way })
            }
          >
            {ways.map((each) => (
              <option key={each.way} value={each.way}>
                {each.name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {way === "own" && (
        <Suspense>
          <OwnUse {...ownUse} />
        </Suspense>
      )}
    </div>
  );
}

/** The slots of a day as options, by start or end time: at first only the chosen one; the others follow after the first paint. */
const SlotOptions = memo(function SlotOptions({
  firstSlot,
  lastSlot,
  slotSeconds,
  endsDay,
  edge,
  chosen,
}: SlotRange & {
  readonly slotSeconds: number;
  /** Whether the last slot is the day's. */
  readonly endsDay: boolean;
  readonly edge: "start" | "end";
  readonly chosen: number;
}) {
  const [all, setAll] = useState(false);
  useEffect(() => startTransition(() => setAll(true)), []);
  return (all ? slotsIn({ firstSlot, lastSlot }) : [chosen]).map((slot) => (
    <option key={slot} value={slot}>
      {edge === "start"
        ? formatClock(slotStart(slot, slotSeconds))
        : // The day ends with its last slot, not where the next one begins.
          endsDay && slot === lastSlot
          ? "24:00"
          : formatClock(slotEnd(slot, slotSeconds))}
    </option>
  ));
});

function Summary({
  view: { plan, energyWh, mostWh, isDearer, retailMillis, isIslanded, meter },
  change,
}: {
  readonly view: PurchaseView;
  change(part: Partial<MarketSearch>): void;
}) {
  const { t } = useLingui();
  const inCents = useWholeCents();
  if (plan === undefined) {
    return (
      <Notice tone="warning">
        {isIslanded && meter === undefined ? (
          <Trans>Of islanded slots only a home with a meter in the microgrid can buy.</Trans>
        ) : isDearer ? (
          <Trans>
            In this window energy is offered only above the retail tariff: the grid is cheaper.
          </Trans>
        ) : (
          <Trans>Nothing can be bought in this window. Choose another one, or bid for it.</Trans>
        )}
      </Notice>
    );
  }
  // Thousandths of a base unit per Wh are base units per kWh.
  const average = plan.costMillis / plan.totalWh;
  const [cost] = inCents([plan.costMillis]);
  const [retail] = inCents([retailMillis]);
  return (
    <div className="flex flex-col gap-2" aria-live="polite">
      <dl className="grid grid-cols-[1fr_auto] items-baseline gap-x-4 gap-y-1 tabular-nums">
        <dt className="font-semibold">
          <Trans>You pay</Trans>
        </dt>
        <dd className="text-right text-2xl font-bold">
          <Money millis={cost} />
        </dd>
        <dt className="text-sm text-muted">
          <Trans>on average, charges included</Trans>
        </dt>
        <dd className="text-right text-sm text-muted">
          <Price perKwh={average} />
        </dd>
        {!isIslanded && (
          <>
            <dt>
              <Trans>The grid would charge</Trans>
            </dt>
            <dd className="text-right">
              <Money millis={retail} />
            </dd>
            <dt className="font-semibold text-leaf">
              <Trans>You save</Trans>
            </dt>
            <dd className="text-right font-semibold text-leaf">
              <Money millis={retail - cost} />
            </dd>
          </>
        )}
      </dl>
      {plan.missingWh > 0n && (
        <Notice
          tone="warning"
          action={
            <Button size="small" onClick={() => change({ wh: Number(mostWh) })}>
              {t`Buy ${formatEnergy(mostWh)}`}
            </Button>
          }
        >
          <Trans>
            Only <Energy wh={plan.totalWh} /> of <Energy wh={energyWh} /> can be bought in this
            window at no more than the grid charges.
          </Trans>
        </Notice>
      )}
    </div>
  );
}
