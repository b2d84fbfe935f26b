import { ponder } from "ponder:registry";
import { island, microgrid, ration, schedule, tieLine, tieLineProposal } from "ponder:schema";
import { type Microgrid, microgridAfter, microgridOf as microgridFounded } from "@wattline/sdk";
import { eq } from "ponder";
import { communityColumns, communityOf } from "./records/communities.ts";
import { type Db, occasionOf } from "./records/occasion.ts";

type MicrogridEvent = Parameters<typeof microgridAfter>[1];

/** Updates a microgrid's row by an event: what it means is read by the sdk alone. */
async function change(db: Db, event: MicrogridEvent, time: bigint): Promise<Microgrid> {
  const { microgrid: id } = event.args;
  const after = microgridAfter(await communityOf(db, id), event, Number(time));
  await db.update(microgrid, { id }).set(communityColumns(after));
  return after;
}

ponder.on("Microgrids:Founded", async ({ event, context: { db } }) => {
  const { time, txHash, logIndex } = await occasionOf(db, event);
  const { args } = event;
  const { microgrid: id, charter } = args;
  await db.insert(microgrid).values({
    id,
    name: charter.name,
    ...communityColumns(microgridFounded({ eventName: "Founded", args, logIndex })),
    latitudeTenths: charter.latitudeTenths,
    longitudeTenths: charter.longitudeTenths,
    currency: charter.currency,
    slotSeconds: charter.slotSeconds,
    reportingDeadline: BigInt(charter.reportingDeadline),
    utcOffsetMinutes: charter.utcOffsetMinutes,
    foundedAt: time,
    meters: 0,
    producedWh: 0n,
    tradedWh: 0n,
    tradedCostMillis: 0n,
    trades: 0,
    retiredWh: 0n,
  });
  await db
    .insert(ration)
    .values({ microgrid: id, fromSlot: 0n, rationWh: BigInt(args.ration), txHash });
});

ponder.on("Microgrids:Scheduled", async ({ event, context: { db } }) => {
  const { time, txHash, logIndex } = await occasionOf(db, event);
  const { args } = event;
  await change(db, { eventName: "Scheduled", args, logIndex }, time);
  const { levels } = args;
  await db.insert(schedule).values({
    microgrid: args.microgrid,
    number: args.schedule,
    firstSlot: BigInt(args.firstSlot),
    levelOfHour: BigInt(args.levelOfHour),
    prices: levels.map(({ price }) => price),
    fees: levels.map(({ fee }) => fee),
    caps: levels.map(({ cap }) => cap),
    feedIns: levels.map(({ feedIn }) => feedIn),
    retails: levels.map(({ retail }) => retail),
    announcedAt: time,
    txHash,
  });
});

ponder.on("Microgrids:RationSet", async ({ event, context: { db } }) => {
  const { time, txHash, logIndex } = await occasionOf(db, event);
  const { args } = event;
  await change(db, { eventName: "RationSet", args, logIndex }, time);
  const set = { rationWh: BigInt(args.ration), txHash };
  await db
    .insert(ration)
    .values({ microgrid: args.microgrid, fromSlot: BigInt(args.fromSlot), ...set })
    .onConflictDoUpdate(set);
});

ponder.on("Microgrids:DsoSet", async ({ event, context: { db } }) => {
  const { time, logIndex } = await occasionOf(db, event);
  await change(db, { eventName: "DsoSet", args: event.args, logIndex }, time);
});

/** An island's row while it lasts: found again by its microgrid and number. */
const islandId = (microgrid: number, number: number): string => `${microgrid}-${number}`;

ponder.on("Microgrids:Islanded", async ({ event, context: { db } }) => {
  const { time, txHash, logIndex } = await occasionOf(db, event);
  const { args } = event;
  await change(db, { eventName: "Islanded", args, logIndex }, time);
  await db.insert(island).values({
    id: islandId(args.microgrid, args.island),
    microgrid: args.microgrid,
    firstSlot: BigInt(args.firstSlot),
    declared: false,
    time,
    txHash,
  });
});

ponder.on("Microgrids:Reconnected", async ({ event, context: { db } }) => {
  const { time, logIndex } = await occasionOf(db, event);
  const { args } = event;
  await change(db, { eventName: "Reconnected", args, logIndex }, time);
  await db
    .update(island, { id: islandId(args.microgrid, args.island) })
    .set({ lastSlot: BigInt(args.lastSlot), endedAt: time });
});

