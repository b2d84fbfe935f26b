/** What operators watch: the services' logs and metrics, and the alert rules on them, while all of them run on one chain. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { parseEther, toHex } from "viem";
import { freePort } from "../../scripts/testing/ports.ts";
import { until as untilWithin } from "../../scripts/testing/until.ts";
import { Household, keyIn, TRIAL_METER } from "../../services/agent/test/support/folder.ts";
import { ROOT, type Started, startNode } from "../../services/indexer/test/support/process.ts";
import { type LocalNode, startAnvil } from "../../services/relay/test/support/node.ts";
import { createWorld, localAccount, type World } from "../../services/relay/test/support/world.ts";
import { metricsIn, metricsOf, readAlerts } from "./alerts.ts";

/** The slowest part starts beside other tests. */
const until: typeof untilWithin = (what, ask) => untilWithin(what, ask, 180_000);

const SERVICES = ["relay", "auctioneer", "agent", "gateway", "indexer"] as const;
type Service = (typeof SERVICES)[number];
/** Those that say how far they follow the chain, and how often it was reorganised. */
const FOLLOWERS = ["relay", "auctioneer", "gateway"] as const;

describe("Who operates Wattline", function () {
  this.timeout(600_000);
  let node: LocalNode;
  let world: World;
  let files: Household;
  const started = new Map<Service, Started>();
  const ports = new Map<Service, number>();

  before(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    for (const service of SERVICES) ports.set(service, await freePort());
    files = new Household();
    await configure();
    for (const service of SERVICES) {
      started.set(service, startNode(argsOf(service), envOf(service)));
      await until(`the ${service} has metrics`, () => asked(service));
    }
  });
  after(async () => {
    for (const service of started.values()) await service.stop("SIGKILL");
    files?.remove();
    await node?.stop();
  });

  async function configure(): Promise<void> {
    files.deployment(world.deployment);
    for (const [name, index] of [
      ["device", 11],
      ["payer", 12],
      ["sender", 13],
    ] as const) {
      const key = toHex(localAccount(index).getHdKey().privateKey ?? new Uint8Array());
      await files.key(name, "secp256k1", key);
    }
    const chain = `[chain]\ndeployment = "deployment.json"\nrpc_url = "${node.rpcUrl}"`;
    files.configure(`
data = "agent"
${chain}
[page]
port = ${ports.get("agent")}
[report]
by = "transaction"
payer = ${keyIn("payer")}
[[homes]]
name = "Jane"
microgrid = 1
capacity_w = 10000
device = ${keyIn("device")}
${TRIAL_METER}`);
    const auctioneer = `
data = "auctioneer"
${chain}
[account]
key = ${keyIn("sender")}
[orders]
board = true
[gas]
most_a_day = "1"
[metrics]
port = ${ports.get("auctioneer")}
`;
    writeFileSync(files.place("auctioneer.toml"), auctioneer);
  }

  function argsOf(service: Service): readonly string[] {
    const args: Record<Service, readonly string[]> = {
      relay: ["services/relay/src/main.ts"],
      auctioneer: ["services/auctioneer/src/main.ts", "run", "-c", files.place("auctioneer.toml")],
      agent: ["services/agent/src/main.ts", "-c", files.place("agent.toml"), "run"],
      gateway: ["services/node/src/gateway/main.ts"],
      indexer: ["services/indexer/start.ts"],
    };
    return args[service];
  }

  const envOf = (service: Service) => ({
    WATTLINE_LOG: "json",
    WATTLINE_DEPLOYMENT: files.place("deployment.json"),
    WATTLINE_RPC_URL: node.rpcUrl,
    WATTLINE_PORT: `${ports.get(service)}`,
    WATTLINE_DATA: files.place(service === "gateway" ? "gateway.json" : service),
    DATABASE_URL: "",
  });

  async function asked(service: Service): Promise<Map<string, number[]> | undefined> {
    const { child, lines = [] } = started.get(service) ?? {};
    if (child?.exitCode !== null) throw new Error(`The ${service} ended:\n${lines.join("\n")}`);
    const url = `http://127.0.0.1:${ports.get(service)}/metrics`;
    const response = await fetch(url).catch(() => undefined);
    return response?.ok ? metricsOf(await response.text()) : undefined;
  }

  const valueAt = async (service: Service, metric: string): Promise<number | undefined> =>
    (await asked(service))?.get(metric)?.[0];

  it("has alert rules as Prometheus takes them, on metrics that the services serve", async () => {
    const served = new Set(["up"]);
    for (const service of SERVICES) {
      for (const metric of (await asked(service))?.keys() ?? []) served.add(metric);
    }
    const alerts = readAlerts();
    expect(new Set(alerts.map(({ alert }) => alert)).size).to.equal(alerts.length);
    for (const { alert, expr, annotations } of alerts) {
      const metrics = metricsIn(expr);
      expect(metrics, alert).not.to.be.empty;
      for (const metric of metrics) expect(served, alert).to.include(metric);
      const [file = "", section] = annotations.page.split("#");
      expect(existsSync(path.join(ROOT, file)), annotations.page).to.equal(true);
      if (section === undefined) continue;
      const titles = readFileSync(path.join(ROOT, file), "utf8").match(/^#+ .*$/gm) ?? [];
      const sections = titles.map((title) =>
        title.replace(/^#+ /, "").toLowerCase().replace(/ /g, "-"),
      );
      expect(sections, annotations.page).to.include(section);
    }
    const guide = readFileSync(path.join(ROOT, "docs/OPERATIONS.md"), "utf8");
    const named = guide.match(/`(wattline|ponder)_[a-z_]+`/g) ?? [];
    expect(named).not.to.be.empty;
    for (const metric of named) expect(served).to.include(metric.slice(1, -1));
  });

  it("sees how far each service has read the chain, and what was replaced of it", async () => {
    const everyoneAt = async (block: number) => {
      for (const service of FOLLOWERS) {
        await until(`the ${service} stands at the block ${block}`, async () => {
          const found = await asked(service);
          const [at] = found?.get(`wattline_${service}_block`) ?? [];
          const [head] = found?.get(`wattline_${service}_head`) ?? [];
          return at === block && head === block;
        });
      }
      await until(
        "the indexer, too",
        async () => (await valueAt("indexer", "ponder_sync_block")) === block,
      );
    };
    const stood = Number(await world.client.getBlockNumber());
    await everyoneAt(stood);
    const id = await world.client.snapshot();
    await world.client.mine({ blocks: 3 });
    await everyoneAt(stood + 3);
    await world.client.revert({ id });
    await world.client.mine({ blocks: 5 });
    await everyoneAt(stood + 5);
    const { timestamp } = await world.client.getBlock();
    for (const service of FOLLOWERS) {
      const found = await asked(service);
      const [replaced] = found?.get(`wattline_${service}_reorganisation_blocks`) ?? [];
      expect(replaced, service).to.equal(3);
      expect(found?.get(`wattline_${service}_reorganisations_total`), service).to.deep.equal([1]);
      const time = found?.get(`wattline_${service}_block_timestamp_seconds`);
      expect(time, service).to.deep.equal([Number(timestamp)]);
    }
  });

  it("sees what keys that pay for gas still have", async () => {
    for (const [service, index] of [
      ["auctioneer", 13],
      ["agent", 12],
    ] as const) {
      const { address } = localAccount(index);
      await world.client.setBalance({ address, value: parseEther("0.5") });
      // A node that is slow to answer leaves it out for a moment.
      await until(
        `the ${service} tells its balance`,
        async () => (await valueAt(service, `wattline_${service}_balance_wei`)) === 5e17,
      );
    }
    expect(await valueAt("auctioneer", "wattline_auctioneer_promises_unsettled")).to.equal(0);
  });

  it("reads every service's log as lines of JSON that say which service speaks", () => {
    for (const [service, { lines }] of started) {
      expect(lines, service).not.to.be.empty;
      for (const line of lines) {
        const said: unknown = JSON.parse(line);
        expect(said, line).to.include({ service });
        expect(said, line).to.include.keys("time", "level", "message");
      }
    }
  });
});
