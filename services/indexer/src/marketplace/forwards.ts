import { type Event, ponder } from "ponder:registry";
import { deliveryRecord, position, unmintable } from "ponder:schema";
import {
  deadlineOf,
  NO_POSITION,
  releasedOf,
  reservedMore,
  sourceAt,
  sourceIndex,
  sumWh,
  tradeOfRelease,
  tradeOfReservation,
} from "@wattline/sdk";
import { isAddressEqual } from "viem";
import { callsOf } from "../records/calldata.ts";
import { microgridOf, pay, payDsos } from "../records/money.ts";
import { type Db, type Occasion, occasionOf } from "../records/occasion.ts";
import { fillOrder } from "../records/orders.ts";
import { namedMeter } from "../records/spot.ts";
import { recordTrade } from "../records/trades.ts";

type Row = typeof position.$inferSelect;
type Terms = Event<"Marketplace:Reserved">["args"]["position"];

ponder.on("Marketplace:Reserved", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { orderHash, positionId, maker, nonce, filled, locked, bonded, firstBlock } = event.args;
  const { position: terms } = event.args;
  const { seller, buyer, currency } = terms;
  const calls = callsOf(event.transaction);
  const signed = calls.orders.get(orderHash);

  for (const [offset, word] of event.args.energy.entries()) {
    if (word !== 0n) await reserveBlock(db, occasion, positionId, terms, firstBlock + offset, word);
  }
  await pay(db, { currency, holder: buyer }, -locked);
  await pay(db, { currency, holder: seller }, -bonded);
  await fillOrder(db, occasion, { hash: orderHash, maker, nonce, signed }, filled);
  const buyerMeter = isAddressEqual(maker, seller)
    ? calls.takerMeters.get(orderHash)
    : signed?.order.meter;
  await recordTrade(db, occasion, {
    ...tradeOfReservation(event.args),
    sellerMeter: terms.meter,
    buyerMeter: namedMeter(buyerMeter),
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
  const charter = { slotSeconds, reportingDeadline: Number(reportingDeadline) };
  const after = (before: Pick<Row, "reserved">) => {
    const grown = reservedMore(terms, before, word);
    const deadline = BigInt(deadlineOf(charter, block, grown.reserved));
    return { ...grown, deadline, reservedAt: time, reserveTx: txHash };
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
      ...NO_POSITION,
      ...after(NO_POSITION),
    })
    .onConflictDoUpdate(after);
}

ponder.on("Marketplace:Released", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { positionId, blockNumber: block, paid, charge, refund, forfeited } = event.args;
  const found = await db.find(position, { positionId, block });
  if (found === null) throw new Error(`Block ${block} of ${positionId} was never reserved.`);
  // The row that was found changes with the update.
  const row = { ...found };
  const { seller, buyer, currency, fromMicrogrid: from, toMicrogrid: to } = row;

  await pay(db, { currency, holder: seller }, paid + row.bonded - forfeited);
  await pay(db, { currency, holder: buyer }, refund + forfeited);
  await payDsos(db, from, to, charge);
  await db.update(position, { positionId, block }).set({
    ...releasedOf(row, row, event.args),
    releasedAt: occasion.time,
    releaseTx: occasion.txHash,
  });
  await noteDelivery(db, row, sumWh([event.args.delivered]), forfeited);
  const terms = { ...row, source: sourceIndex(row.source), from, to };
  await recordTrade(db, occasion, {
    ...tradeOfRelease(terms, row.reserved, event.args),
    sellerMeter: row.meter,
    buyerMeter: null,
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
