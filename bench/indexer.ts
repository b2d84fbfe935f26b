/**
 * `npm run bench:indexer`: the time from an event to the API, and the time to read a day from the start. Prints
 * figures, which depend on the machine's load.
 */
import { cpus, loadavg } from "node:os";
import { localAccount, OPERATOR } from "@wattline/community/simulation";
import { marketplaceAbi } from "@wattline/sdk";
import { encodeFunctionData } from "viem";
import { freePort } from "../scripts/testing/ports.ts";
import { until } from "../scripts/testing/until.ts";
import { startIndexer } from "../services/indexer/test/support/indexer.ts";
import { playOn } from "../services/indexer/test/support/played.ts";
import { randomActions } from "../services/indexer/test/support/randomActions.ts";

const EVENTS = 100;
const TARGET_MILLISECONDS = 300;

const [played, chain] = await playOn({
  market: "settle",
  skipped: 0,
  slots: 96,
  households: 14,
  outage: [44, 52],
});
const started = performance.now();
const indexer = await startIndexer({ ...played, port: await freePort(), database: "pglite" });
try {
  await indexer.caughtUp();
  const readSeconds = (performance.now() - started) / 1000;
  const blocks = (await indexer.api.status()).block ?? 0;
  const delays = (await measure()).sort((a, b) => a - b);
  const at = (share: number) => Math.round(delays[Math.floor((delays.length - 1) * share)] ?? 0);
  const load = loadavg().map((each) => each.toFixed(1));
  console.log(`A played day, ${blocks} blocks: from start to ready in ${readSeconds.toFixed(1)} s`);
  console.log(
    `Receipt to API over ${EVENTS} transactions: median ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms (target ${TARGET_MILLISECONDS} ms)`,
  );
  console.log(`Load ${load.join(" ")} on ${cpus().length} cores`);
} finally {
  await indexer.end();
  await chain.stop();
}

/** From the receipt at the sender to the first answer with the event, in ms. */
async function measure(): Promise<number[]> {
  const { client } = randomActions(played, 1);
  const { account } = localAccount(OPERATOR);
  const delays: number[] = [];
  for (let nonce = 0n; nonce < EVENTS; nonce++) {
    const data = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "cancel",
      args: [[nonce]],
    });
    const hash = await client.sendTransaction({
      account,
      to: played.deployment.marketplace,
      data,
      gas: 200_000n,
    });
    await client.waitForTransactionReceipt({ hash, pollingInterval: 1 });
    const mined = performance.now();
    await until(`event of ${hash}`, async () => await indexer.api.transaction(hash), 30_000, 5);
    delays.push(performance.now() - mined);
  }
  return delays;
}
