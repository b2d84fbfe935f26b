/** A household's history as people tell it: each trade once, with all that came of it, and everything else it did. */
import { type Address, type Hex, isAddressEqual } from "viem";
import type { Source } from "../energyId.ts";
import { slotsOfTrade } from "../gains.ts";
import { coveredRange, sumWh, unpackProfile } from "../profile.ts";
import type { Act } from "./acts.ts";
import type { HistoryEvent } from "./events.ts";
import { movedWh } from "./moves.ts";
import { type Trade, tradesOf } from "./trades.ts";

/** When something happened, and its evidence. */
export interface Moment {
  /** Its transaction and the index of its log: `txHash-logIndex`. */
  readonly id: string;
  /** Unix seconds. */
  readonly time: number;
  readonly txHash: Hex;
}

/** One row of the history of trades, its energy as sums in Wh: see {@link Trade}. */
export interface TradeStep extends Moment {
  readonly kind: Trade["kind"];
  readonly seller: Address;
  readonly buyer: Address;
  readonly taker: Address | undefined;
  readonly offerHash: Hex | undefined;
  readonly bidHash: Hex | undefined;
  readonly positionId: Hex | undefined;
  readonly source: Source;
  readonly from: number;
  readonly to: number;
  readonly firstSlot: number;
  readonly lastSlot: number;
  readonly sentWh: bigint;
  readonly arrivedWh: bigint;
  /** Of a release: what was reserved of its block. */
  readonly reservedWh: bigint | undefined;
  readonly costMillis: bigint;
  readonly chargeMillis: bigint;
  readonly bondMillis: bigint;
  readonly refundMillis: bigint;
  readonly withGrid: boolean;
}

/** Something that a household did, or that was done for it, which is no trade. */
export type Deed = Moment & PlainDeed;

/** A deed without its moment. */
type PlainDeed =
  | { readonly kind: "deposit" | "withdrawal" /** Base units. */; readonly amount: bigint }
  | { readonly kind: "lock" /** Unix seconds. */; readonly until: number }
  | { readonly kind: "cancelAll" }
  | ({ readonly kind: "reading"; readonly meter: Address; readonly exportedWh: bigint } & Delivery)
  | ({
      readonly kind: "retirement";
      readonly beneficiary: Address;
      readonly energyWh: bigint;
    } & Delivery)
  | {
      /** Energy that one household gave to another, outside the market. */
      readonly kind: "transfer";
      readonly giver: Address;
      readonly receiver: Address;
      readonly microgrid: number;
      readonly energyWh: bigint;
    };

/** Where and when energy was delivered. */
interface Delivery {
  readonly microgrid: number;
  readonly firstSlot: number;
  readonly lastSlot: number;
}

/** What a household's history is made of. */
export interface OwnHistory {
  readonly steps: readonly TradeStep[];
  readonly deeds: readonly Deed[];
}

/** A trade with all that came of it, from the reservation to the last release. Energy in Wh, money in thousandths. */
export interface TradeEntry
  extends Moment,
    Pick<TradeStep, "seller" | "buyer" | "taker" | "offerHash" | "bidHash" | "positionId">,
    Pick<TradeStep, "source" | "from" | "to" | "firstSlot" | "lastSlot" | "withGrid"> {
  readonly kind: "trade";
  /** Missing for energy that was minted before it was traded. */
  readonly reserved:
    | (Moment & {
        readonly energyWh: bigint;
        /** By the buyer. */
        readonly lockedMillis: bigint;
        /** By the seller. */
        readonly bondMillis: bigint;
      })
    | undefined;
  /** The latest delivery, with the amounts of all of them; undefined before the first. */
  readonly delivered:
    | (Moment & {
        readonly sentWh: bigint;
        readonly arrivedWh: bigint;
        /** What should have been sent. */
        readonly dueWh: bigint;
        /** By the buyer, charge included. */
        readonly paidMillis: bigint;
        readonly chargeMillis: bigint;
        /** Back to the buyer. */
        readonly refundMillis: bigint;
        /** From the seller's bond to the buyer. */
        readonly forfeitedMillis: bigint;
      })
    | undefined;
  /** Open while some of what was reserved is to be delivered still. */
  readonly state: "open" | "delivered" | "short";
}

