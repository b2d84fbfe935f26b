import type { Address, Hex } from "viem";
import { sourceAt } from "../energyId.ts";
import { levelsOf } from "../gains.ts";
import type { Act } from "../history/acts.ts";
import type { Contracts, EventNamed } from "../history/events.ts";
import { type Microgrids, microgridsOf } from "../history/microgrids.ts";
import { type PositionBlock, Positions } from "../history/positions.ts";
import { type ToldTrade, tradesOf } from "../history/trades.ts";
import { millisOf } from "../money.ts";
import { unpackProfile } from "../profile.ts";
import { slotAt } from "../slots.ts";
import type {
  AccountMovement,
  Delivery,
  MeterTenure,
  MovementKind,
  Retirement,
  StatementHistory,
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
    microgrids: new Map(
      microgrids.all().map((each) => {
        const { microgrid, name, currency, slotSeconds } = each;
        return [microgrid, { name, currency, slotSeconds, levelAt: levelsOf(each) }];
      }),
    ),
    meters: tenuresOf(acts, microgrids),
    deliveries: trades.filter(({ kind }) => kind !== "reserve").map(deliveryOf),
    retirements: acts.flatMap(retirementsIn),
    movements: movementsOf(acts, trades, microgrids),
  };
}

type PlacedTrade = ToldTrade & { readonly told: PlacedAct };

const deliveryOf = ({ told, withGrid, ...trade }: PlacedTrade): Delivery => ({
  ...trade,
  transaction: told.transaction,
  isWithGrid: withGrid,
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

/**
 * A meter is its owner's from its first slot on. A slot during which it changes hands, or is retired, is still its first
 * owner's.
 */
function tenuresOf(acts: readonly PlacedAct[], microgrids: Microgrids): MeterTenure[] {
  const tenures = new Map<Address, MeterTenure[]>();
  for (const { event, placed } of plainsOf(acts)) {
    switch (event.eventName) {
      case "MeterRegistered": {
        const { meter, owner, microgrid, firstSlot } = event.args;
        end(meter, () => firstSlot);
        begin({ meter, owner, microgrid, firstSlot });
        break;
      }
      case "MeterHandedOver": {
        const { meter, to } = event.args;
        const ended = end(meter, ({ microgrid, firstSlot }) => {
          const { slotSeconds } = microgrids.known(microgrid);
          return Math.max(firstSlot, slotAt(placed.time, slotSeconds) + 1);
        });
        if (ended?.endSlot !== undefined) {
          begin({ ...ended, owner: to, firstSlot: ended.endSlot, endSlot: undefined });
        }
        break;
      }
      case "MeterRetired": {
        const { meter, retiredSlot } = event.args;
        end(meter, () => retiredSlot + 1);
      }
    }
  }
  return [...tenures.values()].flat().filter(({ firstSlot, endSlot }) => firstSlot !== endSlot);

  function begin(tenure: MeterTenure): void {
    tenures.set(tenure.meter, [...(tenures.get(tenure.meter) ?? []), tenure]);
  }

  /** Ends a meter's last tenure, if it lasts. */
  function end(
    meter: Address,
    endSlotOf: (tenure: MeterTenure) => number,
  ): MeterTenure | undefined {
    const known = tenures.get(meter) ?? [];
    const last = known.at(-1);
    if (last === undefined || last.endSlot !== undefined) return undefined;
    const ended = { ...last, endSlot: endSlotOf(last) };
    tenures.set(meter, [...known.slice(0, -1), ended]);
    return ended;
  }
}

/** Every change of every account. */
function movementsOf(
  acts: readonly PlacedAct[],
  trades: readonly PlacedTrade[],
  microgrids: Microgrids,
): AccountMovement[] {
  const movements: AccountMovement[] = [];
  const positions = new Positions();
  const dsos = new Map<number, Address>();
  const tradesByAct = Map.groupBy(trades, ({ told }) => told);
  for (const placed of acts) {
    const { act } = placed;
    if (act.kind === "plain") recordPlain(act.event, placed);
    if (act.kind === "reserve") positions.reserve(act.reserved.args);
    const before = act.kind === "release" ? positions.release(act.released.args).before : undefined;
    for (const trade of tradesByAct.get(placed) ?? []) recordTrade(trade, before);
  }
  return movements.filter(({ amountMillis }) => amountMillis !== 0n);

  function record(
    { time, transaction }: PlacedAct,
    kind: MovementKind,
    currency: Address,
    holder: Address,
    amountMillis: bigint,
  ): void {
    movements.push({ kind, currency, holder, amountMillis, time, transaction });
  }

  function recordPlain(event: Extract<Act, { kind: "plain" }>["event"], placed: PlacedAct): void {
    switch (event.eventName) {
      case "Founded":
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
    record(placed, kind, currency, holder, millisOf(amount));
  }

  function recordTrade(trade: PlacedTrade, before: PositionBlock | undefined): void {
    const { told, seller, buyer, from, to, costMillis, chargeMillis, bondMillis } = trade;
    const { currency } = microgrids.known(from);
    if (trade.kind === "reserve") {
      record(told, "locked", currency, buyer, -costMillis);
      record(told, "locked", currency, seller, -bondMillis);
      return;
    }
    record(told, "sale", currency, seller, costMillis - chargeMillis);
    if (before !== undefined) record(told, "returned", currency, buyer, before.lockedMillis);
    record(told, "purchase", currency, buyer, -costMillis);
    if (before !== undefined) {
      record(told, "bond", currency, buyer, bondMillis);
      record(told, "returned", currency, seller, before.bondedMillis);
      record(told, "bond", currency, seller, -bondMillis);
    }
    const [sending, receiving] = [dsos.get(from), dsos.get(to)];
    if (sending === undefined || receiving === undefined) return;
    // Across a tie line each DSO gets half, the receiving one the odd thousandth.
    const half = from === to ? 0n : chargeMillis / 2n;
    record(told, "charge", currency, sending, half);
    record(told, "charge", currency, receiving, chargeMillis - half);
  }
}