ponder.on("Microgrids:IslandDeclared", async ({ event, context: { db } }) => {
  const { id, time, txHash, logIndex } = await occasionOf(db, event);
  const { args } = event;
  await change(db, { eventName: "IslandDeclared", args, logIndex }, time);
  const [firstSlot, lastSlot] = [BigInt(args.firstSlot), BigInt(args.lastSlot)];
  await db.insert(island).values({
    id,
    microgrid: args.microgrid,
    firstSlot,
    lastSlot,
    declared: true,
    time,
    endedAt: time,
    txHash,
  });
});

ponder.on("Microgrids:ClosedFrom", async ({ event, context: { db } }) => {
  const { time, logIndex } = await occasionOf(db, event);
  await change(db, { eventName: "ClosedFrom", args: event.args, logIndex }, time);
});

ponder.on("Microgrids:HandOverOffered", async ({ event, context: { db } }) => {
  const { time, logIndex } = await occasionOf(db, event);
  await change(db, { eventName: "HandOverOffered", args: event.args, logIndex }, time);
});

ponder.on("Microgrids:OperatorChanged", async ({ event, context: { db } }) => {
  const { time, logIndex } = await occasionOf(db, event);
  const { args } = event;
  await change(db, { eventName: "OperatorChanged", args, logIndex }, time);
  // What a former operator proposed binds nobody.
  const proposed = await db.sql
    .select({ lower: tieLineProposal.lower, higher: tieLineProposal.higher })
    .from(tieLineProposal)
    .where(eq(tieLineProposal.by, args.microgrid));
  for (const { lower, higher } of proposed) await db.delete(tieLineProposal, { lower, higher });
});

ponder.on("Microgrids:TieLineProposed", async ({ event, context: { db } }) => {
  const { time } = await occasionOf(db, event);
  const { lower, higher, by, line } = event.args;
  const proposed = {
    by,
    lossBps: line.lossBps,
    capacityWh: BigInt(line.capacity),
    wheelingUp: line.wheelingUp,
    wheelingDown: line.wheelingDown,
    time,
  };
  await db
    .insert(tieLineProposal)
    .values({ lower, higher, ...proposed })
    .onConflictDoUpdate(proposed);
});

ponder.on("Microgrids:TieLineAgreed", async ({ event, context: { db } }) => {
  const { time } = await occasionOf(db, event);
  const { lower, higher, line, effectiveAt } = event.args;
  const terms = {
    lossBps: line.lossBps,
    capacityWh: BigInt(line.capacity),
    wheelingUp: line.wheelingUp,
    wheelingDown: line.wheelingDown,
  };
  await replaceLine(db, { lower, higher }, terms, BigInt(effectiveAt), time);
});

ponder.on("Microgrids:TieLineEnded", async ({ event, context: { db } }) => {
  const { time } = await occasionOf(db, event);
  const { lower, higher, effectiveAt } = event.args;
  const nothing = { lossBps: 0, capacityWh: 0n, wheelingUp: 0n, wheelingDown: 0n };
  await replaceLine(db, { lower, higher }, nothing, BigInt(effectiveAt), time);
});

type Terms = Pick<
  typeof tieLine.$inferSelect,
  "lossBps" | "capacityWh" | "wheelingUp" | "wheelingDown"
>;

/** Has these terms follow those in force; the first ones of a line hold at once. */
async function replaceLine(
  db: Db,
  line: { readonly lower: number; readonly higher: number },
  terms: Terms,
  effectiveAt: bigint,
  time: bigint,
): Promise<void> {
  await db.delete(tieLineProposal, line);
  await db
    .insert(tieLine)
    .values({ ...line, ...terms, effectiveAt, sentUpWh: 0n, sentDownWh: 0n })
    .onConflictDoUpdate((row) => ({
      // Terms agreed earlier apply until then, if they are already in force.
      ...(row.effectiveAt <= time && {
        lossBps: row.nextLossBps ?? row.lossBps,
        capacityWh: row.nextCapacityWh ?? row.capacityWh,
        wheelingUp: row.nextWheelingUp ?? row.wheelingUp,
        wheelingDown: row.nextWheelingDown ?? row.wheelingDown,
      }),
      nextLossBps: terms.lossBps,
      nextCapacityWh: terms.capacityWh,
      nextWheelingUp: terms.wheelingUp,
      nextWheelingDown: terms.wheelingDown,
      effectiveAt,
    }));
}
