import { type Address, type Hex, isAddressEqual } from "viem";
import { type Source, sourceAt } from "../energyId.ts";
import type { MadeTrade } from "../gains.ts";
import { type EnergyBySlot, LANES, sumWh, unpackProfile } from "../profile.ts";
import { arrivingWord } from "../words.ts";
import type { Act } from "./acts.ts";
import type { EventNamed } from "./events.ts";
import { type EnergyMove, energyBySlot } from "./moves.ts";
import { Positions, type PositionTerms } from "./positions.ts";

/**
 * A trade: a seller, a buyer, energy by slot and its price. Minted energy taken from one order (accept) or matched in a
 * batch (settle), energy reserved before delivery (reserve), and a reserved block that was delivered or fell short
 * (release). Energy in Wh by slot, money in base units of the currency of `from`.
 */
export interface Trade extends MadeTrade {
  readonly kind: "accept" | "settle" | "reserve" | "release";
  readonly seller: Address;
  readonly buyer: Address;
  /** Who signed the order and who took it; missing in a batch or a release. */
  readonly maker?: Address;
  readonly taker?: Address;
  readonly offerHash?: Hex;
  readonly bidHash?: Hex;
  readonly positionId?: Hex;
  readonly source: Source;
  /** The microgrid that the energy was produced in. */
  readonly from: number;
  /** The microgrid that it arrived in. */
  readonly to: number;
  /** The bond that a seller locked by a reservation, or forfeited by a release. */
  readonly bond: bigint;
  /** What a release returned to the buyer. */
  readonly refund: bigint;
  /** The index of its event in the block. */
  readonly logIndex: number;
}

/** A trade, and whether it was made with the grid. */
export interface ToldTrade extends Trade {
  /** Whether seller or buyer was, at the time of the trade, the DSO of one of its microgrids. */
  readonly withGrid: boolean;
}

type ArgsOf<Name extends "Traded" | "Matched" | "Cleared" | "Reserved" | "Released"> =
  EventNamed<Name>["args"];

/** Moved energy, as far as a trade needs it. */
export type Moved = Pick<EnergyMove, "from" | "to" | "words">;

const NO_BOND = { bond: 0n, refund: 0n } as const;

/**
 * The trade of an order that was taken.
 * @param sent What left the seller.
 * @param arrived What reached the buyer: the same within a microgrid.
 */
export function tradeOfTake(
  { orderHash, maker, taker, cost, charge }: Omit<ArgsOf<"Traded">, "nonce" | "energy">,
  sent: Moved,
  arrived: Moved,
): Omit<Trade, "logIndex"> {
  const seller = sent.from;
  return {
    kind: "accept",
    seller,
    buyer: arrived.to,
    maker,
    taker,
    ...(isAddressEqual(maker, seller) ? { offerHash: orderHash } : { bidHash: orderHash }),
    ...seriesOf(sent),
    to: seriesOf(arrived).from,
    sentWh: energyBySlot(sent.words),
    arrivedWh: energyBySlot(arrived.words),
    cost,
    charge,
    ...NO_BOND,
  };
}

/** The trade of two orders matched in a batch: each slot has its price. */
export function tradeOfMatch(
  {
    offerHash,
    bidHash,
    cost,
    charge,
  }: Pick<ArgsOf<"Matched">, "offerHash" | "bidHash" | "cost" | "charge">,
  move: Moved,
  { firstBlock, prices }: Pick<ArgsOf<"Cleared">, "firstBlock" | "prices">,
): Omit<Trade, "logIndex"> {
  const energyWh = energyBySlot(move.words);
  const series = seriesOf(move);
  return {
    kind: "settle",
    seller: move.from,
    buyer: move.to,
    offerHash,
    bidHash,
    ...series,
    to: series.from,
    sentWh: energyWh,
    arrivedWh: energyWh,
    prices: new Map(prices.map((price, index) => [firstBlock * LANES + index, price])),
    cost,
    charge,
    ...NO_BOND,
  };
}

