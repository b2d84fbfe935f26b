import { ponder } from "ponder:registry";
import { addFlow } from "../records/flows.ts";
import { occasionOf } from "../records/occasion.ts";
import { leaveOpen, openOf } from "../records/pending.ts";

ponder.on("Marketplace:Traded", async ({ event, context: { db } }) => {
  const { id, logIndex, txHash } = await occasionOf(db, event);
  const { orderHash, maker, taker, nonce, filled, cost, charge } = event.args;
  const open = await openOf(db, txHash);
  await leaveOpen(db, txHash, {
    ...open,
    take: { id, logIndex, orderHash, maker, taker, nonce, filledWh: filled, cost, charge },
  });
});

ponder.on("Marketplace:Crossed", async ({ event, context: { db } }) => {
  await occasionOf(db, event);
  const { from, to, firstBlock, sent } = event.args;
  for (const [offset, word] of sent.entries()) {
    await addFlow(db, { from, to, block: firstBlock + offset }, word);
  }
});
