import { type Address, type Hex, isAddressEqual } from "viem";
import { arrivedOf } from "../deals/loss.ts";
import { type Source, sourceAt } from "../energyId.ts";
import type { Counted, MadeTrade } from "../gains.ts";
import { type EnergyBySlot, unpackProfile } from "../profile.ts";
import type { Act } from "./acts.ts";
import type { EventNamed } from "./events.ts";
import { type EnergyMove, energyBySlot } from "./moves.ts";
import { type Position, type PositionBlock, Positions, signedHash } from "./positions.ts";

/**
 * A trade: a seller, a buyer, energy by slot and its price. Minted energy taken at a posted price (accept) or matched in a
 * batch (settle), energy reserved before delivery, taken or matched (reserve), and a reserved block that was delivered or
 * fell short (release). Energy in Wh by slot, money in thousandths of a base unit of the currency of `from`.
 */
export interface Trade extends MadeTrade {
  readonly kind: "accept" | "settle" | "reserve" | "release";
  readonly seller: Address;
  readonly buyer: Address;
  /** Who signed the order and who took it; missing where two orders were matched, and in a release. */
  readonly maker?: Address;
  readonly taker?: Address;
  readonly offerHash?: Hex;
  readonly bidHash?: Hex;
  readonly positionId?: Hex;
  readonly source: Source;
  /** What a seller locked by a reservation (bond and, across a line, wheeling charge), or forfeited by a release. */
  readonly bondMillis: bigint;
  /** What a release returned to the buyer. */
  readonly refundMillis: bigint;
  /** The index of its event in the block. */
  readonly logIndex: number;
}

/** A trade without its place in the block. */
export type BareTrade = Omit<Trade, "logIndex">;

/** A trade, and whether it was made with the grid. */
export interface ToldTrade extends Trade {
  /** See {@link isWithGrid}. */
  readonly withGrid: boolean;
}

type ArgsOf<Name extends "Traded" | "Matched" | "Reserved" | "Released"> = EventNamed<Name>["args"];

/** Moved energy, as far as a trade needs it. */
export type Moved = Pick<EnergyMove, "from" | "to" | "words">;

const SPOT = { isForward: false, bondMillis: 0n, refundMillis: 0n } as const;

/**
 * The trade of a posted price that was taken.
 * @param sent What left the seller.
 * @param arrived What reached the buyer: the same within a microgrid.
 */
export function tradeOfTake(
  { orderHash, maker, taker, cost, charge }: Omit<ArgsOf<"Traded">, "nonce" | "filled">,
  sent: Moved,
  arrived: Moved,
): BareTrade {
  const isOffer = isAddressEqual(maker, sent.from);
  return {
    kind: "accept",
    maker,
    taker,
    ...(isOffer ? { offerHash: orderHash } : { bidHash: orderHash }),
    ...movedOf(sent, arrived),
    counted: isOffer ? "sent" : "arrived",
    costMillis: cost,
    chargeMillis: charge,
    ...SPOT,
  };
}

/** The trade of two orders for minted energy that were matched. */
export function tradeOfMatch(
  {
    offerHash,
    bidHash,
    cost,
    charge,
  }: Pick<ArgsOf<"Matched">, "offerHash" | "bidHash" | "cost" | "charge">,
  sent: Moved,
  arrived: Moved,
): BareTrade {
  return {
    kind: "settle",
    offerHash,
    bidHash,
    ...movedOf(sent, arrived),
    costMillis: cost,
    chargeMillis: charge,
    ...SPOT,
  };
}

/** The trade of energy reserved before delivery. Its cost is what the buyer has locked. */
export function tradeOfReservation({
  positionId,
  position,
  offerHash,
  bidHash,
  locked,
  bonded,
}: ArgsOf<"Reserved">): BareTrade {
  const { seller, buyer, firstBlock, energy } = position;
  const [offered, wanted] = [signedHash(offerHash), signedHash(bidHash)];
  const energyWh = overLine(position, firstBlock, energy);
  return {
    kind: "reserve",
    ...(wanted === undefined ? { maker: seller, taker: buyer } : {}),
    ...(offered === undefined ? { maker: buyer, taker: seller } : {}),
    ...(offered === undefined ? {} : { offerHash: offered }),
    ...(wanted === undefined ? {} : { bidHash: wanted }),
    positionId,
    ...placesOf(position),
    ...energyWh,
    costMillis: locked,
    chargeMillis: position.charge * sumOf(energyWh.sentWh),
    isForward: true,
    bondMillis: bonded,
    refundMillis: 0n,
  };
}

