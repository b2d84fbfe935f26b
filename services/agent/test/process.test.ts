import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { until } from "../../../scripts/testing/until.ts";
import { exportJournal } from "../src/export.ts";
import { journalFolder } from "../src/home.ts";
import { Household, keyIn } from "./support/folder.ts";
import { Gateway } from "./support/gateway.ts";
import { type AgentProcess, residentMb, runAgent, spawnAgent } from "./support/process.ts";
import { telegramAt } from "./support/telegrams.ts";

const METERS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const QUARTER = 900_000;
/** The start of a block, a day ago at the most. */
const START = Math.floor((Date.now() - 86_400_000) / (8 * QUARTER)) * 8 * QUARTER;

describe("The agent as a process", () => {
  let household: Household;
  let gateway: Gateway;
  let running: AgentProcess[];
  let config: string;

  beforeEach(async () => {
    household = new Household();
    household.deployment({ chainId: 31_337, meters: METERS });
    gateway = await Gateway.open();
    running = [];
    config = household.configure(`
data = "data"
[chain]
deployment = "deployment.json"
[report]
by = "file"
[[homes]]
name = "Jane"
microgrid = 1
capacity_w = 10000
device = ${keyIn("device")}
[[homes.meters]]
name = "grid"
type = "p1-tcp"
host = "127.0.0.1"
port = ${gateway.port}
`);
  });
  afterEach(async () => {
    for (const agent of running) await agent.kill();
    await gateway.close();
    household.remove();
  });

  function start(): AgentProcess {
    const agent = spawnAgent(config, "run");
    running.push(agent);
    return agent;
  }

  const telegram = (slot: number): string =>
    telegramAt(START + slot * QUARTER, BigInt(1_000 + slot * 10), BigInt(2_000 + slot * 100));

  interface Exported {
    readonly slots: { exportWh: string; quality: string }[];
    readonly readings: { firstBlock: number; exported?: string[] }[];
  }
  const kept = (address: string): Exported =>
    JSON.parse(
      JSON.stringify(
        exportJournal(
          journalFolder(household.place("data"), address as `0x${string}`),
          0,
          Infinity,
        ),
      ),
    );

  it("killed again and again keeps every slot once, and its sums are the registers'", async () => {
    const { address } = await household.key("device");
    let agent = start();
    await until("it is connected", () => gateway.clients === 1);
    gateway.send(telegram(0));
    for (let slot = 1; slot <= 16; slot++) {
      gateway.send(telegram(slot));
      await until(`slot ${slot} is kept`, () => kept(address).slots.length >= slot);
      if (slot % 6 !== 0) continue;
      await agent.kill("SIGKILL");
      agent = start();
      await until("it is there again", () => gateway.clients === 1);
    }
    await until("both blocks are signed", () => kept(address).readings.length === 4);
    await agent.kill("SIGTERM");
    const { slots, readings } = kept(address);
    expect(slots.map(({ exportWh }) => exportWh)).to.deep.equal(Array(16).fill("100"));
    expect(new Set(slots.map(({ quality }) => quality))).to.deep.equal(new Set(["measured"]));
    expect(
      new Set(readings.map((each) => `${each.firstBlock} ${"exported" in each}`)).size,
    ).to.equal(4);
  });

  it("tells how it stands, keeps a second one out, and lets go when it ends", async () => {
    await household.key("device");
    const agent = start();
    gateway.send(telegram(0));
    await until("it has read", () => agent.output().includes("The first reading"));
    const status = await runAgent(config, "status");
    expect(status.output).to.contain("grid: import 1 kWh, export 2 kWh at");
    const second = await runAgent(config, "run");
    expect(second.code).to.equal(1);
    expect(second.output).to.contain("Another process is running with");
    await agent.kill("SIGTERM");
    const none = await runAgent(config, "status");
    expect(none.output).to.contain("No agent runs here");
  });

  it("checks every source, and pairs with a link and a code to scan", async () => {
    const { address } = await household.key("device");
    gateway.send(telegram(3));
    const check = await runAgent(config, "check");
    expect(check.output).to.contain(
      "ok    Jane, grid (p1-tcp): import 1.03 kWh, export 2.3 kWh at",
    );
    expect(check.code).to.equal(0);
    const owner = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    const pairing = await runAgent(config, "pair", owner, "--dapp", "https://dapp.example/");
    expect(pairing.output).to.contain(
      `https://dapp.example/microgrid?microgrid=1&owner=${owner}&device=${address}&source=Solar&capacity=10000&consent=0x`,
    );
    expect(pairing.output).to.contain("█▀▀▀▀▀▀▀█");
  });

  it("takes less than 150 MB, where the system tells", async function () {
    await household.key("device");
    const agent = start();
    gateway.send(telegram(0));
    await until("it has read", () => agent.output().includes("The first reading"));
    const mb = residentMb(agent);
    if (mb === undefined) this.skip();
    expect(mb).to.be.below(150);
  });
});
