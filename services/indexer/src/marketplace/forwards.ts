import { type Event, ponder } from "ponder:registry";
import { deliveryRecord, position, positionBlock, unmintable } from "ponder:schema";
import {
  type Position,
  releasedBlock,
  reservedBlocks,
  signedHash,
  sourceAt,
  sourceIndex,
  subtractWords,
  tradeOfRelease,
  tradeOfReservation,
} from "@wattline/sdk";
import type { Hex } from "viem";
import { type Calls, callsOf } from "../records/calldata.ts";
import { addFlow, takeFlow } from "../records/flows.ts";
import { pay, payDsos } from "../records/money.ts";
import { type Db, type Occasion, occasionOf } from "../records/occasion.ts";
import { fillOrder } from "../records/orders.ts";
import { namedMeter } from "../records/spot.ts";
import { recordTrade } from "../records/trades.ts";

type Row = typeof position.$inferSelect;

ponder.on("Marketplace:Reserved", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { positionId, offerHash, bidHash, locked, bonded, position: terms } = event.args;
  const { seller, buyer, currency, from, to, source, energy, ahead, ...rest } = terms;
  const blocks = reservedBlocks(terms);
  await db.insert(position).values({
    positionId,
    seller,
    buyer,
    currency,
    fromMicrogrid: from,
    toMicrogrid: to,
    source: sourceAt(source),
    energy: [...energy],
    ahead: [...ahead],
    ...rest,
    offerHash: signedHash(offerHash) ?? null,
    bidHash: signedHash(bidHash) ?? null,
    open: blocks.length,
    reservedAt: occasion.time,
    reserveTx: occasion.txHash,
  });
  for (const block of blocks) {
    await db.insert(positionBlock).values({ positionId, ...block });
    if (from !== to) await addFlow(db, { from, to, block: block.block }, block.energy);
  }
  await pay(db, { currency, holder: buyer }, -locked);
  await pay(db, { currency, holder: seller }, -bonded);

  const trade = tradeOfReservation(event.args);
  const calls = callsOf(event.transaction);
  await fillSides(db, occasion, event.args, calls, {
    sentWh: sumOf(trade.sentWh.values()),
    arrivedWh: sumOf(trade.arrivedWh.values()),
  });
  const bid = signedHash(bidHash);
  const buyerMeter =
    bid === undefined ? calls.takerMeters.get(offerHash) : calls.orders.get(bid)?.order.meter;
  await recordTrade(db, occasion, {
    ...trade,
    sellerMeter: terms.meter,
    buyerMeter: namedMeter(buyerMeter),
  });
});

/** Adds to the fills of the orders that were signed: one, or both where two were matched. */
async function fillSides(
  db: Db,
  occasion: Occasion,
  args: Event<"Marketplace:Reserved">["args"],
  { orders }: Calls,
  { sentWh, arrivedWh }: { readonly sentWh: bigint; readonly arrivedWh: bigint },
): Promise<void> {
  const { seller, buyer } = args.position;
  const fill = async (hash: Hex, maker: Hex, nonce: bigint, wh: bigint) => {
    if (signedHash(hash) === undefined) return;
    await fillOrder(db, occasion, { hash, maker, nonce, signed: orders.get(hash) }, wh);
  };
  await fill(args.offerHash, seller, args.offerNonce, sentWh);
  await fill(args.bidHash, buyer, args.bidNonce, arrivedWh);
}

ponder.on("Marketplace:Released", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { positionId, blockNumber: block, paid, charge, refund, forfeited } = event.args;
  const row = await db.find(position, { positionId });
  const found = await db.find(positionBlock, { positionId, block });
  if (row === null || found === null) {
    throw new Error(`Block ${block} of ${positionId} was never reserved.`);
  }
  // The row that was found changes with the update.
  const before = { ...found };
  const after = releasedBlock(before, event.args);
  const { seller, buyer, currency, fromMicrogrid: from, toMicrogrid: to } = row;

  const sellerMillis = paid + before.bondedMillis - charge - forfeited;
  await pay(db, { currency, holder: seller }, sellerMillis);
  await pay(db, { currency, holder: buyer }, refund + forfeited);
  await payDsos(db, from, to, charge);
  await db.update(positionBlock, { positionId, block }).set({
    state: after.state,
    delivered: after.delivered,
    deliveredWh: after.deliveredWh,
    undelivered: after.undelivered,
    paidMillis: after.paidMillis,
    chargeMillis: after.chargeMillis,
    refundMillis: after.refundMillis,
    forfeitedMillis: after.forfeitedMillis,
    releasedAt: occasion.time,
    releaseTx: occasion.txHash,
  });
  await db.update(position, { positionId }).set(({ open }) => ({ open: open - 1 }));
  if (from !== to) {
    await takeFlow(db, { from, to, block }, subtractWords(before.energy, after.delivered));
  }
  await noteDelivery(db, seller, before.energyWh, after.deliveredWh, forfeited);
  await recordTrade(db, occasion, {
    ...tradeOfRelease(termsIn(row), before, event.args),
    sellerMeter: row.meter,
    buyerMeter: null,
  });
});

/** The terms of a position from its row. */
const termsIn = ({ source, fromMicrogrid, toMicrogrid, ...row }: Row): Position => ({
  ...row,
  source: sourceIndex(source),
  from: fromMicrogrid,
  to: toMicrogrid,
});

async function noteDelivery(
  db: Db,
  seller: Hex,
  promisedWh: bigint,
  deliveredWh: bigint,
  forfeitedMillis: bigint,
): Promise<void> {
  const short = deliveredWh < promisedWh ? 1 : 0;
  await db
    .insert(deliveryRecord)
    .values({ seller, promisedWh, deliveredWh, blocks: 1, shortBlocks: short, forfeitedMillis })
    .onConflictDoUpdate((record) => ({
      promisedWh: record.promisedWh + promisedWh,
      deliveredWh: record.deliveredWh + deliveredWh,
      blocks: record.blocks + 1,
      shortBlocks: record.shortBlocks + short,
      forfeitedMillis: record.forfeitedMillis + forfeitedMillis,
    }));
}

function sumOf(amounts: Iterable<bigint>): bigint {
  let sum = 0n;
  for (const each of amounts) sum += each;
  return sum;
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
