import { ponder } from "ponder:registry";
import { microgrid, modeChange, tariff, tieLine, tieLineProposal } from "ponder:schema";
import { type Mode, modeAt } from "@wattline/sdk";
import { microgridOf } from "./records/money.ts";
import { type Db, type Occasion, occasionOf } from "./records/occasion.ts";

interface Tariffs {
  readonly feedIn: bigint;
  readonly retail: bigint;
  readonly networkFee: bigint;
  readonly islandPriceCap: bigint;
  readonly islandRation: number;
}

const tariffColumns = ({ islandRation, ...prices }: Tariffs) => ({
  feedIn: prices.feedIn,
  retail: prices.retail,
  networkFee: prices.networkFee,
  islandPriceCap: prices.islandPriceCap,
  islandRationWh: BigInt(islandRation),
});

const noteMode = (db: Db, { id, time, txHash }: Occasion, microgrid: number, mode: Mode) =>
  db.insert(modeChange).values({ id, microgrid, mode, time, txHash });

ponder.on("Meters:Founded", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { microgrid: id, operator, dso, charter, tariffs } = event.args;
  const { time, txHash } = occasion;
  const mode = modeAt(0);
  await db.insert(microgrid).values({
    id,
    name: charter.name,
    operator,
    dso,
    mode,
    modeSince: time,
    latitudeTenths: charter.latitudeTenths,
    longitudeTenths: charter.longitudeTenths,
    currency: charter.currency,
    slotSeconds: charter.slotSeconds,
    reportingDeadline: BigInt(charter.reportingDeadline),
    ...tariffColumns(tariffs),
    tariffVersion: 0,
    foundedAt: time,
    meters: 0,
    producedWh: 0n,
    tradedWh: 0n,
    tradedCost: 0n,
    trades: 0,
    retiredWh: 0n,
  });
  await db
    .insert(tariff)
    .values({ microgrid: id, version: 0, since: time, ...tariffColumns(tariffs), txHash });
  await noteMode(db, occasion, id, mode);
});

ponder.on("Meters:TariffsSet", async ({ event, context: { db } }) => {
  const { time: since, txHash } = await occasionOf(db, event);
  const { microgrid: id } = event.args;
  const columns = tariffColumns(event.args.tariffs);
  const version = (await microgridOf(db, id)).tariffVersion + 1;
  await db.update(microgrid, { id }).set({ ...columns, tariffVersion: version });
  await db.insert(tariff).values({ microgrid: id, version, since, ...columns, txHash });
});

ponder.on("Meters:DsoSet", async ({ event, context: { db } }) => {
  await occasionOf(db, event);
  await db.update(microgrid, { id: event.args.microgrid }).set({ dso: event.args.dso });
});

ponder.on("Meters:ModeSet", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const mode = modeAt(event.args.mode);
  const id = event.args.microgrid;
  await db.update(microgrid, { id }).set({ mode, modeSince: occasion.time });
  await noteMode(db, occasion, id, mode);
});

ponder.on("Meters:HandOverOffered", async ({ event, context: { db } }) => {
  await occasionOf(db, event);
  const { microgrid: id, successor } = event.args;
  const pendingOperator = BigInt(successor) === 0n ? null : successor;
  await db.update(microgrid, { id }).set({ pendingOperator });
});

ponder.on("Meters:OperatorChanged", async ({ event, context: { db } }) => {
  await occasionOf(db, event);
  const { microgrid: id, operator } = event.args;
  await db.update(microgrid, { id }).set({ operator, pendingOperator: null });
});

ponder.on("Meters:TieLineProposed", async ({ event, context: { db } }) => {
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

ponder.on("Meters:TieLineAgreed", async ({ event, context: { db } }) => {
  const { time } = await occasionOf(db, event);
  const { lower, higher, line } = event.args;
  const capacityWh = BigInt(line.capacity);
  const effectiveAt = BigInt(event.args.effectiveAt);
  await db.delete(tieLineProposal, { lower, higher });
  await db
    .insert(tieLine)
    .values({
      lower,
      higher,
      lossBps: line.lossBps,
      capacityWh,
      wheelingUp: line.wheelingUp,
      wheelingDown: line.wheelingDown,
      effectiveAt,
      sentUpWh: 0n,
      sentDownWh: 0n,
    })
    .onConflictDoUpdate((row) => ({
      // Terms agreed earlier apply until then, if they are already in force.
      ...(row.effectiveAt <= time && {
        lossBps: row.nextLossBps ?? row.lossBps,
        capacityWh: row.nextCapacityWh ?? row.capacityWh,
        wheelingUp: row.nextWheelingUp ?? row.wheelingUp,
        wheelingDown: row.nextWheelingDown ?? row.wheelingDown,
      }),
      nextLossBps: line.lossBps,
      nextCapacityWh: capacityWh,
      nextWheelingUp: line.wheelingUp,
      nextWheelingDown: line.wheelingDown,
      effectiveAt,
    }));
});