/** The trade of energy reserved before delivery. Its cost is what the buyer has locked. */
export function tradeOfReservation({
  orderHash,
  positionId,
  position,
  maker,
  locked,
  bonded,
  firstBlock,
  energy,
}: ArgsOf<"Reserved">): Omit<Trade, "logIndex"> {
  const { seller, buyer } = position;
  const isOffer = isAddressEqual(maker, seller);
  return {
    kind: "reserve",
    seller,
    buyer,
    maker,
    taker: isOffer ? buyer : seller,
    ...(isOffer ? { offerHash: orderHash } : { bidHash: orderHash }),
    positionId,
    ...placesOf(position),
    ...overLine(position, firstBlock, energy),
    cost: locked,
    charge: (position.charge * sumWh(energy)) / 1000n,
    bond: bonded,
    refund: 0n,
  };
}

/**
 * The trade of a released block of a position.
 * @param reserved The reserved word of the block.
 */
export function tradeOfRelease(
  terms: PositionTerms,
  reserved: bigint,
  { positionId, blockNumber, delivered, paid, charge, refund, forfeited }: ArgsOf<"Released">,
): Omit<Trade, "logIndex"> {
  return {
    kind: "release",
    seller: terms.seller,
    buyer: terms.buyer,
    positionId,
    ...placesOf(terms),
    ...overLine(terms, blockNumber, [delivered]),
    reservedWh: unpackProfile({ firstBlock: blockNumber, words: [reserved] }),
    cost: paid + charge,
    charge,
    forfeited,
    bond: forfeited,
    refund,
  };
}

/**
 * Every trade in a list of acts, in order.
 * @throws Error when a released block was never reserved: the acts do not begin with the contracts' first one.
 */
export function tradesOf<Told extends { readonly act: Act }>(
  acts: readonly Told[],
): (ToldTrade & { readonly told: Told })[] {
  const positions = new Positions();
  const dsos = new Map<number, Address>();
  return acts.flatMap((told) =>
    tradesIn(told.act).map((trade) => {
      const theirs = [dsos.get(trade.from), dsos.get(trade.to)].filter((dso) => dso !== undefined);
      return { ...trade, withGrid: isWithGrid(trade, theirs), told };
    }),
  );

  function tradesIn(act: Act): Trade[] {
    switch (act.kind) {
      case "accept": {
        const { traded, sent, arrived } = act;
        return [{ ...tradeOfTake(traded.args, sent, arrived), logIndex: traded.logIndex }];
      }
      case "settle":
        return act.outcomes.flatMap((outcome) =>
          outcome.skipped !== undefined
            ? []
            : [
                {
                  ...tradeOfMatch(outcome.matched.args, outcome.move, act.cleared.args),
                  logIndex: outcome.matched.logIndex,
                },
              ],
        );
      case "reserve": {
        const { args, logIndex } = act.reserved;
        positions.reserve(args);
        return [{ ...tradeOfReservation(args), logIndex }];
      }
      case "release": {
        const { args, logIndex } = act.released;
        const before = positions.release(args);
        return [{ ...tradeOfRelease(before, before.reserved, args), logIndex }];
      }
      case "plain": {
        const { event } = act;
        if (event.eventName === "Founded") positions.found(event.args);
        if (event.eventName === "Founded" || event.eventName === "DsoSet") {
          dsos.set(event.args.microgrid, event.args.dso);
        }
        return [];
      }
      default:
        return [];
    }
  }
}

/**
 * Whether a trade is with the grid.
 * @param dsos The DSOs of its microgrids at the time of the trade; earlier and later DSOs do not count.
 */
export const isWithGrid = (
  { seller, buyer }: Pick<Trade, "seller" | "buyer">,
  dsos: readonly Address[],
): boolean => dsos.some((dso) => isAddressEqual(dso, seller) || isAddressEqual(dso, buyer));

/** A move of the market has one source and one microgrid. */
function seriesOf({ words: [word] }: Moved): Pick<Trade, "source" | "from"> {
  if (word === undefined) throw new RangeError("A trade moved no energy.");
  return { source: word.source, from: word.microgrid };
}

const placesOf = ({ source, from, to }: PositionTerms) => ({ source: sourceAt(source), from, to });

/** Energy as sent and as arrived under a position's terms. */
function overLine(
  { lossBps }: PositionTerms,
  firstBlock: number,
  words: readonly bigint[],
): { readonly sentWh: EnergyBySlot; readonly arrivedWh: EnergyBySlot } {
  const arriving = words.map((word) => arrivingWord(word, BigInt(lossBps)));
  return {
    sentWh: unpackProfile({ firstBlock, words }),
    arrivedWh: unpackProfile({ firstBlock, words: arriving }),
  };
}
