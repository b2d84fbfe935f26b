import { type Event, ponder } from "ponder:registry";
import { deliveryRecord, position, unmintable } from "ponder:schema";
import { costOf, LANES, sumWh, unpackProfile } from "@wattline/sdk";
import { isAddressEqual } from "viem";
import { callsOf } from "../books/calls.ts";
import { arrivingOf, sourceAt } from "../books/energy.ts";
import { microgridOf, pay, payDsos } from "../books/money.ts";
import { type Db, type Occasion, occasionOf } from "../books/occasion.ts";
import { fillOrder } from "../books/orders.ts";
import { namedMeter } from "../books/spot.ts";
import { bookTrade } from "../books/trades.ts";

type Row = typeof position.$inferSelect;
type Terms = Event<"Marketplace:Reserved">["args"]["position"];

/** What a block of a position has locked for this word: the charge is rounded down, the rest up. */
function lockedFor(
  { price, charge, bond }: Pick<Terms, "price" | "charge" | "bond">,
  word: bigint,
) {
  const reservedWh = sumWh([word]);
  return {
    reserved: word,
    reservedWh,
    locked: costOf(price, reservedWh) + (charge * reservedWh) / 1000n,
    bonded: costOf(bond, reservedWh),
  };
}

ponder.on("Marketplace:Reserved", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { orderHash, positionId, maker, nonce, filled, locked, bonded, firstBlock } = event.args;
  const { position: terms } = event.args;
  const { seller, buyer, currency, from, to, charge } = terms;
  const words = [...event.args.energy];
  const calls = callsOf(event.transaction);
  const signed = calls.orders.get(orderHash);
  const isOffer = isAddressEqual(maker, seller);

  for (const [offset, word] of words.entries()) {
    if (word !== 0n) await reserveBlock(db, occasion, positionId, terms, firstBlock + offset, word);
  }
  await pay(db, { currency, holder: buyer }, -locked);
  await pay(db, { currency, holder: seller }, -bonded);
  await fillOrder(db, occasion, { hash: orderHash, maker, nonce, signed }, filled);
  const sentWh = unpackProfile({ firstBlock, words });
  const buyerMeter = isOffer ? calls.takerMeters.get(orderHash) : signed?.order.meter;
  await bookTrade(db, occasion, {
    kind: "reserve",
    seller,
    buyer,
    maker,
    taker: isOffer ? buyer : seller,
    ...(isOffer ? { offerHash: orderHash } : { bidHash: orderHash }),
    positionId,
    sellerMeter: terms.meter,
    buyerMeter: namedMeter(buyerMeter),
    source: sourceAt(terms.source),
    from,
    to,
    sentWh,
    arrivedWh: arrivingOf(sentWh, terms.lossBps),
    cost: locked,
    charge: (charge * sumWh(words)) / 1000n,
    bond: bonded,
  });
});

async function reserveBlock(
  db: Db,
  { time, txHash }: Occasion,
  positionId: Row["positionId"],
  { from, to, source, ...terms }: Terms,
  block: number,
  word: bigint,
): Promise<void> {
  const { slotSeconds, reportingDeadline } = await microgridOf(db, from);
  const deadlineOf = (reserved: bigint): bigint => {
    const slots = [...unpackProfile({ firstBlock: block, words: [reserved] }).keys()];
    return BigInt((slots.at(-1) ?? block * LANES) + 1) * BigInt(slotSeconds) + reportingDeadline;
  };
  await db
    .insert(position)
    .values({
      positionId,
      block,
      ...terms,
      source: sourceAt(source),
      fromMicrogrid: from,
      toMicrogrid: to,
      state: "open",
      ...lockedFor(terms, word),
      delivered: 0n,
      deliveredWh: 0n,
      promisedWh: 0n,
      paid: 0n,
      charged: 0n,
      refund: 0n,
      forfeited: 0n,
      deadline: deadlineOf(word),
      reservedAt: time,
      reserveTx: txHash,
    })
    .onConflictDoUpdate((row) => ({
      state: "open",
      ...lockedFor(terms, row.reserved + word),
      deadline: deadlineOf(row.reserved + word),
      reservedAt: time,
      reserveTx: txHash,
    }));
}

ponder.on("Marketplace:Released", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { positionId, blockNumber: block, delivered, paid, charge, refund, forfeited } = event.args;
  const found = await db.find(position, { positionId, block });
  if (found === null) throw new Error(`Block ${block} of ${positionId} was never reserved.`);
  // What was found changes with the row.
  const row = { ...found };
  const { seller, buyer, currency, fromMicrogrid: from, toMicrogrid: to } = row;
  const deliveredWh = sumWh([delivered]);

  await pay(db, { currency, holder: seller }, paid + row.bonded - forfeited);
  await pay(db, { currency, holder: buyer }, refund + forfeited);
  await payDsos(db, from, to, charge);
  await db.update(position, { positionId, block }).set({
    state: "released",
    ...lockedFor(row, 0n),
    delivered: row.delivered + delivered,
    deliveredWh: row.deliveredWh + deliveredWh,
    promisedWh: row.promisedWh + row.reservedWh,
    paid: row.paid + paid,
    charged: row.charged + charge,
    refund: row.refund + refund,
    forfeited: row.forfeited + forfeited,
    releasedAt: occasion.time,
    releaseTx: occasion.txHash,
  });
  await noteDelivery(db, row, deliveredWh, forfeited);
  const sentWh = unpackProfile({ firstBlock: block, words: [delivered] });
  await bookTrade(db, occasion, {
    kind: "release",
    seller,
    buyer,
    positionId,
    sellerMeter: row.meter,
    source: row.source,
    from,
    to,
    sentWh,
    arrivedWh: arrivingOf(sentWh, row.lossBps),
    reservedWh: unpackProfile({ firstBlock: block, words: [row.reserved] }),
    cost: paid + charge,
    charge,
    bond: forfeited,
    refund,
  });
});

async function noteDelivery(
  db: Db,
  { seller, reservedWh }: Row,
  deliveredWh: bigint,
  forfeited: bigint,
): Promise<void> {
  const short = deliveredWh < reservedWh ? 1 : 0;
  await db
    .insert(deliveryRecord)
    .values({
      seller,
      promisedWh: reservedWh,
      deliveredWh,
      blocks: 1,
      shortBlocks: short,
      forfeited,
    })
    .onConflictDoUpdate((record) => ({
      promisedWh: record.promisedWh + reservedWh,
      deliveredWh: record.deliveredWh + deliveredWh,
      blocks: record.blocks + 1,
      shortBlocks: record.shortBlocks + short,
      forfeited: record.forfeited + forfeited,
    }));
}

ponder.on("Marketplace:Unmintable", async ({ event, context: { db } }) => {
  const { id, txHash } = await occasionOf(db, event);
  const { holder, line, blockNumber: block, energy: word } = event.args;
  await db.insert(unmintable).values({
    id,
    holder,
    microgrid: Number(line >> 8n),
    source: sourceAt(Number(line & 0xffn)),
    block,
    word,
    txHash,
  });
});
