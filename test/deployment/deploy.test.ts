import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { deploymentSchema, readDeployment } from "@wattline/common/deployment";
import { OptionsError } from "@wattline/common/options";
import { expect } from "chai";
import hre from "hardhat";
import { after, before, describe, it } from "mocha";
import {
  createPublicClient,
  createTestClient,
  type Hex,
  http,
  parseAbi,
  publicActions,
  walletActions,
} from "viem";
import Wattline from "../../ignition/modules/Wattline.ts";
import { type Addresses, SALT } from "../../scripts/deploy/contracts.ts";
import { deploy, type Told } from "../../scripts/deploy/deploy.ts";
import { readOptions } from "../../scripts/deploy/options.ts";
import { rehearse } from "../../scripts/deploy/rehearsal.ts";
import { type LocalNode, startAnvil } from "../../services/relay/test/support/node.ts";
import { type Misbehaviour, misbehavingNode } from "../support/misbehavingNode.ts";

/** The same contract on every chain, which Ignition deploys through. */
const CREATE_X = "0xba5Ed099633D3B313e4D5F7bdc1305d3c28ba5Ed";
const CREATE_X_ABI = parseAbi([
  "function deployCreate2(bytes32 salt, bytes code) returns (address)",
]);
/** Anvil's and Hardhat's first account, and its key. */
const DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/** Anvil's second account. */
const OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const SEPOLIA = 11_155_111;
/** Ten contracts; the marketplace's deployment makes two more. */
const TRANSACTIONS = 10;

/** Runs the command in this process, on a stand-in for Sepolia. @returns What it says. */
async function deployTo(rpcUrl: string, args: readonly string[]): Promise<Told> {
  process.env.WATTLINE_SEPOLIA_RPC = rpcUrl;
  const options = readOptions(["--network", "sepolia", ...args]);
  if (options === "help") throw new Error("Nobody has asked for help.");
  return deploy(options);
}

