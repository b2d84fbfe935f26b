/** Plays on contracts that cheat, commits every fraud once, and writes down what the audit finds of it. */
import { writeFileSync } from "node:fs";
import { audit, auditsOf } from "./auditing.ts";
import { handsOn, playChain } from "./history.ts";

const [, , out] = process.argv;
if (out === undefined) throw new Error("It takes a file.");

const played = await playChain(["accept"]);
const audits = auditsOf();
try {
  const [history] = played.histories;
  if (history === undefined) throw new Error("Nothing was played.");
  const hands = handsOn(played.chain, history);
  const { slotSeconds, firstSlot } = hands.community.series;
  const noon = firstSlot + 8 + 86_400 / slotSeconds;
  await played.chain.passTo((noon + 4) * slotSeconds);
  const again = new Map([[noon, 3n]]);
  await hands.report(again);
  const twice = await hands.report(again);
  const forged = await hands.report(new Map([[noon + 1, 5n]]), hands.localAccount(95).account);
  const order = await hands.orderOf();
  const dear = await history.wattline.marketplace
    .connect(hands.neighbour.signer)
    .accept(order, await hands.sign(order), hands.takeOf(order, 50n));
  // Slots that can be reported again are never marked as reported: their forwards are called undelivered.
  const short = await hands.sellShort(3 * 86_400, true);
  const { findings } = await audit(audits.commandOf(played.rpc, history));
  const committed = {
    "reading-signature": forged.hash,
    "reported-once": twice.hash,
    price: dear.hash,
    state: short.hash,
    shares: short.hash,
  };
  writeFileSync(out, JSON.stringify({ findings, committed }));
} finally {
  await played.close();
  audits.clear();
}
