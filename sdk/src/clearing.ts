import { type Hex, size } from "viem";
import { type Source, sourceIndex } from "./energyId.ts";
import { blockOf, type EnergyBySlot, packProfile, unpackProfile } from "./profile.ts";
import { type Order, SIDES, type SignedOrder } from "./typedData.ts";

/**
 * Clears a microgrid's order book slot by slot and cuts the matches into batches for `settle`. The contract computes
 * the prices itself; nothing here sets one.
 */

/** Energy of one source that covers an offer. */
export interface Supply extends SignedOrder {
  readonly source: Source;
  /** Wh per slot. Energy that covers two offers must be given once only. */
  readonly energyWh: EnergyBySlot;
  /** The unfilled Wh of the order, if less than was signed. */
  readonly leftWh?: bigint;
}

/** Energy that a bid asks for. */
export interface Demand extends SignedOrder {
  /** Wh per slot. */
  readonly energyWh: EnergyBySlot;
  /** The unfilled Wh of the order, if less than was signed. */
  readonly leftWh?: bigint;
}

/** Energy from one offer to one bid, as `settle` takes it. */
export interface Match {
  /** The offer's index in the batch's orders. */
  readonly offer: number;
  /** The bid's index. */
  readonly bid: number;
  /** The contracts' number. */
  readonly source: number;
  readonly firstBlock: number;
  /** One word of eight lanes per block. */
  readonly energy: readonly bigint[];
}

/** The arguments of one `settle`. */
export interface Batch {
  readonly orders: readonly Order[];
  readonly signatures: readonly Hex[];
  readonly matches: readonly Match[];
  /** The most gas it takes; see {@link SETTLE_GAS}. */
  readonly gas: bigint;
}

/** The gas of `settle`, by the contents of a batch. */
export interface SettleGas {
  /** Of every batch. */
  readonly batch: bigint;
  readonly perOrder: bigint;
  /** More for every byte of a signature beyond 65: the proof of a bulk signature. */
  readonly perProofByte: bigint;
  readonly perMatch: bigint;
  /** Per word of a match. */
  readonly perWord: bigint;
  /** Per slot of a match that holds energy. */
  readonly perLane: bigint;
  /** Per block from the batch's first to its last, traded in or not. */
  readonly perBlock: bigint;
}

/**
 * An upper bound for makers with keys and their delegates: every account, balance and fill is assumed to be written for
 * the first time. In steady state a batch takes a third to a half of it. A test settles batches of many shapes within
 * these bounds. A contract wallet's check comes on top, at most 400,000 gas (a bulk signature may ask twice).
 */
export const SETTLE_GAS: SettleGas = {
  batch: 80_000n,
  perOrder: 60_000n,
  perProofByte: 80n,
  perMatch: 20_000n,
  perWord: 36_000n,
  perLane: 1_500n,
  perBlock: 6_000n,
};

/** The gas limit of one transaction (EIP-7825). */
export const TRANSACTION_GAS_CAP = 16_777_216n;

/** The planned gas of a batch at most; the rest is headroom for contract wallets. */
export const SETTLE_GAS_BUDGET = 14_000_000n;

/** How to plan batches. */
export interface ClearingOptions {
  /** Base units per kWh that a trade pays to the DSO. */
  readonly networkFee: bigint;
  readonly gasBudget?: bigint;
  readonly gas?: SettleGas;
}

/**
 * The one price of a slot, in base units per kWh, as the contract computes it: the midpoint, rounded down, between
 * the highest matched offer with the network fee on top and the lowest matched bid. Buyers pay it.
 * @throws RangeError when the first exceeds the second.
 */
export function uniformPrice(highestOffer: bigint, networkFee: bigint, lowestBid: bigint): bigint {
  const ask = highestOffer + networkFee;
  if (ask > lowestBid) throw new RangeError(`An offer at ${ask} can't meet a bid at ${lowestBid}.`);
  return (ask + lowestBid) / 2n;
}

/** The price of every slot in which a batch trades, in base units per kWh. */
export function clearingPrices(
  { orders, matches }: Pick<Batch, "orders" | "matches">,
  networkFee: bigint,
): Map<number, bigint> {
  const limits = new Map<number, { offer: bigint; bid: bigint }>();
  for (const match of matches) {
    const [offer, bid] = [priceOf(orders, match.offer), priceOf(orders, match.bid)];
    for (const slot of unpackProfile({
      firstBlock: match.firstBlock,
      words: match.energy,
    }).keys()) {
      const { offer: highest, bid: lowest } = limits.get(slot) ?? { offer, bid };
      limits.set(slot, { offer: most(highest, offer), bid: least(lowest, bid) });
    }
  }
  return new Map(
    [...limits].map(([slot, { offer, bid }]) => [slot, uniformPrice(offer, networkFee, bid)]),
  );
}

