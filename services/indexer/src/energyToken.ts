import { type Context, type Event, ponder } from "ponder:registry";
import { microgrid, retirement, transfer } from "ponder:schema";
import { sumWh, unpackProfile } from "@wattline/sdk";
import { isAddressEqual, zeroAddress } from "viem";
import { readSettings } from "../settings.ts";
import { lotsOf, move, sourceAt, wordsOf } from "./books/energy.ts";
import { type Db, type Occasion, occasionOf } from "./books/occasion.ts";
import { bookMarketMove } from "./books/spot.ts";

const { marketplace } = readSettings(process.env).deployment;

type Transferred = Event<"EnergyToken:TransferSingle"> | Event<"EnergyToken:TransferBatch">;

ponder.on("EnergyToken:TransferSingle", async ({ event, context }) => {
  const { id, value } = event.args;
  await transferred(event, context, [id], [value]);
});

ponder.on("EnergyToken:TransferBatch", async ({ event, context }) => {
  const { ids, values } = event.args;
  await transferred(event, context, ids, values);
});

async function transferred(
  event: Transferred,
  { db }: Context,
  ids: readonly bigint[],
  values: readonly bigint[],
): Promise<void> {
  const { operator, from, to } = event.args;
  const occasion = await occasionOf(db, event);
  // To oneself nothing moves, though the same energy may go round many times.
  if (isAddressEqual(from, to)) return;
  const lots = lotsOf(ids, values);
  await move(db, from, to, lots);
  if (isAddressEqual(operator, marketplace)) {
    // What the market moves is of one source in one microgrid.
    const [lot] = lots;
    if (lot !== undefined) await bookMarketMove(db, event, occasion, { from, to, lot });
  } else if (from !== zeroAddress && to !== zeroAddress) {
    await bookGift(db, occasion, { from, to, lots });
  }
}

async function bookGift(
  db: Db,
  { id, time, txHash }: Occasion,
  {
    from,
    to,
    lots,
  }: Pick<Transferred["args"], "from" | "to"> & { lots: ReturnType<typeof lotsOf> },
): Promise<void> {
  for (const lot of lots) {
    for (const [block, word] of wordsOf(lot.energyWh)) {
      await db.insert(transfer).values({
        id,
        microgrid: lot.microgrid,
        source: lot.source,
        block,
        from,
        to,
        word,
        energyWh: sumWh([word]),
        time,
        txHash,
      });
    }
  }
}

ponder.on("EnergyToken:Retired", async ({ event, context: { db } }) => {
  const { id, time, blockNumber, txHash } = await occasionOf(db, event);
  const { holder, beneficiary, microgrid: place, source, firstBlock, energy, purpose } = event.args;
  const words = [...energy];
  const slots = [...unpackProfile({ firstBlock, words }).keys()];
  const energyWh = sumWh(words);
  await db.insert(retirement).values({
    id,
    holder,
    beneficiary,
    microgrid: place,
    source: sourceAt(source),
    firstBlock,
    firstSlot: BigInt(slots[0] ?? 0),
    lastSlot: BigInt(slots.at(-1) ?? 0),
    words,
    energyWh,
    purpose,
    time,
    blockNumber,
    txHash,
  });
  await db.update(microgrid, { id: place }).set((row) => ({ retiredWh: row.retiredWh + energyWh }));
});