/** The trade of a released block of a position. */
export function tradeOfRelease(
  position: Position,
  before: Pick<PositionBlock, "energy">,
  { positionId, blockNumber, delivered, paid, charge, refund, forfeited }: ArgsOf<"Released">,
): BareTrade {
  return {
    kind: "release",
    positionId,
    ...placesOf(position),
    ...overLine(position, blockNumber, [delivered]),
    reservedWh: unpackProfile({ firstBlock: blockNumber, words: [before.energy] }),
    costMillis: paid,
    chargeMillis: charge,
    isForward: true,
    forfeitedMillis: forfeited,
    bondMillis: forfeited,
    refundMillis: refund,
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
  return acts.flatMap((told) => {
    const trade = tradeIn(told.act);
    if (trade === undefined) return [];
    const theirs = [dsos.get(trade.from), dsos.get(trade.to)].filter((dso) => dso !== undefined);
    return { ...trade, withGrid: isWithGrid(trade, theirs), told };
  });

  function tradeIn(act: Act): Trade | undefined {
    switch (act.kind) {
      case "accept": {
        const { traded, sent, arrived } = act;
        return { ...tradeOfTake(traded.args, sent, arrived), logIndex: traded.logIndex };
      }
      case "match": {
        const { matched, sent, arrived } = act;
        return { ...tradeOfMatch(matched.args, sent, arrived), logIndex: matched.logIndex };
      }
      case "reserve": {
        const { args, logIndex } = act.reserved;
        positions.reserve(args);
        return { ...tradeOfReservation(args), logIndex };
      }
      case "release": {
        const { args, logIndex } = act.released;
        const { position, before } = positions.release(args);
        return { ...tradeOfRelease(position, before, args), logIndex };
      }
      case "plain": {
        const { event } = act;
        if (event.eventName === "Founded" || event.eventName === "DsoSet") {
          dsos.set(event.args.microgrid, event.args.dso);
        }
        return undefined;
      }
      default:
        return undefined;
    }
  }
}

/**
 * Whether a trade is with the grid: with a DSO, or of the energy that a retailer's meter brings in from the grid.
 * @param dsos The DSOs of its microgrids at the time of the trade; earlier and later DSOs do not count.
 */
export const isWithGrid = (
  { seller, buyer, source }: Pick<Trade, "seller" | "buyer" | "source">,
  dsos: readonly Address[],
): boolean =>
  source === "Grid" ||
  dsos.some((dso) => isAddressEqual(dso, seller) || isAddressEqual(dso, buyer));

/** Who and what a move of the market is about: it has one source, and one microgrid at each end. */
function movedOf(sent: Moved, arrived: Moved) {
  const [first] = sent.words;
  const [last] = arrived.words;
  if (first === undefined || last === undefined) throw new RangeError("A trade moved no energy.");
  return {
    seller: sent.from,
    buyer: arrived.to,
    source: first.source,
    from: first.microgrid,
    to: last.microgrid,
    sentWh: energyBySlot(sent.words),
    arrivedWh: energyBySlot(arrived.words),
  };
}

const placesOf = ({ seller, buyer, source, from, to, perArrived }: Position) => {
  const counted: Counted = perArrived ? "arrived" : "sent";
  return { seller, buyer, source: sourceAt(source), from, to, counted };
};

/** Energy as sent and as arrived under a position's terms. */
function overLine(
  position: Position,
  firstBlock: number,
  words: readonly bigint[],
): { readonly sentWh: EnergyBySlot; readonly arrivedWh: EnergyBySlot } {
  const loss = { lossBps: BigInt(position.lossBps), flowWh: 0n };
  const sentWh = unpackProfile({ firstBlock, words });
  const arrivedWh = new Map([...sentWh].map(([slot, wh]) => [slot, arrivedOf(wh, loss)]));
  return { sentWh, arrivedWh };
}

const sumOf = (energyWh: EnergyBySlot): bigint =>
  [...energyWh.values()].reduce((total, wh) => total + wh, 0n);