/** One entry of a household's activity. */
export type ActivityEntry = TradeEntry | Deed;

/** The entries of a household's activity, the newest first. The time of a trade is that of its latest step. */
export function activityOf({ steps, deeds }: OwnHistory): ActivityEntry[] {
  const trades = Map.groupBy(steps, ({ positionId, id }) => positionId ?? id);
  return [...[...trades.values()].map(tradeOf), ...deeds].sort(newestFirst);
}

const newestFirst = (one: Moment, other: Moment): number =>
  other.time - one.time || indexOf(other) - indexOf(one);

const indexOf = ({ id }: Moment): number => Number(id.slice(id.lastIndexOf("-") + 1));

function tradeOf(unsorted: readonly TradeStep[]): TradeEntry {
  const steps = unsorted.toSorted(newestFirst);
  const [latest] = steps;
  if (latest === undefined) throw new RangeError("A trade has no steps.");
  const reservation = steps.find(({ kind }) => kind === "reserve");
  const releases = steps.filter(({ kind }) => kind !== "reserve");
  const { id, time, txHash } = latest;
  const about = reservation ?? latest;
  const delivered = deliveredOf(releases);
  const isOpen = reservation !== undefined && (delivered?.dueWh ?? 0n) < reservation.sentWh;
  return {
    kind: "trade",
    ...{ id, time, txHash },
    ...{ seller: about.seller, buyer: about.buyer, taker: about.taker },
    ...{ offerHash: about.offerHash, bidHash: about.bidHash, positionId: about.positionId },
    ...{ source: about.source, from: about.from, to: about.to, withGrid: about.withGrid },
    firstSlot: steps.reduce((first, step) => Math.min(first, step.firstSlot), about.firstSlot),
    lastSlot: steps.reduce((last, step) => Math.max(last, step.lastSlot), about.lastSlot),
    reserved: reservation && {
      ...{ id: reservation.id, time: reservation.time, txHash: reservation.txHash },
      energyWh: reservation.sentWh,
      lockedMillis: reservation.costMillis,
      bondMillis: reservation.bondMillis,
    },
    delivered,
    state: isOpen
      ? "open"
      : delivered !== undefined && delivered.sentWh < delivered.dueWh
        ? "short"
        : "delivered",
  };
}

function deliveredOf(releases: readonly TradeStep[]): TradeEntry["delivered"] {
  const [latest] = releases;
  if (latest === undefined) return undefined;
  const { id, time, txHash } = latest;
  const sum = (of: (step: TradeStep) => bigint) =>
    releases.reduce((total, step) => total + of(step), 0n);
  return {
    ...{ id, time, txHash },
    sentWh: sum(({ sentWh }) => sentWh),
    arrivedWh: sum(({ arrivedWh }) => arrivedWh),
    dueWh: sum(({ sentWh, reservedWh }) => reservedWh ?? sentWh),
    paidMillis: sum(({ costMillis }) => costMillis),
    chargeMillis: sum(({ chargeMillis }) => chargeMillis),
    refundMillis: sum(({ refundMillis }) => refundMillis),
    forfeitedMillis: sum(({ bondMillis }) => bondMillis),
  };
}

/** Something in a chain's acts, whose reader adds time and transaction. */
export interface FoundIn<Told, Thing> {
  readonly thing: Thing;
  readonly told: Told;
  readonly logIndex: number;
}

/**
 * A household's part of a chain's acts, in their order.
 * @param acts From the contracts' first act on.
 */
