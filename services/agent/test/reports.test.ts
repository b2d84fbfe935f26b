import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { FINAL_BLOCKS } from "@wattline/common/final";
import { energyIdOf, LANES, metersAbi, metersDomain, REGISTRATION_TYPES } from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { encodeFunctionData, type Hex, parseAbi, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { until } from "../../../scripts/testing/until.ts";
import { type LocalNode, START, startAnvil } from "../../relay/test/support/node.ts";
import { dropBlocks } from "../../relay/test/support/reorganise.ts";
import {
  createWorld,
  localAccount,
  privateKeyOf,
  SLOT_SECONDS,
  START_SLOT,
  type World,
} from "../../relay/test/support/world.ts";
import { type RunningAgent, startAgent } from "../src/agent.ts";
import { readSettings } from "../src/config/read.ts";
import { Home, headerOf } from "../src/home.ts";
import { MemoryRecords } from "../src/journal/records.ts";
import { pair } from "../src/pair.ts";
import { Reporter } from "../src/reporting/reporter.ts";
import { Household, keyIn } from "./support/folder.ts";

const QUARTER_MS = SLOT_SECONDS * 1000;
const erc1155 = parseAbi(["function balanceOf(address, uint256) view returns (uint256)"]);

describe("Reports on a chain", () => {
  let node: LocalNode;
  let world: World;
  let beginning: Hex;
  let household: Household;
  let agents: RunningAgent[];
  let lines: string[];
  /** How much later it is than the last slot's end. */
  let lateMs = 0;
  const owner = localAccount(3).address;

  before(async function () {
    this.timeout(180_000);
    node = await startAnvil(undefined, ["--enable-tx-gas-limit"]);
    world = await createWorld(node.rpcUrl);
    beginning = await world.client.snapshot();
  });
  after(() => node.stop());
  beforeEach(async () => {
    // A device reports the slots after its registration: each test registers its own before the first of them.
    await world.client.revert({ id: beginning });
    beginning = await world.client.snapshot();
    household = new Household();
    household.deployment(world.deployment);
    agents = [];
    lines = [];
    lateMs = 0;
  });
  afterEach(async () => {
    for (const agent of agents) await agent.stop();
    household.remove();
  });

  const payerKey = (): Hex => toHex(localAccount(7).getHdKey().privateKey ?? new Uint8Array());

  /** The operator registers devices by what `agent pair` gives the household; three blocks of slots pass. */
  async function register(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const settings = readSettings(household.configure(toml(`by = "file"`, name)));
      const [home] = settings.config.homes;
      if (home === undefined) throw new Error("There is no home.");
      for (const each of await pair(settings, home, owner, "https://dapp.example/")) {
        const { device: meter, source, capacityW, consent } = each;
        await world.register({ owner, meter, source, capacityW }, consent);
      }
    }
    await world.passSlots(24);
  }

  /** Registers at each quarter from the start: slot i exports 100 + i Wh and imports 10. */
  const replay = (slots: number): string => {
    const rows = ["time,import_wh,export_wh"];
    let [importWh, exportWh] = [5_000, 7_000];
    for (let slot = 0; slot <= slots; slot++) {
      rows.push(
        `${new Date(START * 1000 + slot * QUARTER_MS).toISOString()},${importWh},${exportWh}`,
      );
      importWh += 10;
      exportWh += 100 + slot;
    }
    return `${rows.join("\n")}\n`;
  };

  const toml = (report: string, device = "device", data = "data"): string => `
data = "${data}"
[chain]
deployment = "deployment.json"
rpc_url = "${node.rpcUrl}"
[report]
${report}
[[homes]]
name = "Jane"
microgrid = 1
capacity_w = 10000
device = ${keyIn(device)}
[[homes.meters]]
name = "grid"
type = "replay"
path = "registers.csv"
`;
  const byTransaction = `by = "transaction"\npayer = ${keyIn("payer")}\nevery_minutes = 100000`;

  async function start(config: string, slots = 24): Promise<RunningAgent> {
    const agent = await startAgent(readSettings(household.configure(config)), {
      now: () => START * 1000 + slots * QUARTER_MS + lateMs,
      report: (line) => lines.push(line),
    });
    agents.push(agent);
    await agent.ended;
    return agent;
  }

  const balanceOf = (slot: number): Promise<bigint> =>
    world.client.readContract({
      address: world.deployment.energy,
      abi: erc1155,
      functionName: "balanceOf",
      args: [owner, energyIdOf({ microgrid: 1, source: "Solar", slot: START_SLOT + slot })],
    });

  const statesOf = (agent: RunningAgent): string[] =>
    [...(agent.homes[0]?.journal.book.blocks.values() ?? [])]
      .filter(({ direction }) => direction === "export")
      .map(({ state }) => state);

  const blocksMined = async (): Promise<bigint> => world.client.getBlockNumber();

  /** Rounds until nothing is on its way. */
  const settle = (agent: RunningAgent): Promise<unknown> =>
    until("nothing is on its way", async () => {
      await agent.reporter.now();
      return !statesOf(agent).some((state) => state === "waiting" || state === "sent");
    });

  it("mint to the Wh what was exported, once, in one transaction", async () => {
    await household.key("device");
    await household.key("payer", "secp256k1", payerKey());
    await register("device");
    writeFileSync(household.place("registers.csv"), replay(24));
    const before = await blocksMined();
    const first = await start(toml(byTransaction));
    await settle(first);
    expect(statesOf(first)).to.deep.equal(["reported", "reported", "reported"]);
    for (let slot = 0; slot < 24; slot++)
      expect(await balanceOf(slot)).to.equal(BigInt(100 + slot));
    expect(await blocksMined()).to.equal(before + 1n);

    agents = [];
    await first.stop();
    const again = await start(toml(byTransaction));
    await again.reporter.now();
    expect(await blocksMined()).to.equal(before + 1n);
    expect(lines.join()).not.to.contain("somebody else");
  });

  it("of the P-256 key of a secure element mint just so", async () => {
    await household.key("device", "p256");
    await household.key("payer", "secp256k1", payerKey());
    await register("device");
    writeFileSync(household.place("registers.csv"), replay(9));
    const agent = await start(toml(byTransaction));
    await settle(agent);
    expect(statesOf(agent)).to.deep.equal(["reported"]);
    expect(await balanceOf(7)).to.equal(107n);
  });

  it("of a retired device end with the slot in which it was retired", async () => {
    const { address } = await household.key("device");
    await household.key("payer", "secp256k1", payerKey());
    await register("device");
    await world.metering(localAccount(3), "retireMeter", [address]);
    await world.passSlots(40);
    writeFileSync(household.place("registers.csv"), replay(40));
    const agent = await start(toml(byTransaction), 40);
    await settle(agent);
    expect(statesOf(agent)).to.deep.equal([
      ...["reported", "reported", "reported"],
      ...["reported", "refused"],
    ]);
    expect([await balanceOf(24), await balanceOf(25)]).to.deep.equal([124n, 0n]);
    expect(lines.join()).to.contain(`was retired in slot ${START_SLOT + 24}`);
  });

  it("wait, and say why, until the device is registered", async () => {
    await household.key("device");
    await household.key("payer", "secp256k1", payerKey());
    writeFileSync(household.place("registers.csv"), replay(9));
    const agent = await start(toml(byTransaction));
    await until("a round has been", async () => {
      await agent.reporter.round();
      return lines.some((line) => line.includes("is not registered yet"));
    });
    expect(statesOf(agent)).to.deep.equal(["waiting"]);
    await register("device");
    await settle(agent);
    expect(statesOf(agent)).to.deep.equal(["reported"]);
  });

  it("of a transaction whose end nobody wrote down are known again after a restart", async () => {
    await household.key("device");
    await household.key("payer", "secp256k1", payerKey());
    await register("device");
    writeFileSync(household.place("registers.csv"), replay(24));
    await world.client.setAutomine(false);
    const first = await start(toml(byTransaction));
    await first.reporter.now();
    expect(statesOf(first)).to.deep.equal(["sent", "sent", "sent"]);
    agents = [];
    await first.stop();
    await world.client.setAutomine(true);
    await world.client.mine({ blocks: 1 });
    const again = await start(toml(byTransaction));
    await settle(again);
    expect(statesOf(again)).to.deep.equal(["reported", "reported", "reported"]);
    expect(lines.join()).not.to.contain("somebody else");
  });

  it("that a reorganisation takes back go out again, also after a restart, until they are final", async () => {
    await household.key("device");
    await household.key("payer", "secp256k1", payerKey());
    await register("device");
    writeFileSync(household.place("registers.csv"), replay(24));
    const first = await start(toml(byTransaction));
    await settle(first);
    agents = [];
    await first.stop();
    await dropBlocks(node.rpcUrl, 1);
    expect(await balanceOf(23)).to.equal(0n);
    const again = await start(toml(byTransaction));
    await again.reporter.round();
    // A node that has not heard of it again for ten minutes has lost it.
    expect(statesOf(again)).to.deep.equal(["sent", "sent", "sent"]);
    lateMs = 600_000;
    await again.reporter.round();
    expect(statesOf(again)).to.deep.equal(["waiting", "waiting", "waiting"]);
    await settle(again);
    expect(statesOf(again)).to.deep.equal(["reported", "reported", "reported"]);
    expect([await balanceOf(0), await balanceOf(23)]).to.deep.equal([100n, 123n]);
    expect(lines.join()).not.to.contain("somebody else");

    const book = again.homes[0]?.journal.book;
    await world.client.mine({ blocks: FINAL_BLOCKS - 1 });
    await again.reporter.round();
    expect(book?.sent.size).to.equal(1);
    await world.client.mine({ blocks: 1 });
    await again.reporter.round();
    expect(book?.sent.size).to.equal(0);
  });

  it("of others that a reorganisation takes back wait in readings.json again, until they are final", async () => {
    await household.key("device");
    await register("device");
    writeFileSync(household.place("registers.csv"), replay(16));
    const agent = await start(toml('by = "file"'));
    const waiting = () =>
      JSON.parse(readFileSync(household.place("readings.json"), "utf8")).readings;
    const mint = async (): Promise<void> => {
      const [{ meter, firstBlock, exported, signature }] = waiting();
      await world.metering(localAccount(3), "report", [{ meter, firstBlock, exported }, signature]);
      await agent.reporter.now();
      expect(statesOf(agent)).to.deep.equal(["reported", "reported"]);
      expect(waiting()).to.deep.equal([]);
    };
    await agent.reporter.now();
    await mint();
    await dropBlocks(node.rpcUrl, 1);
    await agent.reporter.now();
    expect(statesOf(agent)).to.deep.equal(["waiting", "waiting"]);
    await mint();
    const book = agent.homes[0]?.journal.book;
    await world.client.mine({ blocks: FINAL_BLOCKS - 1 });
    await agent.reporter.round();
    expect(book?.seen()).to.have.length(2);
    await world.client.mine({ blocks: 1 });
    await agent.reporter.round();
    expect(book?.seen()).to.have.length(0);
    expect(statesOf(agent)).to.deep.equal(["reported", "reported"]);
  });

  it("name a second agent with the same key, on another machine, and report nothing twice", async () => {
    const { privateKey } = await household.key("device");
    await household.key("payer", "secp256k1", payerKey());
    await register("device");
    writeFileSync(household.place("registers.csv"), replay(24));
    await settle(await start(toml(byTransaction)));
    await household.key("copy", "secp256k1", privateKey);
    const mined = await blocksMined();
    const second = await start(toml(byTransaction, "copy", "elsewhere"));
    await settle(second);
    expect(statesOf(second)).to.deep.equal(["elsewhere", "elsewhere", "elsewhere"]);
    expect(lines.join()).to.contain("Is another agent running with this key?");
    expect(await blocksMined()).to.equal(mined);
  });

  it("are refused to a second agent with the same key file", async () => {
    await household.key("device");
    await household.key("payer", "secp256k1", payerKey());
    writeFileSync(household.place("registers.csv"), replay(9));
    await start(toml(byTransaction));
    for (const data of ["data", "elsewhere"]) {
      let refusal: unknown;
      await start(toml(byTransaction, "device", data)).catch((error: unknown) => {
        refusal = error;
      });
      expect(String(refusal)).to.contain("Another process is running with");
    }
  });

  it("wait in readings.json for the owner's wallet, until they are on chain", async () => {
    await household.key("device");
    await register("device");
    writeFileSync(household.place("registers.csv"), replay(16));
    const agent = await start(toml('by = "file"'));
    await agent.reporter.now();
    const { readings } = JSON.parse(readFileSync(household.place("readings.json"), "utf8"));
    expect(readings).to.have.length(1);
    const [{ meter, firstBlock, exported, signature }] = readings;
    await world.metering(localAccount(3), "report", [{ meter, firstBlock, exported }, signature]);
    await agent.reporter.now();
    expect(statesOf(agent)).to.deep.equal(["reported", "reported"]);
    expect(
      JSON.parse(readFileSync(household.place("readings.json"), "utf8")).readings,
    ).to.deep.equal([]);
    expect(lines.join()).not.to.contain("somebody else");
    expect(existsSync(household.place("readings.json.new"))).to.equal(false);
  });

  it("of a building's homes share a transaction, and a home that is not registered keeps none waiting", async () => {
    for (const name of ["device", "second", "third"]) await household.key(name);
    await register("device", "second");
    await household.key("payer", "secp256k1", payerKey());
    writeFileSync(household.place("registers.csv"), replay(9));
    const home = (name: string) =>
      toml(byTransaction, name).split("[[homes]]")[1]?.replace("Jane", name) ?? "";
    const building = `${toml(byTransaction)}[[homes]]${home("second")}[[homes]]${home("third")}`;
    const before = await blocksMined();
    await world.client.setAutomine(false);
    const agent = await start(building);
    await Promise.all(agent.homes.map((each) => each.settled()));
    await agent.reporter.round();
    await world.client.setAutomine(true);
    await world.client.mine({ blocks: 1 });
    const stateOf = (index: number) =>
      [...(agent.homes[index]?.journal.book.blocks.values() ?? [])].find(
        ({ direction }) => direction === "export",
      )?.state;
    await until("two homes have reported", async () => {
      await agent.reporter.round();
      return stateOf(0) === "reported" && stateOf(1) === "reported";
    });
    expect(stateOf(2)).to.equal("waiting");
    expect(agent.reporter.trouble).to.contain("third: the device");
    expect(Number((await blocksMined()) - before)).to.be.at.most(2);
  });

  it("of more homes than fit into a transaction go out in as few as the chain takes", async () => {
    const [capacityW, homesCount, together] = [10_000, 300, 40];
    const { deployment, metering, operator } = world;
    const devices = Array.from({ length: homesCount }, (_, index) =>
      privateKeyToAccount(toHex(index + 1, { size: 32 })),
    );
    const calls = await Promise.all(
      devices.map(async (device) => {
        const terms = { owner, meter: device.address, capacityW, microgrid: 1, source: 0 };
        const consent = await device.signTypedData({
          domain: metersDomain(deployment.chainId, deployment.meters),
          types: REGISTRATION_TYPES,
          primaryType: "Registration",
          message: terms,
        });
        return encodeFunctionData({
          abi: metersAbi,
          functionName: "register",
          args: [{ ...terms, critical: false }, consent],
        });
      }),
    );
    for (let first = 0; first < homesCount; first += together) {
      await metering(operator, "multicall", [calls.slice(first, first + together)]);
    }
    await world.passSlots(LANES);

    let nowMs = START * 1000;
    const now = () => nowMs;
    const homes = devices.map(({ address, sign }) => {
      const config = {
        name: address,
        microgrid: 1,
        slot_minutes: 15,
        connection_w: 50_000,
        gaps: "fill",
        capacity_w: capacityW,
        meters: [{ name: "grid" }],
      } as const;
      const device = { address, sign: (hash: Hex) => sign({ hash }) };
      const journal = new MemoryRecords(headerOf(config, deployment));
      return new Home({ config, deployment, device, journal, report: () => {}, now });
    });
    for (let slot = 0; slot <= LANES; slot++) {
      nowMs = START * 1000 + slot * QUARTER_MS;
      const exportWh = BigInt(slot * 100);
      for (const home of homes) {
        home.take("grid", { kind: "registers", unixMs: nowMs, importWh: 0n, exportWh });
      }
    }
    await Promise.all(homes.map((home) => home.settled()));

    const { address, sign } = privateKeyOf(localAccount(7));
    const payer = { address, sign: (hash: Hex) => sign({ hash }) };
    const before = await world.client.getTransactionCount({ address });
    const reporter = new Reporter({
      deployment,
      rpcUrl: node.rpcUrl,
      reporting: { by: "transaction", payer, every_minutes: 1 },
      homes,
      report: (line) => lines.push(line),
      now,
    });
    await until("all have reported", async () => {
      await reporter.now();
      return homes.every(({ journal }) => journal.book.open().length === 0);
    });
    expect(await balanceOf(0)).to.equal(BigInt(homesCount) * 100n);
    expect((await world.client.getTransactionCount({ address })) - before).to.equal(3);
  });

  it("for slots of another length than the microgrid's are refused with the cure", async () => {
    await household.key("device");
    await household.key("payer", "secp256k1", payerKey());
    await register("device");
    writeFileSync(household.place("registers.csv"), replay(24));
    const agent = await start(
      toml(byTransaction).replace("microgrid = 1", "microgrid = 1\nslot_minutes = 30"),
    );
    await until("it is said", async () => {
      await agent.reporter.round();
      return agent.reporter.trouble?.includes("have 15 minutes; the configuration says 30");
    });
  });

  it("go to a submitter, who is asked again when it did not answer", async () => {
    await household.key("device");
    await register("device");
    writeFileSync(household.place("registers.csv"), replay(9));
    const bodies: string[] = [];
    let status = 503;
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (text) => (body += text));
      request.on("end", () => {
        if (status === 200) bodies.push(body);
        response.writeHead(status).end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : "";
    const agent = await start(toml(`by = "url"\nurl = "http://127.0.0.1:${port}/"`));
    let refusal = "";
    await agent.reporter.now().catch((error: Error) => {
      refusal = error.message;
    });
    expect(refusal).to.contain("status 503");
    status = 200;
    await agent.reporter.now();
    server.close();
    const [{ meter, firstBlock, exported, signature }] = JSON.parse(bodies[0] ?? "{}").readings;
    await world.metering(world.operator, "report", [{ meter, firstBlock, exported }, signature]);
    await settle(agent);
    expect(statesOf(agent)).to.deep.equal(["reported"]);
  });
});