describe("npm run deploy", function () {
  this.timeout(300_000);
  const out = mkdtempSync(path.join(tmpdir(), "wattline-deploy-"));
  const file = path.join(out, `${SEPOLIA}.json`);
  let node: LocalNode;
  let explorer: Explorer;
  let expected: Addresses;

  before(async () => {
    process.env.WATTLINE_DEPLOYER_KEY = KEY;
    explorer = await Explorer.open();
    node = await startSepolia();
  });
  after(async () => {
    delete process.env.WATTLINE_DEPLOYER_KEY;
    delete process.env.WATTLINE_SEPOLIA_RPC;
    explorer?.close();
    await node?.stop();
    rmSync(out, { recursive: true, force: true });
  });

  const reader = (rpcUrl = node.rpcUrl) => createPublicClient({ transport: http(rpcUrl) });
  const sent = (rpcUrl = node.rpcUrl) => reader(rpcUrl).getTransactionCount({ address: DEPLOYER });

  it("finds the same addresses on chains of either type, whose gas it counts", async () => {
    const { addresses, gas, transactions } = await rehearse(hre, "l1");
    expected = addresses;
    const rollup = await rehearse(hre, "op");
    expect(rollup.addresses).to.deep.equal(addresses);
    expect([transactions, rollup.transactions]).to.deep.equal([TRANSACTIONS, TRANSACTIONS]);
    expect(Number(gas)).to.be.within(30_000_000, 45_000_000);
  });

  it("reckons the cost without a node, and leaves nothing behind", async () => {
    const args = ["--dry-run", "--gas-price", "0.5", "--ether-price", "2500", "--out", out];
    const { lines } = await deployTo("http://127.0.0.1:1", args);
    expect(lines[0]).to.match(
      /^10 transactions take \d+ gas: at 0\.5 gwei 0\.01\d+ ether, \d\d\.\d\d euro/,
    );
    expect(lines).to.include(`  marketplace ${expected.marketplace}`);
    expect(readdirSync(out)).to.deep.equal([]);
  });

  it("sends nothing to a chain that is another one", async () => {
    const local = await startAnvil();
    try {
      const refused = await deployTo(local.rpcUrl, ["--out", out]).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(OptionsError);
      expect(String(refused)).to.contain("The node of sepolia is on chain 31337, not 11155111");
    } finally {
      await local.stop();
    }
  });

  /** Begins to deploy, and loses the node when so many transactions are mined. */
  async function loseNode(count: number, how: Misbehaviour): Promise<void> {
    const failing = await misbehavingNode(node.rpcUrl, {});
    const deploying = deployTo(failing.url, ["--no-verify", "--out", out]);
    const error = deploying.catch((found: unknown) => found);
    while ((await sent()) < count) await Promise.race([nextBlock(node.rpcUrl), deploying]);
    failing.become(how);
    expect(await error).to.be.instanceOf(Error);
    await failing.close();
    expect(readdirSync(out)).to.deep.equal(["journal"]);
  }

  it("continues when the node was lost, also while it was sending, and deploys nothing twice", async () => {
    await loseNode(2, { lacks: ["eth_sendRawTransaction"] });
    await loseNode(4, { losesSendAnswers: 100 });
    await loseNode(6, { lacks: ["eth_getTransactionReceipt"] });

    const { lines } = await deployTo(node.rpcUrl, ["--no-verify", "--out", out]);
    expect(lines.join()).to.contain(file);
    expect(await sent()).to.equal(TRANSACTIONS);
  });

  it("writes what every service reads, with a block before the contracts", async () => {
    const { marketplace, microgrids, meters, energy, board } = expected;
    const { fromBlock, ...rest } = readDeployment(file, deploymentSchema);
    const addresses = { marketplace, microgrids, meters, energy, board };
    expect(rest).to.deep.equal({ chainId: SEPOLIA, ...addresses });
    const code = (blockNumber: bigint) => reader().getCode({ address: board, blockNumber });
    expect(await code(BigInt(fromBlock))).to.equal(undefined);
    expect(await code(await reader().getBlockNumber())).to.not.equal(undefined);
  });

  it("has the sources verified that are not yet, and says which were refused", async () => {
    const services = ["--sourcify", explorer.url, "--blockscout", `${explorer.url}/api`];
    explorer.verifiesAllBut([expected.meters], [expected.energy]);
    const good = await deployTo(node.rpcUrl, [...services, "--out", out]);
    expect(good.lines.at(-1)).to.equal("All sources are verified.");
    expect(good.isDone).to.equal(true);
    expect(explorer.asked).to.deep.equal([
      ["sourcify", expected.meters, "contracts/Meters.sol:Meters"],
      ["blockscout", expected.energy, "contracts/EnergyToken.sol:EnergyToken"],
    ]);
    expect(await sent()).to.equal(TRANSACTIONS);

    explorer.verifiesAllBut([expected.board], [], "compiler is out of date");
    const bad = await deployTo(node.rpcUrl, [...services, "--out", out]);
    expect(bad.lines.at(-1)).to.match(
      /Board\.sol:Board at 0x\w+, sourcify: .*compiler is out of date/,
    );
    expect(bad.isDone).to.equal(false);
  });

  it("finds what somebody else has deployed", async () => {
    const other = path.join(out, "other");
    await deployTo(node.rpcUrl, ["--no-verify", "--out", other]);
    expect(await sent()).to.equal(TRANSACTIONS);
    const { board } = readDeployment(path.join(other, `${SEPOLIA}.json`), deploymentSchema);
    expect(board).to.equal(expected.board);
  });

  it("deploys the rest where somebody else has created a part, also while it was deploying", async () => {
    const crowded = await startSepolia();
    const own = path.join(out, "crowded");
    try {
      await createAsOther(crowded.rpcUrl, ["EnergyMetadata", "Microgrids"]);
      const failing = await misbehavingNode(crowded.rpcUrl, { lacks: ["eth_sendRawTransaction"] });
      const cut = deployTo(failing.url, ["--no-verify", "--out", own]);
      expect(await cut.catch((error: unknown) => error)).to.be.instanceOf(Error);
      await failing.close();
      await createAsOther(crowded.rpcUrl, ["Forwards", "Board"]);

      await deployTo(crowded.rpcUrl, ["--no-verify", "--out", own]);
      const deployed = readDeployment(path.join(own, `${SEPOLIA}.json`), deploymentSchema);
      const { marketplace, microgrids, meters, energy, board } = expected;
      const addresses = { marketplace, microgrids, meters, energy, board };
      // Somebody could have used them since the chain's beginning.
      expect(deployed).to.deep.equal({ chainId: SEPOLIA, ...addresses, fromBlock: 0 });
      for (const address of Object.values(expected)) {
        expect(await reader(crowded.rpcUrl).getCode({ address })).to.not.equal(undefined);
      }
      expect(await sent(crowded.rpcUrl)).to.equal(TRANSACTIONS - 4);

      await deployTo(crowded.rpcUrl, ["--no-verify", "--out", own]);
      expect(await sent(crowded.rpcUrl)).to.equal(TRANSACTIONS - 4);
    } finally {
      await crowded.stop();
    }
  });

  for (const [args, named] of [
    [[], "--network"],
    [["--network", "moon"], "moon"],
    [["--network", "base", "--rpc", "http://127.0.0.1:8545"], "--rpc"],
    [["--rpc", "http://127.0.0.1:8545"], "--chain-id"],
    [["--rpc", "127.0.0.1", "--chain-id", "5"], "--rpc"],
    [["--network", "base", "--gas-price", "cheap"], "--gas-price"],
    [["--network", "base", "--ether-price", "-1"], "--ether-price"],
  ] as const) {
    it(`refuses ${args.join(" ") || "to guess the network"}`, () => {
      expect(() => readOptions(args)).to.throw(OptionsError, named);
    });
  }
});

