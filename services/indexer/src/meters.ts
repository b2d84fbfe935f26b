import { ponder } from "ponder:registry";
import { meter, microgrid, production, reading } from "ponder:schema";
import { coveredSlots, type Source, sourceAt, sumWh } from "@wattline/sdk";
import { callsOf, readingKey } from "./records/calldata.ts";
import { type Db, occasionOf } from "./records/occasion.ts";

/** A meter that moves is registered again, elsewhere. */
ponder.on("Meters:MeterRegistered", async ({ event, context: { db } }) => {
  const { time } = await occasionOf(db, event);
  const { meter: address, microgrid: id, owner, source, capacityW, critical } = event.args;
  const registered = {
    microgrid: id,
    owner,
    source: sourceAt(source),
    capacityW: BigInt(capacityW),
    critical,
    active: true,
    registeredAt: time,
    retiredAt: null,
    pendingOwner: null,
    movingTo: null,
  };
  const before = await db.find(meter, { address });
  if (before?.active) await countMeters(db, before.microgrid, -1);
  await db
    .insert(meter)
    .values({ address, ...registered, reportedWh: 0n, readings: 0 })
    .onConflictDoUpdate(registered);
  await countMeters(db, id, 1);
});

const countMeters = (db: Db, id: number, more: number) =>
  db.update(microgrid, { id }).set((row) => ({ meters: row.meters + more }));

ponder.on("Meters:MeterOffered", async ({ event, context: { db } }) => {
  await occasionOf(db, event);
  const { meter: address, to } = event.args;
  await db.update(meter, { address }).set({ pendingOwner: BigInt(to) === 0n ? null : to });
});

ponder.on("Meters:MeterHandedOver", async ({ event, context: { db } }) => {
  await occasionOf(db, event);
  const { meter: address, to: owner } = event.args;
  await db.update(meter, { address }).set({ owner, pendingOwner: null });
});

ponder.on("Meters:MeterMoving", async ({ event, context: { db } }) => {
  await occasionOf(db, event);
  const { meter: address, microgrid: to } = event.args;
  await db.update(meter, { address }).set({ movingTo: to === 0 ? null : to });
});

ponder.on("Meters:CriticalSet", async ({ event, context: { db } }) => {
  await occasionOf(db, event);
  const { meter: address, critical } = event.args;
  await db.update(meter, { address }).set({ critical });
});

ponder.on("Meters:MeterRetired", async ({ event, context: { db } }) => {
  const { time } = await occasionOf(db, event);
  const { microgrid: id } = await db
    .update(meter, { address: event.args.meter })
    .set({ active: false, retiredAt: time });
  await countMeters(db, id, -1);
});

ponder.on("Meters:Reported", async ({ event, context: { db } }) => {
  const { id, time, txHash } = await occasionOf(db, event);
  const { meter: address, firstBlock, exported } = event.args;
  const words = [...exported];
  const covered = coveredSlots({ firstBlock, words });
  const exportedWh = sumWh(words);
  const slots = [...covered.keys()];
  const [firstSlot, lastSlot] = [BigInt(slots[0] ?? 0), BigInt(slots.at(-1) ?? 0)];

  const {
    microgrid: place,
    owner,
    source,
  } = await db.update(meter, { address }).set((row) => ({
    reportedWh: row.reportedWh + exportedWh,
    readings: row.readings + 1,
    lastSlot: row.lastSlot === null || row.lastSlot < lastSlot ? lastSlot : row.lastSlot,
    lastReadingAt: time,
  }));
  await db.insert(reading).values({
    id,
    meter: address,
    microgrid: place,
    source,
    owner,
    firstBlock,
    lastBlock: firstBlock + words.length - 1,
    firstSlot,
    lastSlot,
    words,
    exportedWh,
    signature:
      callsOf(event.transaction).readingSignatures.get(readingKey(address, firstBlock, exported)) ??
      null,
    time,
    txHash,
  });
  for (const [slot, wh] of covered) await produce(db, place, source, slot, wh);
  await db
    .update(microgrid, { id: place })
    .set((row) => ({ producedWh: row.producedWh + exportedWh }));
});

async function produce(db: Db, microgrid: number, source: Source, slot: number, wh: bigint) {
  await db
    .insert(production)
    .values({ microgrid, source, slot: BigInt(slot), reportedWh: wh, readings: 1 })
    .onConflictDoUpdate((row) => ({
      reportedWh: row.reportedWh + wh,
      readings: row.readings + 1,
    }));
}
