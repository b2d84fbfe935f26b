import type { Address, Hex } from "viem";
import { sourceAt } from "../energyId.ts";
import { tariffInForce } from "../gains.ts";
import type { Act } from "../history/acts.ts";
import { type TariffHistory, tariffHistories } from "../history/earnings.ts";
import type { Contracts, EventNamed } from "../history/events.ts";
import { lockedFor, type PositionOfBlock, Positions } from "../history/positions.ts";
import { type ToldTrade, tradesOf } from "../history/trades.ts";
import { unpackProfile } from "../profile.ts";
import { slotAt, slotEnd } from "../slots.ts";
import type {
  AccountMovement,
  Delivery,
  MeterTenure,
  MovementKind,
  Retirement,
  StatementHistory,
  StatementMicrogrid,
} from "./history.ts";

/** An act with its place in the chain. */
export interface PlacedAct {
  readonly act: Act;
  /** Unix seconds. */
  readonly time: number;
  readonly transaction: Hex;
}

/**
 * What statements need of a history.
 * @param acts All of them, from the contracts' first one on.
 * @throws Error when the acts do not begin there.
 */
export function statementHistoryOf(
  chainId: number,
  contracts: Contracts,
  acts: readonly PlacedAct[],
): StatementHistory {
  const trades = tradesOf(acts);
  const microgrids = microgridsOf(acts);
  return {
    chainId,
    contracts,
    microgrids,
    meters: tenuresOf(acts, microgrids),
    deliveries: trades.filter(({ kind }) => kind !== "reserve").map(deliveryOf),
    retirements: acts.flatMap(retirementsIn),
    movements: movementsOf(acts, trades, microgrids),
  };
}

/** Base units in thousandths, as long as the history counts whole ones. */
export const millisOf = (baseUnits: bigint): bigint => baseUnits * 1000n;

type PlacedTrade = ToldTrade & { readonly told: PlacedAct };

const deliveryOf = (trade: PlacedTrade): Delivery => ({
  transaction: trade.told.transaction,
  logIndex: trade.logIndex,
  seller: trade.seller,
  buyer: trade.buyer,
  source: trade.source,
  from: trade.from,
  to: trade.to,
  sentWh: trade.sentWh,
  arrivedWh: trade.arrivedWh,
  prices: trade.prices,
  costMillis: millisOf(trade.cost),
  chargeMillis: millisOf(trade.charge),
  isWithGrid: trade.withGrid,
});

function retirementsIn({ act, transaction }: PlacedAct): Retirement[] {
  if (act.kind !== "retire") return [];
  const { args, logIndex } = act.retired;
  const { holder, beneficiary, microgrid, source, firstBlock, energy, purpose } = args;
  return [
    {
      transaction,
      logIndex,
      holder,
      beneficiary,
      microgrid,
      source: sourceAt(source),
      energyWh: unpackProfile({ firstBlock, words: energy }),
      purpose,
    },
  ];
}

/** Everything that emits one event, by the event's name. */
const plainsOf = (
  acts: readonly PlacedAct[],
): { readonly event: Extract<Act, { kind: "plain" }>["event"]; readonly placed: PlacedAct }[] =>
  acts.flatMap((placed) =>
    placed.act.kind === "plain" ? [{ event: placed.act.event, placed }] : [],
  );

function microgridsOf(acts: readonly PlacedAct[]): Map<number, StatementMicrogrid> {
  const tariffs = tariffHistories(acts);
  return new Map(
    plainsOf(acts).flatMap(({ event }) => {
      if (event.eventName !== "Founded") return [];
      const { microgrid, charter } = event.args;
      const { name, currency, slotSeconds } = charter;
      const history = tariffs.get(microgrid);
      const gridPricesAt = (slot: number) => pricesIn(history, slot);
      return [[microgrid, { name, currency, slotSeconds, gridPricesAt }] as const];
    }),
  );
}

function pricesIn(history: TariffHistory | undefined, slot: number) {
  const { steps, slotSeconds } = history ?? { steps: [], slotSeconds: 0 };
  const step = tariffInForce(steps, slotEnd(slot, slotSeconds));
  return { feedIn: step?.feedIn ?? 0n, retail: step?.retail ?? 0n };
}

