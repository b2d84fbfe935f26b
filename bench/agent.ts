/**
 * `npm run bench:agent`: the agent's time to its first reading of a P1 port behind TCP, and its memory with a telegram
 * a second.
 */
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../scripts/testing/until.ts";
import { Household, keyIn } from "../services/agent/test/support/folder.ts";
import { Gateway } from "../services/agent/test/support/gateway.ts";
import { residentMb, spawnAgent } from "../services/agent/test/support/process.ts";
import { telegramAt } from "../services/agent/test/support/telegrams.ts";

const [RUNS, SECONDS] = [3, 20];

const household = new Household();
await household.key("device");
household.deployment({ chainId: 31_337, meters: "0x5FbDB2315678afecb367f032d93F642f64180aa3" });
const gateway = await Gateway.open();
const config = household.configure(`
[chain]
deployment = "deployment.json"
[report]
by = "file"
[page]
port = 8581
[[homes]]
name = "Jane"
microgrid = 1
device = ${keyIn("device")}
[[homes.meters]]
name = "grid"
type = "p1-tcp"
host = "127.0.0.1"
port = ${gateway.port}
`);

const firstMs: number[] = [];
let mostMb = 0;
for (let run = 1; run <= RUNS; run++) {
  gateway.send(telegramAt(Date.now(), 1_000n, 1_000n));
  const start = performance.now();
  const agent = spawnAgent(config, "run");
  await until("a reading has come", () => agent.output().includes("The first reading"));
  firstMs.push(performance.now() - start);
  for (let second = 0; second < SECONDS; second++) {
    gateway.send(telegramAt(Date.now(), 1_000n, BigInt(1_000 + second)));
    await sleep(1_000);
    mostMb = Math.max(mostMb, residentMb(agent) ?? 0);
  }
  await agent.kill("SIGTERM");
  rmSync(household.place("wattline-agent"), { recursive: true });
  console.log(`run ${run} of ${RUNS}`);
}
await gateway.close();
household.remove();

const median = firstMs.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
console.log(
  `from the start to the first reading: ${(median / 1000).toFixed(1)} s (median of ${RUNS})`,
);
console.log(
  `resident memory at most, with the page and a telegram a second: ${mostMb.toFixed(0)} MB`,
);
