import { ponder } from "ponder:registry";
import { flow, tieLine } from "ponder:schema";
import { occasionOf } from "../records/occasion.ts";
import { leaveOpen, openOf } from "../records/pending.ts";

ponder.on("Marketplace:Traded", async ({ event, context: { db } }) => {
  const { id, logIndex, txHash } = await occasionOf(db, event);
  const { orderHash, maker, taker, nonce, energy, cost, charge } = event.args;
  const open = await openOf(db, txHash);
  await leaveOpen(db, txHash, {
    ...open,
    take: { id, logIndex, orderHash, maker, taker, nonce, filledWh: energy, cost, charge },
  });
});

ponder.on("Marketplace:Crossed", async ({ event, context: { db } }) => {
  await occasionOf(db, event);
  const { from, to, firstBlock, sent, sentWh } = event.args;
  for (const [offset, word] of sent.entries()) {
    if (word === 0n) continue;
    await db
      .insert(flow)
      .values({ from, to, block: firstBlock + offset, word })
      .onConflictDoUpdate((row) => ({ word: row.word + word }));
  }
  const [lower, higher] = from < to ? [from, to] : [to, from];
  await db
    .update(tieLine, { lower, higher })
    .set((row) =>
      from < to ? { sentUpWh: row.sentUpWh + sentWh } : { sentDownWh: row.sentDownWh + sentWh },
    );
});