/**
 * Matches in every slot the cheapest offers with the highest bids (merit order; equal prices in the given order), as
 * long as they meet, and cuts the result into batches none of which exceeds the gas budget. A block is cut only when
 * it would not fit into a batch of its own: the parts of such a block's slots clear at prices of their own.
 *
 * An order whose energy does not suffice for all its slots is filled in the earlier ones. The caller checks whether
 * buyers have the money and sellers the energy: what is not covered is skipped on chain.
 * @throws RangeError when an order is on the wrong side, a forward or from another microgrid than the others, or when
 * the budget is too small for a single match.
 */
export function planBatches(
  supplies: readonly Supply[],
  demands: readonly Demand[],
  { networkFee, gasBudget = SETTLE_GAS_BUDGET, gas = SETTLE_GAS }: ClearingOptions,
): Batch[] {
  requireSpot(supplies, demands);
  const cheapestFirst = supplies.toSorted((a, b) => compare(a.order.price, b.order.price));
  const highestFirst = demands.toSorted((a, b) => compare(b.order.price, a.order.price));
  const slots = new Set(demands.flatMap(({ energyWh }) => [...energyWh.keys()]));
  const filled = new Map<string, bigint>();
  const blocks = new Map<number, Piece[]>();
  for (const slot of [...slots].sort((a, b) => a - b)) {
    const pieces = blocks.get(blockOf(slot)) ?? [];
    blocks.set(blockOf(slot), pieces);
    matchSlot(slot, cheapestFirst, highestFirst, networkFee, filled, pieces);
  }
  return cut([...blocks.values()], gasBudget, gas);
}

/** Energy from one offer to one bid within a block. */
interface Piece {
  readonly supply: Supply;
  readonly demand: Demand;
  readonly energyWh: Map<number, bigint>;
}

function matchSlot(
  slot: number,
  cheapestFirst: readonly Supply[],
  highestFirst: readonly Demand[],
  networkFee: bigint,
  filled: Map<string, bigint>,
  pieces: Piece[],
): void {
  const offered = new Map(cheapestFirst.map((supply) => [supply, whIn(supply, slot)]));
  for (const [supply, wh] of offered) if (wh === 0n) offered.delete(supply);
  let highestAsk = 0n;
  for (const demand of highestFirst) {
    let wanted = whIn(demand, slot);
    for (const [supply, wh] of offered) {
      const ask = most(highestAsk, supply.order.price + networkFee);
      // Every offer of a slot must meet every bid of it, since all trade at one price.
      if (wanted === 0n || ask > demand.order.price) break;
      if (!mayTrade(supply, demand)) continue;
      const traded = [wanted, wh, leftOf(supply, filled), leftOf(demand, filled)].reduce(least);
      if (traded === 0n) continue;
      highestAsk = ask;
      wanted -= traded;
      if (traded === wh) offered.delete(supply);
      else offered.set(supply, wh - traded);
      for (const { order } of [supply, demand]) {
        filled.set(fillKey(order), (filled.get(fillKey(order)) ?? 0n) + traded);
      }
      pieceOf(pieces, supply, demand).energyWh.set(slot, traded);
    }
  }
}

function pieceOf(pieces: Piece[], supply: Supply, demand: Demand): Piece {
  const known = pieces.find((piece) => piece.supply === supply && piece.demand === demand);
  if (known !== undefined) return known;
  const piece = { supply, demand, energyWh: new Map<number, bigint>() };
  pieces.push(piece);
  return piece;
}

const mayTrade = ({ order: offer, source }: Supply, { order: bid }: Demand): boolean =>
  !sameAddress(offer.maker, bid.maker) &&
  admits(offer, bid.maker, source) &&
  admits(bid, offer.maker, source);

const admits = ({ counterparty, sources }: Order, other: string, source: Source): boolean =>
  (BigInt(counterparty) === 0n || sameAddress(counterparty, other)) &&
  ((sources >> sourceIndex(source)) & 1) === 1;

const sameAddress = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const whIn = ({ order, energyWh }: Supply | Demand, slot: number): bigint =>
  slot < order.firstSlot || slot > order.lastSlot ? 0n : (energyWh.get(slot) ?? 0n);

/** Orders with one nonce share their fill. */
const fillKey = ({ maker, nonce }: Order): string => `${maker.toLowerCase()} ${nonce}`;

