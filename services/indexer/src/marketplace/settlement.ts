import { ponder } from "ponder:registry";
import { skip } from "ponder:schema";
import { movedWh, tradeOfMatch } from "@wattline/sdk";
import { callsOf } from "../records/calldata.ts";
import { microgridOf, pay, payDsos } from "../records/money.ts";
import { occasionOf } from "../records/occasion.ts";
import { fillOrder } from "../records/orders.ts";
import { leaveOpen, openOf } from "../records/pending.ts";
import { namedMeter } from "../records/spot.ts";
import { recordTrade } from "../records/trades.ts";

ponder.on("Marketplace:Matched", async ({ event, context: { db } }) => {
  const { id, logIndex, txHash } = await occasionOf(db, event);
  const open = await openOf(db, txHash);
  const match = { id, logIndex, ...event.args };
  await leaveOpen(db, txHash, { ...open, matches: [...open.matches, match] });
});

ponder.on("Marketplace:Skipped", async ({ event, context: { db } }) => {
  const { id, time, txHash } = await occasionOf(db, event);
  const { offerHash, bidHash, reason } = event.args;
  await db.insert(skip).values({ id, offerHash, bidHash, reason, time, txHash });
});

/** The end of a batch: its moves and matches are in the same order, and the prices are known. */
ponder.on("Marketplace:Cleared", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { microgrid } = event.args;
  const { moves, matches } = await openOf(db, occasion.txHash);
  await leaveOpen(db, occasion.txHash, { moves: [], matches: [] });
  const { orders } = callsOf(event.transaction);
  const { currency } = await microgridOf(db, microgrid);

  for (const [index, match] of matches.entries()) {
    const move = moves[index];
    if (move === undefined) throw new Error(`No energy moved for match ${match.id}.`);
    const { id, logIndex, offerHash, bidHash } = match;
    const trade = tradeOfMatch(match, move, event.args);
    const { seller, buyer, cost, charge } = trade;
    const [offer, bid] = [orders.get(offerHash), orders.get(bidHash)];
    const filledWh = movedWh(move);
    await pay(db, { currency, holder: buyer }, -cost);
    await pay(db, { currency, holder: seller }, cost - charge);
    await payDsos(db, microgrid, microgrid, charge);
    const [offered, wanted] = [
      { hash: offerHash, maker: seller, nonce: match.offerNonce, signed: offer },
      { hash: bidHash, maker: buyer, nonce: match.bidNonce, signed: bid },
    ];
    await fillOrder(db, occasion, offered, filledWh);
    await fillOrder(db, occasion, wanted, filledWh);
    const meters = {
      sellerMeter: namedMeter(offer?.order.meter),
      buyerMeter: namedMeter(bid?.order.meter),
    };
    await recordTrade(db, { ...occasion, id, logIndex }, { ...trade, ...meters });
  }
});
