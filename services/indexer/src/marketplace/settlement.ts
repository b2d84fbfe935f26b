import { ponder } from "ponder:registry";
import { skip } from "ponder:schema";
import { tradeOfMatch } from "@wattline/sdk";
import { callsOf } from "../records/calldata.ts";
import { microgridOf, pay, payDsos } from "../records/money.ts";
import { occasionOf } from "../records/occasion.ts";
import { fillOrder } from "../records/orders.ts";
import { leaveOpen, openOf } from "../records/pending.ts";
import { namedMeter } from "../records/spot.ts";
import { recordTrade } from "../records/trades.ts";

/** A match: its energy has moved before. */
ponder.on("Marketplace:Matched", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { offerHash, bidHash, offerNonce, bidNonce, sentWh, arrivedWh } = event.args;
  const open = await openOf(db, occasion.txHash);
  const [sent, arrived = sent] = open.moves;
  if (sent === undefined || arrived === undefined) {
    throw new Error(`No energy moved for match ${occasion.id}.`);
  }
  const trade = tradeOfMatch(event.args, sent, arrived);
  const { seller, buyer, from, to, costMillis, chargeMillis } = trade;

  const wasOdd = open.odd?.from === from && open.odd.to === to;
  const isOdd = from !== to && (chargeMillis % 2n === 1n) !== wasOdd;
  await leaveOpen(db, occasion.txHash, { moves: [], ...(isOdd && { odd: { from, to } }) });

  const { currency } = await microgridOf(db, from);
  await pay(db, { currency, holder: buyer }, -costMillis);
  await pay(db, { currency, holder: seller }, costMillis - chargeMillis);
  await payDsos(db, from, to, chargeMillis, wasOdd ? 1n : 0n);

  const { orders } = callsOf(event.transaction);
  const [offer, bid] = [orders.get(offerHash), orders.get(bidHash)];
  const offered = { hash: offerHash, maker: seller, nonce: offerNonce, signed: offer };
  const wanted = { hash: bidHash, maker: buyer, nonce: bidNonce, signed: bid };
  await fillOrder(db, occasion, offered, sentWh);
  await fillOrder(db, occasion, wanted, arrivedWh);
  await recordTrade(db, occasion, {
    ...trade,
    sellerMeter: namedMeter(offer?.order.meter),
    buyerMeter: namedMeter(bid?.order.meter),
  });
});

ponder.on("Marketplace:Skipped", async ({ event, context: { db } }) => {
  const { id, time, txHash } = await occasionOf(db, event);
  const { offerHash, bidHash, reason } = event.args;
  await db.insert(skip).values({ id, offerHash, bidHash, reason, time, txHash });
});
