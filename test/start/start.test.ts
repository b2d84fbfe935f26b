import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { localAccount } from "@wattline/community/simulation";
import { type Deployment, marketplaceAbi, metersAbi, millisOf } from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { type Address, createPublicClient, erc20Abi, type Hex, http, parseEventLogs } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import type { NetworkConfig } from "../../scripts/start/config.ts";
import { freePorts } from "../../scripts/testing/ports.ts";
import { until } from "../../scripts/testing/until.ts";
import { isAlive, isListening } from "./support.ts";

/** A signed reading, as `/readings.json` has it. */
interface WaitingReading {
  readonly meter: Address;
  readonly firstBlock: number;
  readonly exported: readonly string[];
  readonly signature: Hex;
}

const run = promisify(execFile);
/** All parts run beside other tests, as quickly as the machine lets them. */
const PATIENCE_MS = 600_000;
const PARTS = ["chain", "relay", "indexer", "frontend"] as const;
/** The auctioneer has a port of its own, and lives in the community's process. */
const PORTS = [...PARTS, "auctioneer"] as const;
/** Officials, homes, auctioneer, retailers of both towns, and who pays for reports. */
const ACCOUNTS = 36;

let folder = "";
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), "wattline-start-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs it with options that it refuses, and returns what it said. */
async function refusal(...args: string[]): Promise<string> {
  try {
    await run(process.execPath, ["scripts/start.ts", ...args]);
  } catch (error) {
    if (error instanceof Error && "stderr" in error) return String(error.stderr).trim();
    throw error;
  }
  throw new Error("It did not refuse.");
}

describe("npm start refuses", () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it("ports that are taken, naming them and the parts that need them", async () => {
    const [chain, relay, indexer, frontend] = await freePorts(4);
    for (const port of [chain, indexer]) {
      const server = createServer().listen(port, "127.0.0.1");
      servers.push(server);
      await once(server, "listening");
    }
    const ports = { chain, relay, indexer, frontend };
    const said = await refusal(
      ...Object.entries(ports).flatMap(([part, port]) => [`--port-${part}`, String(port)]),
      "--folder",
      path.join(folder, "ports"),
    );
    expect(said).to.contain(`Port ${chain} on 127.0.0.1, which the chain needs, is taken`);
    expect(said).to.contain(`--port-indexer`);
    expect(said).not.to.contain(`Port ${relay}`);
    expect(existsSync(path.join(folder, "ports"))).to.equal(false);
  });

  it("invalid options", async () => {
    expect(await refusal("--pace", "0")).to.contain("--pace takes 1 to 3600 seconds, not 0");
    expect(await refusal("--port-relay", "70000")).to.contain("--port-relay must be a port");
    expect(await refusal("--port-relay", "8545")).to.contain("its own port");
    expect(await refusal("--prot-relay", "1")).to.contain("--prot-relay");
  });

  it("a folder that contains something else, or is used by another run", async () => {
    const ports = await freePorts(PORTS.length);
    const options = PORTS.flatMap((part, index) => [`--port-${part}`, String(ports[index])]);
    writeFileSync(path.join(folder, "diary"), "mine");
    expect(await refusal(...options, "--folder", folder)).to.contain("would be emptied");
    expect(readFileSync(path.join(folder, "diary"), "utf8")).to.equal("mine");

    const taken = mkdtempSync(path.join(folder, "taken-"));
    writeFileSync(path.join(taken, "process"), String(process.pid));
    expect(await refusal(...options, "--folder", taken)).to.contain(`process ${process.pid}`);
  });
});