/** A slot during which a meter changes hands, or is retired, is still its first owner's. */
function tenuresOf(
  acts: readonly PlacedAct[],
  microgrids: ReadonlyMap<number, StatementMicrogrid>,
): MeterTenure[] {
  const tenures = new Map<Address, MeterTenure[]>();
  for (const { event, placed } of plainsOf(acts)) {
    switch (event.eventName) {
      case "MeterRegistered": {
        const { meter, owner, microgrid } = event.args;
        const firstSlot = slotAt(placed.time, microgrids.get(microgrid)?.slotSeconds ?? 1);
        begin({ meter, owner, microgrid, firstSlot });
        break;
      }
      case "MeterHandedOver": {
        const ended = end(event.args.meter, placed.time);
        if (ended !== undefined) begin({ ...ended, owner: event.args.to });
        break;
      }
      case "MeterRetired":
        end(event.args.meter, placed.time);
    }
  }
  return [...tenures.values()].flat();

  function begin(tenure: MeterTenure): void {
    tenures.set(tenure.meter, [...(tenures.get(tenure.meter) ?? []), tenure]);
  }

  /** Ends a meter's last tenure; what follows begins where it ended. */
  function end(meter: Address, time: number): MeterTenure | undefined {
    const known = tenures.get(meter) ?? [];
    const last = known.at(-1);
    if (last === undefined) return undefined;
    const endSlot = slotAt(time, microgrids.get(last.microgrid)?.slotSeconds ?? 1) + 1;
    tenures.set(meter, [...known.slice(0, -1), { ...last, endSlot }]);
    return { ...last, firstSlot: endSlot };
  }
}

/** Every change of every account. */
function movementsOf(
  acts: readonly PlacedAct[],
  trades: readonly PlacedTrade[],
  microgrids: ReadonlyMap<number, StatementMicrogrid>,
): AccountMovement[] {
  const movements: AccountMovement[] = [];
  const positions = new Positions();
  const dsos = new Map<number, Address>();
  const tradesByAct = Map.groupBy(trades, ({ told }) => told);
  for (const placed of acts) {
    const { act } = placed;
    if (act.kind === "plain") recordPlain(act.event, placed);
    if (act.kind === "reserve") positions.reserve(act.reserved.args);
    const before = act.kind === "release" ? positions.release(act.released.args) : undefined;
    for (const trade of tradesByAct.get(placed) ?? []) recordTrade(trade, before);
  }
  return movements.filter(({ amountMillis }) => amountMillis !== 0n);

  function record(
    { time, transaction }: PlacedAct,
    kind: MovementKind,
    currency: Address,
    holder: Address,
    amount: bigint,
  ): void {
    movements.push({
      kind,
      currency,
      holder,
      amountMillis: millisOf(amount),
      time,
      transaction,
    });
  }

  function recordPlain(event: Extract<Act, { kind: "plain" }>["event"], placed: PlacedAct): void {
    switch (event.eventName) {
      case "Founded":
        positions.found(event.args);
        dsos.set(event.args.microgrid, event.args.dso);
        break;
      case "DsoSet":
        dsos.set(event.args.microgrid, event.args.dso);
        break;
      case "Deposited":
        recordTransfer(placed, "deposit", event.args, event.args.amount);
        break;
      case "Withdrawn":
        recordTransfer(placed, "withdrawal", event.args, -event.args.amount);
    }
  }

  function recordTransfer(
    placed: PlacedAct,
    kind: MovementKind,
    { currency, holder }: Pick<EventNamed<"Deposited">["args"], "currency" | "holder">,
    amount: bigint,
  ): void {
    record(placed, kind, currency, holder, amount);
  }

  function recordTrade(trade: PlacedTrade, before: PositionOfBlock | undefined): void {
    const { told, seller, buyer, from, to, cost, charge } = trade;
    const currency = microgrids.get(from)?.currency;
    if (currency === undefined) throw new Error(`Microgrid ${from} was never founded.`);
    if (trade.kind === "reserve") {
      record(told, "locked", currency, buyer, -cost);
      record(told, "locked", currency, seller, -trade.bond);
      return;
    }
    record(told, "sale", currency, seller, cost - charge);
    if (before === undefined) record(told, "purchase", currency, buyer, -cost);
    else {
      const { forfeited = 0n } = trade;
      const { bonded, locked } = lockedFor(before, before.reserved);
      record(told, "returned", currency, buyer, locked);
      record(told, "purchase", currency, buyer, -cost);
      record(told, "bond", currency, buyer, forfeited);
      record(told, "returned", currency, seller, bonded);
      record(told, "bond", currency, seller, -forfeited);
    }
    const [sending, receiving] = [dsos.get(from), dsos.get(to)];
    if (sending === undefined || receiving === undefined) return;
    // Across a tie line each DSO gets half, the receiving one the odd unit.
    const half = from === to ? 0n : charge / 2n;
    record(told, "charge", currency, sending, half);
    record(told, "charge", currency, receiving, charge - half);
  }
}
