import type { Address } from "viem";
import type { EventNamed } from "../../history/events.ts";
import { costOf } from "../../money.ts";
import type { Order } from "../../typedData.ts";
import type { CallOf } from "../calls.ts";
import { type AuditContext, expect } from "../context.ts";
import { chargeOf } from "../ledger.ts";
import type { Way } from "./crossing.ts";
import { judgeDirectPurchase } from "./island.ts";
import { type JudgedSigner, judgeFill, recordDraws } from "./orders.ts";

const BPS = 10_000n;

/** An order as one taker took it, spot or forward, according to its events. */
export interface TakenOrder {
  readonly forward: boolean;
  readonly orderHash: `0x${string}`;
  readonly maker: Address;
  readonly seller: Address;
  readonly buyer: Address;
  readonly from: number;
  readonly to: number;
  readonly source: number;
  readonly currency: Address;
  readonly firstBlock: number;
  /** As sent. */
  readonly energy: readonly bigint[];
  readonly sentWh: bigint;
  readonly arrivedWh: bigint;
  /** The event's fill of the order. */
  readonly filledWh: bigint;
  /** The seller's and the DSOs' part, in base units. */
  readonly due: bigint;
  readonly charge: bigint;
  /** The seller's bond. */
  readonly bonded: bigint;
  readonly drawn: readonly EventNamed<"Drawn">[];
}

export const isOfferOf = ({ maker, seller }: Pick<TakenOrder, "maker" | "seller">): boolean =>
  maker === seller;

/** What the seller receives per kWh sent at the signed price; undefined when charges exceed it. */
export function sellersPrice(order: Order, { chargePerKwh, lossBps }: Way): bigint | undefined {
  if (order.side === 0) return order.price;
  const price = (order.price * (BPS - lossBps)) / BPS - chargePerKwh;
  return price < 0n ? undefined : price;
}

/**
 * Judges a taken order: the transaction's call, everything in {@link judgeFill}, the price, the taker's limit, island
 * rules and the delegate's allowance. Without calldata only the fill is compared.
 * @returns Who signed.
 */
export async function judgeTakenOrder(
  context: AuditContext,
  taken: TakenOrder,
  call: CallOf<"accept" | "reserve"> | undefined,
  way: Way,
): Promise<JudgedSigner> {
  const isOffer = isOfferOf(taken);
  expect(
    context,
    "overfill",
    taken.filledWh === (isOffer ? taken.sentWh : taken.arrivedWh),
    "filled-otherwise",
    { filledWh: taken.filledWh, sentWh: taken.sentWh, arrivedWh: taken.arrivedWh },
    taken.from,
  );
  if (call === undefined) {
    for (const check of ["order-signature", "price"] as const) {
      context.unseen(check, "through-contract");
    }
    recordDraws(context, taken.drawn, undefined);
    return { by: "not seen" };
  }
  const { order, signature, take, sender } = call;
  const asked =
    order.maker === taken.maker &&
    sender === (isOffer ? taken.buyer : taken.seller) &&
    (order.side === 0) === isOffer &&
    order.forward === taken.forward &&
    order.microgrid === (isOffer ? taken.from : taken.to) &&
    take.microgrid === (isOffer ? taken.to : taken.from) &&
    take.source === taken.source &&
    isSameEnergy(take, taken);
  expect(context, "calldata", asked, "other-trade", { orderHash: taken.orderHash }, taken.from);
  const signer = await judgeFill(context, {
    order,
    signature,
    currency: taken.currency,
    taker: sender,
    source: take.source,
    firstBlock: take.firstBlock,
    energy: take.energy,
    filledWh: taken.filledWh,
    orderHash: taken.orderHash,
  });
  judgePrice(context, taken, call, way);
  const pricePerKwh = (sellersPrice(order, way) ?? 0n) + way.chargePerKwh;
  judgeDirectPurchase(context, {
    microgrid: taken.to,
    buyer: taken.buyer,
    meter: isOffer ? take.meter : order.meter,
    pricePerKwh,
    firstBlock: take.firstBlock,
    energy: take.energy,
  });
  // Without the signature it is not known whether a delegate signed.
  recordDraws(
    context,
    taken.drawn,
    context.checksSignatures ? drawsOf(context, taken, signer) : undefined,
  );
  return signer;
}

/** The taker's limit, and for a spot trade the amount too; a forward's amount depends on earlier reservations. */
function judgePrice(
  context: AuditContext,
  taken: TakenOrder,
  { order, take }: CallOf<"accept" | "reserve">,
  way: Way,
): void {
  const price = sellersPrice(order, way);
  const where = { orderHash: taken.orderHash, pricePerKwh: order.price };
  expect(
    context,
    "price",
    price !== undefined,
    "charges-above-bid",
    { ...where, chargePerKwh: way.chargePerKwh, price: order.price },
    taken.from,
  );
  if (!taken.forward && price !== undefined) {
    const due = costOf(price, taken.sentWh);
    expect(
      context,
      "price",
      taken.due === due,
      "other-price",
      { ...where, found: taken.due, due },
      taken.from,
    );
  }
  const isOffer = isOfferOf(taken);
  const withinLimit = isOffer ? taken.due + taken.charge <= take.limit : taken.due >= take.limit;
  expect(
    context,
    "price",
    withinLimit,
    "limit-missed",
    { ...where, limit: take.limit, due: taken.due, charge: taken.charge },
    taken.from,
  );
}

function drawsOf(context: AuditContext, taken: TakenOrder, { delegate }: JudgedSigner) {
  if (delegate === undefined) return [];
  const cost = taken.due + taken.charge;
  const feedIn = context.state.microgrids.get(taken.from)?.feedIn ?? 0n;
  const worth = costOf(feedIn, taken.sentWh);
  const amount = isOfferOf(taken) ? (cost > worth ? cost : worth) + taken.bonded : cost;
  return [{ maker: taken.maker, delegate, amount }];
}

/** The network fee or wheeling charge of energy sent at once. */
export const chargeDue = ({ chargePerKwh }: Way, sentWh: bigint): bigint =>
  chargeOf(chargePerKwh, sentWh);

/** Whether two runs of words hold the same energy, ignoring empty blocks at both ends. */
function isSameEnergy(
  asked: { readonly firstBlock: number; readonly energy: readonly bigint[] },
  moved: { readonly firstBlock: number; readonly energy: readonly bigint[] },
): boolean {
  const first = Math.min(asked.firstBlock, moved.firstBlock);
  const end = Math.max(
    asked.firstBlock + asked.energy.length,
    moved.firstBlock + moved.energy.length,
  );
  // Runs that are far apart differ, unless both are empty.
  if (end - first > 2 * (asked.energy.length + moved.energy.length) + 8) return false;
  for (let block = first; block < end; block++) {
    const one = asked.energy[block - asked.firstBlock] ?? 0n;
    const other = moved.energy[block - moved.firstBlock] ?? 0n;
    if (one !== other) return false;
  }
  return true;
}