describe("npm start", function () {
  this.timeout(1_800_000);
  const ports = new Map<string, number>();
  let start: ChildProcess | undefined;
  let log = "";
  let runFolder = "";
  let network: NetworkConfig | undefined;

  before(async () => {
    const free = await freePorts(PORTS.length);
    for (const [index, part] of PORTS.entries()) ports.set(part, free[index] ?? 0);
    runFolder = path.join(folder, "run");
    start = spawn(
      process.execPath,
      [
        "scripts/start.ts",
        ...[...ports].flatMap(([part, port]) => [`--port-${part}`, String(port)]),
        ...["--pace", "2", "--folder", runFolder],
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    for (const stream of [start.stdout, start.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        log += text;
      });
    }
    await until(
      "it runs",
      () => {
        if (start?.exitCode !== null) throw new Error(`It ended: ${log}`);
        return log.includes("Ctrl-C stops everything.");
      },
      PATIENCE_MS,
    ).catch((error: unknown) => {
      throw new Error(`${error}\n${log}`);
    });
    const config: { networks: NetworkConfig[] } = JSON.parse(await page("/wattline.json"));
    network = config.networks[0];
  });
  after(async () => {
    if (start?.exitCode !== null) return;
    start.kill("SIGINT");
    await once(start, "exit");
  });

  const urlOf = (part: string): string => `http://127.0.0.1:${ports.get(part)}`;

  async function page(place: string): Promise<string> {
    const response = await fetch(urlOf("frontend") + place);
    expect(response.status, place).to.equal(200);
    return response.text();
  }

  function configured(): NetworkConfig {
    if (network === undefined) throw new Error("No network is configured.");
    return network;
  }

  const chain = () => createPublicClient({ transport: http(urlOf("chain")) });

  const chainTime = async (): Promise<number> => Number((await chain().getBlock()).timestamp);

  /** The process that is at the head of a part. */
  async function processOf(script: string): Promise<number> {
    const { stdout } = await run("ps", ["-eo", "pid=,ppid=,args="]);
    const line = stdout
      .split("\n")
      .map((each) => each.trim().split(/\s+/))
      .find(
        ([, parent, ...args]) => parent === String(start?.pid) && args.join(" ").includes(script),
      );
    return Number(line?.[0]);
  }

  it("starts every part, and shows its address", async () => {
    expect(log).not.to.contain("is given up");
    for (const part of [...PARTS, "community"]) {
      expect(log).to.match(new RegExp(`^${part} *│ ready$`, "m"));
    }
    expect(log).to.contain(`Wattline is running at ${urlOf("frontend")}`);
    expect(await (await fetch(`${urlOf("relay")}/health`)).text()).to.contain('"chainId":31337');
    expect((await fetch(`${urlOf("indexer")}/ready`)).status).to.equal(200);
    expect(await page("/")).to.contain("<html");
  });

  it("gives the dApp its configuration, with the keys of the demo wallet", async () => {
    const { deployment, demo, rpcUrl, relayUrl, indexerUrl, auctioneerUrl } = configured();
    expect([rpcUrl, relayUrl, indexerUrl, auctioneerUrl]).to.deep.equal(
      ["chain", "relay", "indexer", "auctioneer"].map(urlOf),
    );
    expect(demo.accounts.map(({ role }) => role)).to.deep.equal([
      "prosumer",
      "neighbour",
      "operator",
    ]);
    const file: Deployment = JSON.parse(
      readFileSync(path.join(runFolder, "deployment.json"), "utf8"),
    );
    expect(file).to.deep.equal(deployment);
    for (const address of [deployment.marketplace, deployment.meters, deployment.board]) {
      expect(await chain().getCode({ address })).to.be.a("string");
    }
  });

  it("opens with dozens of live orders of every kind, in both microgrids", async () => {
    for (const microgrid of [1, 2]) {
      const count = async (query: string): Promise<number> => {
        const url = `${urlOf("relay")}/orders?microgrid=${microgrid}&limit=500&${query}`;
        const { orders }: { orders: unknown[] } = JSON.parse(await (await fetch(url)).text());
        return orders.length;
      };
      await until(
        "spot offers",
        async () => (await count("side=offer&forward=false")) >= 12,
        PATIENCE_MS,
      );
      // Agents offer forward once they have learned from the past, one after another.
      await until(
        "forwards",
        async () => (await count("side=offer&forward=true")) >= 24,
        PATIENCE_MS,
      );
      expect(await count("side=offer&source=Grid"), "the retailer's").to.be.at.least(1);
      expect(await count("side=bid&maxPrice=80000"), "the DSO's").to.be.at.least(1);
    }
  });

  it("leaves Jane's readings to her: signed, waiting, and valid", async () => {
    await until(
      "a reading waits",
      async () => (await page("/readings.json")).includes("0x"),
      PATIENCE_MS,
    );
    const { readings }: { readings: WaitingReading[] } = JSON.parse(await page("/readings.json"));
    const { demo, deployment } = configured();
    const jane: Address = privateKeyToAddress(demo.accounts[0]?.privateKey ?? "0x");
    expect(readings).to.have.length(1);
    const [reading] = readings;
    if (reading === undefined) return;
    const { meter, firstBlock, exported, signature } = reading;
    const meters = { address: deployment.meters, abi: metersAbi } as const;
    const { owner } = await chain().readContract({
      ...meters,
      functionName: "meterOf",
      args: [meter],
    });
    expect(owner).to.equal(jane);
    await chain().simulateContract({
      ...meters,
      functionName: "report",
      args: [{ meter, firstBlock, exported: exported.map(BigInt) }, signature],
      account: jane,
    });
  });

  it("continues slot by slot: people report, trade in every way, and settle", async () => {
    const { deployment } = configured();
    const before = await chainTime();
    await until(
      "the clock moves on by hours",
      async () => {
        return (await chainTime()) >= before + 8 * 900;
      },
      PATIENCE_MS,
    );
    const happened = new Set<string>();
    let fromBlock = 0n;
    await until(
      "all of it happens",
      async () => {
        const address = [deployment.marketplace, deployment.meters];
        const logs = await chain().getLogs({ address, fromBlock });
        for (const { eventName, blockNumber } of parseEventLogs({
          abi: [...marketplaceAbi, ...metersAbi],
          logs,
        })) {
          happened.add(eventName);
          fromBlock = blockNumber;
        }
        return ["Reported", "Traded", "Matched", "Reserved", "Released"].every((name) =>
          happened.has(name),
        );
      },
      PATIENCE_MS,
    );
  });

  it("keeps the escrow solvent", async () => {
    const { deployment, currency } = configured();
    // All at one block, while life goes on.
    const blockNumber = await chain().getBlockNumber();
    let owed = 0n;
    for (let index = 0; index < ACCOUNTS; index++) {
      const { balance } = await chain().readContract({
        address: deployment.marketplace,
        abi: marketplaceAbi,
        functionName: "accountOf",
        args: [currency.address, localAccount(index).address],
        blockNumber,
      });
      owed += balance;
    }
    const logs = await chain().getLogs({
      address: deployment.marketplace,
      fromBlock: 0n,
      toBlock: blockNumber,
    });
    const locked = new Map<string, bigint>();
    let reservations = 0;
    for (const { eventName, args } of parseEventLogs({ abi: marketplaceAbi, logs })) {
      if (eventName === "Reserved") {
        reservations++;
        const { firstBlock, energy } = args.position;
        expect(energy, "the community reserves block by block").to.have.length(1);
        locked.set(`${args.positionId} ${firstBlock}`, args.locked + args.bonded);
      }
      if (eventName === "Released") locked.delete(`${args.positionId} ${args.blockNumber}`);
    }
    for (const amount of locked.values()) owed += amount;
    const held = await chain().readContract({
      address: currency.address,
      abi: erc20Abi,
      functionName: "balanceOf",
      args: [deployment.marketplace],
      blockNumber,
    });
    expect(reservations).to.be.above(0);
    expect(millisOf(held)).to.equal(owed);
  });

  it("names a part that is killed, restarts it, and the community continues", async () => {
    const pid = await processOf("services/relay");
    log = "";
    process.kill(pid, "SIGKILL");
    await until("the relay answers again", () => /relay *│ answers again/.test(log), PATIENCE_MS);
    expect(log).to.match(/relay *│ has ended \(SIGKILL\); restarting it/);
    await until(
      "it has caught up",
      async () => {
        return (await fetch(`${urlOf("relay")}/health`)).status === 200;
      },
      PATIENCE_MS,
    );
    const before = await chainTime();
    await until(
      "trading continues",
      async () => (await chainTime()) >= before + 2 * 900,
      PATIENCE_MS,
    );
  });

  it("stops everything on Ctrl-C and leaves nothing behind", async () => {
    const { stdout } = await run("ps", ["-eo", "pid=,ppid="]);
    const children = stdout
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(([, parent]) => parent === start?.pid)
      .map(([pid = 0]) => pid);
    expect(children.length).to.be.at.least(5);
    if (start === undefined) return;
    const ended = once(start, "exit");
    start.kill("SIGINT");
    const [code] = await ended;
    expect(code, log).to.equal(0);
    expect(log).to.contain("all parts have ended");
    for (const pid of children) await until(`process ${pid} ends`, () => !isAlive(pid));
    for (const [part, port] of ports) expect(await isListening(port), part).to.equal(false);
  });
});
