import { type ChildProcess, execFile, spawn } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { AuctioneerError, handIn } from "@wattline/auctioneer/client";
import { readNodeConfig } from "@wattline/node/config";
import { mandateData, mandateTypedData, type UnsignedMandate } from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import type { Hex } from "viem";
import { pagesConfig } from "../../scripts/node/parts.ts";
import { freePorts } from "../../scripts/testing/ports.ts";
import { until } from "../../scripts/testing/until.ts";
import { Operator } from "../../services/auctioneer/test/support/operator.ts";
import { kill, type LocalNode, startAnvil } from "../../services/relay/test/support/node.ts";
import { createWorld, localAccount, type World } from "../../services/relay/test/support/world.ts";

const run = promisify(execFile);
const SETTLER = 7;
const HOUSEHOLD = localAccount(3);
const [TOO_MANY_REQUESTS, SERVER_ERROR] = [429, 500];
/** All parts start beside other tests. */
const PATIENCE_MS = 600_000;
const EXAMPLE = "services/node/node.example.toml";

describe("npm run node", function () {
  this.timeout(1_800_000);
  let chain: LocalNode;
  let world: World;
  let operator: Operator;
  let child: ChildProcess | undefined;
  let output = "";
  let ports: number[];

  before(async () => {
    // The node's clock is ours.
    chain = await startAnvil(Math.floor(Date.now() / 1000) - 60);
    world = await createWorld(chain.rpcUrl);
    operator = await Operator.of(world, SETTLER);
    ports = await freePorts(6);
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") console.log(output);
  });
  after(async () => {
    if (child !== undefined) await kill(child, "SIGTERM");
    await chain?.stop();
    await operator?.remove();
  });

  const file = (): string => operator.place("node.toml");

  function writeConfig(change: (toml: string) => string = (toml) => toml): void {
    const [gateway, relay, indexer, promises, mandates, pages] = ports;
    const example = readFileSync(EXAMPLE, "utf8")
      .replace("http://127.0.0.1:8545", chain.rpcUrl)
      .replace("0x0000000000000000000000000000000000000001", world.euro)
      .replace("offline_minutes = 10 ", "offline_minutes = 0.5 ")
      .replace("8592", String(gateway))
      .replace("8570", String(relay))
      .replace("8569", String(indexer))
      .replace("8591", String(promises))
      .replace("8593", String(mandates))
      .replace("5173", String(pages));
    writeFileSync(file(), change(example));
  }

  /** The calldata of what a household signs to call all of its orders off. */
  async function cancellationOfAll(by: typeof HOUSEHOLD) {
    const maker = by.address;
    const unsigned: UnsignedMandate = {
      type: "CancellationOfAll",
      holder: maker,
      message: { maker, currency: world.euro },
    };
    const deadline = Math.floor(Date.now() / 1000) + 3600;
    const typed = mandateTypedData(unsigned, { nonce: 0n, deadline });
    const signature = await by.signTypedData({ domain: world.domain, ...typed });
    return mandateData({ ...unsigned, message: { ...unsigned.message, deadline }, signature });
  }

  /** A block of this moment, so that the newest is never as old as in an outage. */
  async function freshBlock(): Promise<void> {
    const { timestamp: last } = await world.client.getBlock();
    const now = BigInt(Math.floor(Date.now() / 1000));
    if (now > last) await world.client.setNextBlockTimestamp({ timestamp: now });
    await world.client.mine({ blocks: 1 });
  }

  /** Whether the auctioneer has had done what it is handed; it takes only so many questions a second, and none while its node is slow. */
  const isDone = (url: string, handed: Hex): Promise<boolean> =>
    handIn(url, handed).then(
      ({ status }) => status === "done",
      (error: unknown) => {
        const { status } = error instanceof AuctioneerError ? error : { status: 0 };
        if (status === TOO_MANY_REQUESTS || status >= SERVER_ERROR) return false;
        throw error;
      },
    );

  const command = (...args: string[]) =>
    run(process.execPath, ["scripts/node.ts", ...args, "-c", file()]).then(
      ({ stdout }) => stdout,
      ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) =>
        `${stdout}${stderr}`,
    );

  it("says what is wrong with its configuration before anything starts", async () => {
    const said: readonly [from: string, to: string, words: string][] = [
      ["hold_hours", "hold_days", 'there is no key "hold_days"'],
      [world.euro, "0x0000000000000000000000000000000000000001", "pages.currency.address"],
      [`relay = ${ports[1]}`, `relay = ${ports[0]}`, "a port of its own for each part"],
      ['most_a_day = "0.05"', "", "gas.most_a_day"],
      ['"deployment.json"', '"nowhere.json"', "nowhere.json can't be read"],
    ];
    for (const [from, to, words] of said) {
      writeConfig((toml) => toml.replace(from, to));
      const answer = await command();
      expect(answer).to.contain(words);
      expect(answer).to.not.contain("    at ");
    }
    copyFileSync(EXAMPLE, file());
    expect(await command("status")).to.contain("the address of your community's currency");
    writeConfig();
    expect(await command("status")).to.contain("Start it with: npm run node");
  });

  it("gives its pages the addresses that a reverse proxy has, and its own where it has none", () => {
    const urls = '\n[network.urls]\nrelay = "https://relay.example"\n\n# What the pages';
    writeConfig((toml) => toml.replace("\n# What the pages", urls));
    const { networks } = JSON.parse(pagesConfig(readNodeConfig(file())));
    expect(networks[0]).to.include({
      relayUrl: "https://relay.example",
      indexerUrl: `http://127.0.0.1:${ports[2]}`,
      auctioneerUrl: `http://127.0.0.1:${ports[4]}`,
    });
  });

  it("runs all parts, says when the chain is out of reach and when it is back, and ends with all of them", async () => {
    writeConfig();
    child = spawn(process.execPath, ["scripts/node.ts", "-c", file()], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const pipe of [child.stdout, child.stderr]) {
      pipe?.on("data", (text) => {
        output += text;
      });
    }
    await until("the node runs", () => output.includes("The node runs at"), PATIENCE_MS);
    expect(output).to.not.contain("given up");
    const [gateway, , , , mandates, pages] = ports;
    const answer = await fetch(`http://127.0.0.1:${pages}/wattline.json`);
    const { networks } = (await answer.json()) as { networks: Record<string, unknown>[] };
    expect(networks[0]?.rpcUrl).to.equal(`http://127.0.0.1:${gateway}`);
    await until(
      "the chain is in reach",
      async () => {
        await freshBlock();
        return (await command("status")).includes("The chain is in reach");
      },
      PATIENCE_MS,
    );
    const handed = await cancellationOfAll(HOUSEHOLD);
    await until(
      "what a household without ether has signed is done",
      async () => {
        await freshBlock();
        return isDone(`http://127.0.0.1:${mandates}`, handed);
      },
      PATIENCE_MS,
      1_000,
    );
    await chain.stop();
    await until(
      "the chain is out of reach",
      async () => (await command("status")).includes("The chain is out of reach"),
      PATIENCE_MS,
    );
    const head = await fetch(`http://127.0.0.1:${gateway}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] }),
    });
    expect(await head.text()).to.contain('"result":"0x');
    const second = await command();
    expect(second).to.contain("Another process is running with");
    child.kill("SIGTERM");
    await until("it has ended", () => child?.exitCode !== null, PATIENCE_MS);
    expect([child.exitCode, output.includes("all parts have ended")]).to.deep.equal([0, true]);
  });
});