export function ownHistoryOf<Told extends { readonly act: Act }>(
  acts: readonly Told[],
  household: Address,
): {
  readonly steps: FoundIn<Told, Omit<TradeStep, keyof Moment>>[];
  readonly deeds: FoundIn<Told, PlainDeed>[];
} {
  const isOwn = (account: Address): boolean => isAddressEqual(account, household);
  const steps = tradesOf(acts)
    .filter(({ seller, buyer }) => isOwn(seller) || isOwn(buyer))
    .map((trade) => ({ thing: stepOf(trade), told: trade.told, logIndex: trade.logIndex }));
  const meters = new Map<Address, { readonly owner: Address; readonly microgrid: number }>();
  const deeds = acts.flatMap((told) => {
    const found = deedIn(told.act);
    return found === undefined ? [] : [{ thing: found[0], told, logIndex: found[1] }];
  });
  return { steps, deeds };

  function deedIn(act: Act): readonly [deed: PlainDeed, logIndex: number] | undefined {
    switch (act.kind) {
      case "report": {
        const { args, logIndex } = act.reported;
        const { meter, firstBlock, exported: words } = args;
        const { owner, microgrid } = meters.get(meter) ?? {};
        if (owner === undefined || microgrid === undefined || !isOwn(owner)) return undefined;
        const place = { microgrid, ...coveredRange({ firstBlock, words }) };
        return [{ kind: "reading", meter, ...place, exportedWh: sumWh(words) }, logIndex];
      }
      case "retire": {
        const { args, logIndex } = act.retired;
        const { holder, beneficiary, microgrid, firstBlock, energy: words } = args;
        if (!isOwn(holder)) return undefined;
        const slots = [...unpackProfile({ firstBlock, words }).keys()];
        const place = { microgrid, firstSlot: slots[0] ?? 0, lastSlot: slots.at(-1) ?? 0 };
        return [{ kind: "retirement", beneficiary, ...place, energyWh: sumWh(words) }, logIndex];
      }
      case "transfer": {
        const { from: giver, to: receiver, words, logIndex } = act.move;
        const isGift = !isAddressEqual(giver, receiver) && (isOwn(giver) || isOwn(receiver));
        const [first] = words;
        if (first === undefined || !isGift) return undefined;
        const { microgrid } = first;
        const energyWh = movedWh(act.move);
        return [{ kind: "transfer", giver, receiver, microgrid, energyWh }, logIndex];
      }
      case "plain": {
        const deed = plainDeedIn(act.event);
        return deed && [deed, act.event.logIndex];
      }
      default:
        return undefined;
    }
  }

  function plainDeedIn(event: HistoryEvent): PlainDeed | undefined {
    switch (event.eventName) {
      case "MeterRegistered": {
        const { meter, owner, microgrid } = event.args;
        meters.set(meter, { owner, microgrid });
        return undefined;
      }
      case "MeterHandedOver": {
        const { meter, to: owner } = event.args;
        const { microgrid = 0 } = meters.get(meter) ?? {};
        meters.set(meter, { owner, microgrid });
        return undefined;
      }
      case "Deposited": {
        const { holder, amount } = event.args;
        return isOwn(holder) ? { kind: "deposit", amount } : undefined;
      }
      case "Withdrawn": {
        const { holder, amount } = event.args;
        return isOwn(holder) ? { kind: "withdrawal", amount } : undefined;
      }
      case "Locked": {
        const { holder, until } = event.args;
        return isOwn(holder) ? { kind: "lock", until } : undefined;
      }
      case "AllCancelled":
        return isOwn(event.args.holder) ? { kind: "cancelAll" } : undefined;
      default:
        return undefined;
    }
  }
}

/** A trade as a row of its history. */
function stepOf(trade: Trade & { readonly withGrid: boolean }): Omit<TradeStep, keyof Moment> {
  const { kind, seller, buyer, taker, offerHash, bidHash, positionId, source, from, to } = trade;
  const { costMillis, chargeMillis, bondMillis, refundMillis, withGrid } = trade;
  const slots = slotsOfTrade(trade);
  return {
    ...{ kind, seller, buyer, taker, offerHash, bidHash, positionId, source, from, to },
    ...{ costMillis, chargeMillis, bondMillis, refundMillis, withGrid },
    firstSlot: slots[0] ?? 0,
    lastSlot: slots.at(-1) ?? 0,
    sentWh: total(trade.sentWh),
    arrivedWh: total(trade.arrivedWh),
    reservedWh: trade.reservedWh && total(trade.reservedWh),
  };
}

const total = (energyWh: ReadonlyMap<number, bigint>): bigint =>
  [...energyWh.values()].reduce((sum, wh) => sum + wh, 0n);
