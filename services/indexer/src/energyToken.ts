import { type Event, ponder } from "ponder:registry";
import { microgrid, retirement, transfer } from "ponder:schema";
import {
  isBurn,
  isMint,
  type Moved,
  mergedWords,
  moveOf,
  sourceAt,
  sumWh,
  unpackProfile,
} from "@wattline/sdk";
import { isAddressEqual } from "viem";
import { readSettings } from "../settings.ts";
import { recordMove } from "./records/energy.ts";
import { type Db, type Occasion, occasionOf } from "./records/occasion.ts";
import { recordMarketMove } from "./records/spot.ts";

const { marketplace } = readSettings(process.env).deployment;

ponder.on("EnergyToken:TransferSingle", ({ event, context: { db } }) =>
  transferred(db, event, { eventName: "TransferSingle", args: event.args }),
);

ponder.on("EnergyToken:TransferBatch", ({ event, context: { db } }) =>
  transferred(db, event, { eventName: "TransferBatch", args: event.args }),
);

async function transferred(
  db: Db,
  event: Event<"EnergyToken:TransferSingle"> | Event<"EnergyToken:TransferBatch">,
  transfer: Parameters<typeof moveOf>[0] extends infer Transfer
    ? Transfer extends unknown
      ? Omit<Transfer, "logIndex">
      : never
    : never,
): Promise<void> {
  const occasion = await occasionOf(db, event);
  // A transfer to oneself moves nothing, even when it repeats the same energy many times.
  if (isAddressEqual(transfer.args.from, transfer.args.to)) return;
  const move = moveOf({ ...transfer, logIndex: occasion.logIndex });
  await recordMove(db, move);
  if (isAddressEqual(move.operator, marketplace)) {
    if (move.words.length > 0) await recordMarketMove(db, event, occasion, move);
  } else if (!isMint(move) && !isBurn(move)) {
    await recordTransfer(db, occasion, move);
  }
}

async function recordTransfer(
  db: Db,
  { id, time, txHash }: Occasion,
  { from, to, words }: Moved,
): Promise<void> {
  for (const { microgrid, source, blockNumber: block, energy: word } of mergedWords(words)) {
    await db.insert(transfer).values({
      id,
      microgrid,
      source,
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