/** A chain like Sepolia, with CreateX. */
async function startSepolia(): Promise<LocalNode> {
  const node = await startAnvil(undefined, ["--chain-id", String(SEPOLIA), "--block-time", "0.2"]);
  const chain = await hre.network.create();
  try {
    await chain.ignition.deploy(Wattline, { strategy: "create2", strategyConfig: { salt: SALT } });
    const code = await chain.ethers.provider.getCode(CREATE_X);
    await createTestClient({ mode: "anvil", transport: http(node.rpcUrl) }).setCode({
      address: CREATE_X,
      bytecode: code as Hex,
    });
  } finally {
    await chain.close();
  }
  return node;
}

/** Somebody else creates contracts through CreateX. */
async function createAsOther(rpcUrl: string, names: readonly string[]): Promise<void> {
  const client = createTestClient({ mode: "anvil", transport: http(rpcUrl) })
    .extend(walletActions)
    .extend(publicActions);
  for (const name of names) {
    const { bytecode } = await hre.artifacts.readArtifact(name);
    const hash = await client.writeContract({
      account: OTHER,
      chain: null,
      address: CREATE_X,
      abi: CREATE_X_ABI,
      functionName: "deployCreate2",
      args: [SALT, bytecode as Hex],
      gas: 16_000_000n,
    });
    const { status } = await client.waitForTransactionReceipt({ hash });
    expect(status).to.equal("success");
  }
}

/** Waits for a chain's next block. */
const nextBlock = (rpcUrl: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const client = createPublicClient({ transport: http(rpcUrl), pollingInterval: 50 });
    const stop = client.watchBlockNumber({
      onBlockNumber: () => {
        stop();
        resolve();
      },
      onError: reject,
    });
  });

/** Answers as Sourcify (API version 2) and Blockscout (its API in Etherscan's manner) do, and remembers what is submitted. */
class Explorer {
  readonly asked: [service: string, address: string, contract: string][] = [];
  readonly #server: Server;
  #unverified = { sourcify: [] as readonly string[], blockscout: [] as readonly string[] };
  #fault: string | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static open(): Promise<Explorer> {
    return new Promise((resolve) => {
      const server = createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const url = new URL(request.url ?? "/", explorer.url);
        const [status, answer] = explorer.#answer(url, Buffer.concat(chunks).toString());
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(answer));
      });
      const explorer = new Explorer(server);
      server.listen(0, "127.0.0.1", () => resolve(explorer));
    });
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  }

  /** @param fault What Sourcify finds wrong with what is submitted. */
  verifiesAllBut(sourcify: readonly string[], blockscout: readonly string[], fault?: string): void {
    this.#unverified = { sourcify, blockscout };
    this.#fault = fault;
    this.asked.length = 0;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(url: URL, body: string): readonly [status: number, answer: unknown] {
    if (url.pathname === "/api") return [200, this.#blockscout(url, new URLSearchParams(body))];
    const [, , kind, chain = "", address = ""] = url.pathname.split("/");
    if (kind === "contract") {
      const match = this.#unverified.sourcify.includes(address) ? null : "exact_match";
      return [match === null ? 404 : 200, matched(chain, address, match)];
    }
    if (body !== "") {
      const { stdJsonInput, contractIdentifier } = JSON.parse(body);
      expect(stdJsonInput.settings.viaIR).to.equal(true);
      this.asked.push(["sourcify", address, contractIdentifier.replace(/^project\//, "")]);
      return [202, { verificationId: address }];
    }
    const match = this.#fault === undefined ? "exact_match" : null;
    const error = { customCode: "no_match", message: this.#fault ?? "", errorId: "1" };
    const job = {
      isJobCompleted: true,
      verificationId: chain,
      jobStartTime: "2026-11-29T00:00:00Z",
    };
    const contract = matched(String(SEPOLIA), chain, match);
    return [200, { ...job, contract, ...(match === null && { error }) }];
  }

  #blockscout(url: URL, form: URLSearchParams): unknown {
    const asked = (name: string) => url.searchParams.get(name) ?? form.get(name) ?? "";
    switch (asked("action")) {
      case "getsourcecode": {
        const isKnown = !this.#unverified.blockscout.includes(asked("address"));
        return { status: "1", message: "OK", result: [{ SourceCode: isKnown ? "contract" : "" }] };
      }
      case "verifysourcecode": {
        const contract = asked("contractname").replace(/^project\//, "");
        this.asked.push(["blockscout", asked("contractaddress") || asked("addressHash"), contract]);
        return { status: "1", message: "OK", result: "guid" };
      }
      default:
        return { status: "1", message: "OK", result: "Pass - Verified" };
    }
  }
}

const matched = (chainId: string, address: string, match: string | null) => ({
  match,
  creationMatch: match,
  runtimeMatch: match,
  chainId,
  address,
});
