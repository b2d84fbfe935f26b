/** No program tells what it was told in confidence: a private key, or the API key in a node's address. */
import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { toHex } from "viem";
import { freePort } from "../../scripts/testing/ports.ts";
import { until } from "../../scripts/testing/until.ts";
import { Household, keyIn, TRIAL_METER } from "../../services/agent/test/support/folder.ts";
import { startNode } from "../../services/indexer/test/support/process.ts";
import { type LocalNode, startAnvil } from "../../services/relay/test/support/node.ts";
import { createWorld, localAccount, type World } from "../../services/relay/test/support/world.ts";

const API_KEY = "an-api-key-that-nobody-may-see";
const PATIENCE_MS = 120_000;

describe("Secrets", function () {
  this.timeout(600_000);
  let node: LocalNode;
  let world: World;
  let provider: Provider;
  let files: Household;
  const secrets: string[] = [API_KEY];

  before(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    provider = await openProvider(node.rpcUrl);
    files = new Household();
    files.deployment(world.deployment);
    for (const [name, index] of [
      ["device", 11],
      ["delegate", 12],
      ["sender", 13],
    ] as const) {
      const privateKey = toHex(localAccount(index).getHdKey().privateKey ?? new Uint8Array());
      await files.key(name, "secp256k1", privateKey);
      secrets.push(privateKey.slice(2), "open sesame");
    }
    files.configure(`
data = "agent"
[chain]
deployment = "deployment.json"
rpc_url = "${provider.url}"
[report]
by = "transaction"
payer = ${keyIn("sender")}
every_minutes = 1
[[homes]]
name = "Jane"
microgrid = 1
capacity_w = 10000
device = ${keyIn("device")}
delegate = ${keyIn("delegate")}
[homes.trading]
relay = "http://127.0.0.1:9"
floor = "0.10"
ceiling = "0.28"
most_a_day = "5"
${TRIAL_METER}`);
    writeFileSync(
      files.place("auctioneer.toml"),
      `
data = "auctioneer"
[chain]
deployment = "deployment.json"
rpc_url = "${provider.url}"
[account]
key = ${keyIn("sender")}
[orders]
board = true
[gas]
most_a_day = "1"
`,
    );
  });
  after(async () => {
    provider?.close();
    files?.remove();
    await node?.stop();
  });

  const environment = async (name: string) => ({
    WATTLINE_DEPLOYMENT: files.place("deployment.json"),
    WATTLINE_RPC_URL: provider.url,
    WATTLINE_PORT: `${await freePort()}`,
    WATTLINE_DATA: files.place(name),
    DATABASE_URL: "",
  });

  /** Programs that run on; `isUp` is in what they print, or what they ask, when they have begun. */
  for (const [name, args] of [
    ["relay", () => ["services/relay/src/main.ts"]],
    ["indexer", () => ["services/indexer/start.ts"]],
    ["agent", () => ["services/agent/src/main.ts", "-c", files.place("agent.toml"), "run"]],
    [
      "auctioneer",
      () => ["services/auctioneer/src/main.ts", "run", "-c", files.place("auctioneer.toml")],
    ],
  ] as const) {
    it(`of the ${name} are in none of its lines, whether its node answers or not`, async () => {
      provider.answers = true;
      const asked = provider.asked;
      const service = startNode(args(), await environment(name));
      try {
        const hasAsked = () => provider.asked > asked || service.child.exitCode !== null;
        await until(`the ${name} asks its node`, hasAsked, PATIENCE_MS);
        provider.answers = false;
        const refused = provider.refused;
        const hasHeard = () => provider.refused > refused || service.child.exitCode !== null;
        await until(`the ${name} is refused`, hasHeard, PATIENCE_MS);
      } finally {
        await service.stop("SIGKILL");
      }
      expectNone(service.lines);
      const dead = startNode(args(), await environment(`${name} again`));
      const speaks = () => dead.lines.length > 0 || dead.child.exitCode !== null;
      await until(`the ${name} says that no node answers`, speaks, PATIENCE_MS).finally(() =>
        dead.stop("SIGKILL"),
      );
      expectNone(dead.lines);
    });
  }

  it("of commands are in none of their lines", async () => {
    provider.answers = false;
    const [, , , sender = ""] = secrets;
    for (const args of [
      ["scripts/call.ts", "microgrids.microgridCount"],
      ["scripts/audit.ts", "--out", files.place("audit")],
      ["scripts/deploy.ts", "--chain-id", "31337", "--out", files.place("deployments")],
    ]) {
      const command = startNode(args, {
        ...(await environment("commands")),
        WATTLINE_DEPLOYER_KEY: `0x${sender}`,
      });
      await until(`${args[0]} ends`, () => command.child.exitCode !== null, PATIENCE_MS);
      expect(command.lines, args.join(" ")).not.to.be.empty;
      expectNone(command.lines);
    }
  });

  function expectNone(lines: readonly string[]): void {
    for (const secret of secrets) expect(lines.join("\n")).not.to.contain(secret);
  }
});

interface Provider {
  /** The address as a customer has it, with its API key. */
  readonly url: string;
  answers: boolean;
  readonly asked: number;
  readonly refused: number;
  close(): void;
}

/** A service that sells access to a node: it answers whoever names the API key, or fails. */
async function openProvider(rpcUrl: string): Promise<Provider> {
  let [asked, refused] = [0, 0];
  const provider = {
    url: "",
    answers: true,
    get asked() {
      return asked;
    },
    get refused() {
      return refused;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  const server = createServer((incoming, response) => {
    if (!provider.answers || incoming.url !== `/v2/${API_KEY}`) {
      refused++;
      response.writeHead(500).end("The provider has a bad day.");
      return;
    }
    asked++;
    const headers = { "content-type": "application/json" };
    const passed = request(rpcUrl, { method: "POST", headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, headers);
      answer.pipe(response);
    });
    passed.once("error", () => response.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  provider.url = `http://127.0.0.1:${port}/v2/${API_KEY}`;
  return provider;
}
