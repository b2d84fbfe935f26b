import type { Address } from "viem";
import type { EventNamed } from "../../history/events.ts";
import { costOf } from "../../money.ts";
import type { Order } from "../../typedData.ts";
import type { CallOf } from "../calls.ts";
import { chargeOf } from "../ledger.ts";
import { expect, type Scene } from "../scene.ts";
import type { Way } from "./crossing.ts";
import { judgeDirectPurchase } from "./island.ts";
import { bookDraws, type JudgedSigner, judgeFill } from "./orders.ts";

const BPS = 10_000n;

/** One order taken by one taker, now or forward, as its events tell it. */
export interface Deal {
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
  /** What the event says that the order is filled by. */
  readonly filledWh: bigint;
  /** What the seller receives and what DSOs charge, in base units. */
  readonly due: bigint;
  readonly charge: bigint;
  /** What the seller locks. */
  readonly bonded: bigint;
  readonly drawn: readonly EventNamed<"Drawn">[];
}

export const isOfferOf = ({ maker, seller }: Pick<Deal, "maker" | "seller">): boolean =>
  maker === seller;

/** What the seller receives per kWh sent, by the price that the maker signed; undefined when charges exceed it. */
export function sellersPrice(order: Order, { chargePerKwh, lossBps }: Way): bigint | undefined {
  if (order.side === 0) return order.price;
  const price = (order.price * (BPS - lossBps)) / BPS - chargePerKwh;
  return price < 0n ? undefined : price;
}

/**
 * Judges what a deal has with its order: what the transaction asked for, all that {@link judgeFill} judges, the price,
 * the taker's limit, island rules and the delegate's allowance. Without calldata only the fill is compared.
 * @returns Who signed.
 */
export async function judgeDeal(
  scene: Scene,
  deal: Deal,
  call: CallOf<"accept" | "reserve"> | undefined,
  way: Way,
): Promise<JudgedSigner> {
  const isOffer = isOfferOf(deal);
  expect(
    scene,
    "overfill",
    deal.filledWh === (isOffer ? deal.sentWh : deal.arrivedWh),
    "filled-otherwise",
    { filledWh: deal.filledWh, sentWh: deal.sentWh, arrivedWh: deal.arrivedWh },
    deal.from,
  );
  if (call === undefined) {
    for (const check of ["order-signature", "price"] as const) {
      scene.unseen(check, "through-contract");
    }
    bookDraws(scene, deal.drawn, undefined);
    return { by: "not seen" };
  }
  const { order, signature, take, sender } = call;
  const asked =
    order.maker === deal.maker &&
    sender === (isOffer ? deal.buyer : deal.seller) &&
    (order.side === 0) === isOffer &&
    order.forward === deal.forward &&
    order.microgrid === (isOffer ? deal.from : deal.to) &&
    take.microgrid === (isOffer ? deal.to : deal.from) &&
    take.source === deal.source &&
    isSameEnergy(take, deal);
  expect(scene, "calldata", asked, "other-trade", { orderHash: deal.orderHash }, deal.from);
  const signer = await judgeFill(scene, {
    order,
    signature,
    currency: deal.currency,
    taker: sender,
    source: take.source,
    firstBlock: take.firstBlock,
    energy: take.energy,
    filledWh: deal.filledWh,
    orderHash: deal.orderHash,
  });
  judgePrice(scene, deal, call, way);
  const pricePerKwh = (sellersPrice(order, way) ?? 0n) + way.chargePerKwh;
  judgeDirectPurchase(scene, {
    microgrid: deal.to,
    buyer: deal.buyer,
    meter: isOffer ? take.meter : order.meter,
    pricePerKwh,
    firstBlock: take.firstBlock,
    energy: take.energy,
  });
  // Without the signature nobody knows whether a delegate signed.
  bookDraws(scene, deal.drawn, scene.checksSignatures ? drawsOf(scene, deal, signer) : undefined);
  return signer;
}

/** A limit of the taker, and for a spot trade the amount itself; a forward's depends on what was reserved before. */
function judgePrice(
  scene: Scene,
  deal: Deal,
  { order, take }: CallOf<"accept" | "reserve">,
  way: Way,
): void {
  const price = sellersPrice(order, way);
  const where = { orderHash: deal.orderHash, pricePerKwh: order.price };
  expect(
    scene,
    "price",
    price !== undefined,
    "charges-above-bid",
    { ...where, chargePerKwh: way.chargePerKwh, price: order.price },
    deal.from,
  );
  if (!deal.forward && price !== undefined) {
    const due = costOf(price, deal.sentWh);
    expect(
      scene,
      "price",
      deal.due === due,
      "other-price",
      { ...where, found: deal.due, due },
      deal.from,
    );
  }
  const isOffer = isOfferOf(deal);
  const withinLimit = isOffer ? deal.due + deal.charge <= take.limit : deal.due >= take.limit;
  expect(
    scene,
    "price",
    withinLimit,
    "limit-missed",
    { ...where, limit: take.limit, due: deal.due, charge: deal.charge },
    deal.from,
  );
}

function drawsOf(scene: Scene, deal: Deal, { delegate }: JudgedSigner) {
  if (delegate === undefined) return [];
  const cost = deal.due + deal.charge;
  const feedIn = scene.state.microgrids.get(deal.from)?.feedIn ?? 0n;
  const worth = costOf(feedIn, deal.sentWh);
  const amount = isOfferOf(deal) ? (cost > worth ? cost : worth) + deal.bonded : cost;
  return [{ maker: deal.maker, delegate, amount }];
}

/** The network fee or the wheeling charge of energy sent at once. */
export const chargeDue = ({ chargePerKwh }: Way, sentWh: bigint): bigint =>
  chargeOf(chargePerKwh, sentWh);

/** Whether two runs of words hold the same energy, whatever empty blocks they begin or end with. */
function isSameEnergy(
  asked: { readonly firstBlock: number; readonly energy: readonly bigint[] },
  moved: { readonly firstBlock: number; readonly energy: readonly bigint[] },
): boolean {
  const first = Math.min(asked.firstBlock, moved.firstBlock);
  const end = Math.max(
    asked.firstBlock + asked.energy.length,
    moved.firstBlock + moved.energy.length,
  );
  // Runs that lie far apart differ, unless both are empty.
  if (end - first > 2 * (asked.energy.length + moved.energy.length) + 8) return false;
  for (let block = first; block < end; block++) {
    const one = asked.energy[block - asked.firstBlock] ?? 0n;
    const other = moved.energy[block - moved.firstBlock] ?? 0n;
    if (one !== other) return false;
  }
  return true;
}
