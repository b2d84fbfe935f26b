import { ponder } from "ponder:registry";
import { skip } from "ponder:schema";
import { LANES } from "@wattline/sdk";
import { callsOf } from "../books/calls.ts";
import { totalWh } from "../books/energy.ts";
import { microgridOf, pay, payDsos } from "../books/money.ts";
import { occasionOf } from "../books/occasion.ts";
import { fillOrder } from "../books/orders.ts";
import { leaveOpen, openOf } from "../books/pending.ts";
import { namedMeter } from "../books/spot.ts";
import { bookTrade } from "../books/trades.ts";

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

/** The end of a batch: its moves and its matches stand in the same order, and the prices are known. */
ponder.on("Marketplace:Cleared", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { microgrid, firstBlock } = event.args;
  const { moves, matches } = await openOf(db, occasion.txHash);
  await leaveOpen(db, occasion.txHash, { moves: [], matches: [] });
  const { orders } = callsOf(event.transaction);
  const { currency } = await microgridOf(db, microgrid);
  const prices = new Map(
    event.args.prices.map((price, index) => [firstBlock * LANES + index, price]),
  );

  for (const [index, match] of matches.entries()) {
    const move = moves[index];
    if (move === undefined) throw new Error(`No energy moved for match ${match.id}.`);
    const { from: seller, to: buyer, lot } = move;
    const { id, logIndex, offerHash, bidHash, cost, charge } = match;
    const [offer, bid] = [orders.get(offerHash), orders.get(bidHash)];
    const filledWh = totalWh(lot.energyWh);
    await pay(db, { currency, holder: buyer }, -cost);
    await pay(db, { currency, holder: seller }, cost - charge);
    await payDsos(db, microgrid, microgrid, charge);
    const [offered, wanted] = [
      { hash: offerHash, maker: seller, nonce: match.offerNonce, signed: offer },
      { hash: bidHash, maker: buyer, nonce: match.bidNonce, signed: bid },
    ];
    await fillOrder(db, occasion, offered, filledWh);
    await fillOrder(db, occasion, wanted, filledWh);
    await bookTrade(
      db,
      { ...occasion, id, logIndex },
      {
        kind: "settle",
        seller,
        buyer,
        offerHash,
        bidHash,
        sellerMeter: namedMeter(offer?.order.meter),
        buyerMeter: namedMeter(bid?.order.meter),
        source: lot.source,
        from: microgrid,
        to: microgrid,
        sentWh: lot.energyWh,
        arrivedWh: lot.energyWh,
        prices,
        cost,
        charge,
      },
    );
  }
});