function leftOf({ order, leftWh }: Supply | Demand, filled: ReadonlyMap<string, bigint>): bigint {
  const signed = BigInt(order.energy);
  return most((leftWh ?? signed) - (filled.get(fillKey(order)) ?? 0n), 0n);
}

function cut(blocks: readonly (readonly Piece[])[], budget: bigint, gas: SettleGas): Batch[] {
  const batches: Batch[] = [];
  let pending: Piece[] = [];
  const fits = (pieces: readonly Piece[]) => assemble(pieces, gas).gas <= budget;
  const flush = () => {
    if (pending.length > 0) batches.push(assemble(pending, gas));
    pending = [];
  };
  const add = (pieces: readonly Piece[]): boolean => {
    const together = [...pending, ...pieces];
    if (!fits(together)) return false;
    pending = together;
    return true;
  };
  for (const block of blocks) {
    if (block.length === 0) continue;
    if (add(block)) continue;
    flush();
    if (add(block)) continue;
    for (const piece of block) {
      if (add([piece])) continue;
      flush();
      if (!add([piece])) throw new RangeError(`No match fits into ${budget} gas.`);
    }
  }
  flush();
  return batches;
}

function assemble(pieces: readonly Piece[], gas: SettleGas): Batch {
  const placed = new Map<Order, { at: number; signature: Hex }>();
  const place = ({ order, signature }: SignedOrder): number => {
    const at = placed.get(order)?.at ?? placed.size;
    placed.set(order, { at, signature });
    return at;
  };
  const matches: (Match & { energy: bigint[] })[] = [];
  const latest = new Map<string, Match & { energy: bigint[] }>();
  for (const { supply, demand, energyWh } of pieces) {
    const [offer, bid, source] = [place(supply), place(demand), sourceIndex(supply.source)];
    const { firstBlock, words } = packProfile(energyWh);
    const pair = `${offer} ${bid} ${source}`;
    const before = latest.get(pair);
    if (before !== undefined && before.firstBlock + before.energy.length === firstBlock) {
      before.energy.push(...words);
    } else {
      const match = { offer, bid, source, firstBlock, energy: [...words] };
      latest.set(pair, match);
      matches.push(match);
    }
  }
  const batch = {
    orders: [...placed.keys()],
    signatures: [...placed.values()].map(({ signature }) => signature),
    matches,
  };
  return { ...batch, gas: settleGas(batch, gas) };
}

/** The most gas that `settle` of a batch takes, by {@link SETTLE_GAS}. */
export function settleGas(
  { signatures, matches }: Pick<Batch, "signatures" | "matches">,
  gas: SettleGas = SETTLE_GAS,
): bigint {
  const proofBytes = signatures.map((signature) => Math.max(size(signature) - 65, 0));
  const words = matches.map(({ energy }) => energy.length);
  const lanes = matches.map(
    ({ firstBlock, energy }) => unpackProfile({ firstBlock, words: energy }).size,
  );
  const first = Math.min(...matches.map(({ firstBlock }) => firstBlock));
  const end = Math.max(...matches.map(({ firstBlock, energy }) => firstBlock + energy.length));
  return (
    gas.batch +
    gas.perOrder * BigInt(signatures.length) +
    gas.perProofByte * total(proofBytes) +
    gas.perMatch * BigInt(matches.length) +
    gas.perWord * total(words) +
    gas.perLane * total(lanes) +
    gas.perBlock * BigInt(end - first)
  );
}

function requireSpot(supplies: readonly Supply[], demands: readonly Demand[]): void {
  const microgrid = (supplies[0] ?? demands[0])?.order.microgrid;
  const check = (side: (typeof SIDES)[number]) => {
    return ({ order }: SignedOrder) => {
      const which = `Order ${order.nonce} of ${order.maker}`;
      if (SIDES[order.side] !== side) throw new RangeError(`${which} is no ${side}.`);
      if (order.forward) throw new RangeError(`${which} is a forward.`);
      if (order.microgrid !== microgrid) {
        throw new RangeError(`${which} is of microgrid ${order.microgrid}, not ${microgrid}.`);
      }
    };
  };
  supplies.forEach(check("offer"));
  demands.forEach(check("bid"));
}

function priceOf(orders: readonly Order[], index: number): bigint {
  const order = orders[index];
  if (order === undefined) throw new RangeError(`The batch has no order ${index}.`);
  return order.price;
}

const total = (numbers: readonly number[]): bigint => BigInt(numbers.reduce((a, b) => a + b, 0));

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
