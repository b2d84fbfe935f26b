import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Listening } from "@wattline/common/listen";
import { marketplaceAbi, metersAbi } from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { type Address, createPublicClient, custom, encodeFunctionData, type Hex, http } from "viem";
import { freePort } from "../../../scripts/testing/ports.ts";
import { until } from "../../../scripts/testing/until.ts";
import { type LocalNode, startAnvil } from "../../relay/test/support/node.ts";
import {
  createWorld,
  EURO,
  localAccount,
  slots,
  type World,
} from "../../relay/test/support/world.ts";
import { ChainFollower } from "../src/gateway/follower.ts";
import { startGateway } from "../src/gateway/gateway.ts";
import { Memory } from "../src/gateway/memory.ts";
import { type Link, linkTo } from "./support/link.ts";

const STRANGER = localAccount(15).address;
const [LOOK_MS, PATIENCE_MS] = [20, 60_000];
/** Where the chain falls silent. */
const SHORT_PATIENCE_MS = 1_000;

describe("The gateway to the chain", () => {
  const [jane, joe] = [localAccount(3), localAccount(4)];
  let chain: LocalNode;
  let world: World;
  let link: Link;
  let folder: string;
  let gateway: Listening;
  let lines: string[];
  let beginning: Hex;

  before(async () => {
    chain = await startAnvil();
    world = await createWorld(chain.rpcUrl);
    link = await linkTo(chain.rpcUrl);
    await world.fund(jane, 10n * EURO);
    const roof = await world.meter(jane.address);
    await world.passSlots(8);
    await world.report(roof, slots(0, 8, 100n));
    beginning = await world.client.snapshot();
  });
  after(() => chain?.stop());
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "wattline-gateway-"));
    lines = [];
    gateway = await start();
  });
  afterEach(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
    await link.cut();
    await link.mend();
    await world.client.revert({ id: beginning });
    beginning = await world.client.snapshot();
  });

  const start = async (patienceMs = PATIENCE_MS): Promise<Listening> =>
    startGateway({
      rpcUrl: link.url,
      deployment: world.deployment,
      file: path.join(folder, "chain.json"),
      host: "127.0.0.1",
      port: await freePort(),
      lookMs: LOOK_MS,
      patienceMs,
      report: (line) => void lines.push(line),
    });
  const client = () =>
    createPublicClient({ transport: http(gateway.url, { retryCount: 0 }), cacheTime: 0 });
  const health = async (): Promise<{ isInReach: boolean; isWhole: boolean; block: number }> =>
    (await fetch(`${gateway.url}/health`)).json() as never;
  const balanceOf = async (holder: Address): Promise<bigint> => {
    const { balance } = await client().readContract({
      address: world.deployment.marketplace,
      abi: marketplaceAbi,
      functionName: "accountOf",
      args: [world.euro, holder],
    });
    return balance;
  };
  const isWhole = () =>
    until("all is kept", async () => {
      const { isWhole: is, block } = await health();
      return is && block === Number(await world.client.getBlockNumber());
    });
  async function cut(): Promise<void> {
    await link.cut();
    await until("the chain is out of reach", async () => !(await health()).isInReach);
  }
  const failure = (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => "it answered",
      (error: Error) => error.message,
    );

  it("passes on what it is asked, and answers the same when the chain is gone", async () => {
    const janes = await balanceOf(jane.address);
    expect(janes).to.equal(10n * EURO * 1000n);
    const head = await client().getBlock();
    await isWhole();
    await cut();
    expect(await balanceOf(jane.address)).to.equal(janes);
    expect((await client().getBlock()).hash).to.equal(head.hash);
    expect(await client().getChainId()).to.equal(world.deployment.chainId);
    expect(lines.join()).to.contain(`as of the block ${head.number}`);
  });

  it("does not wait for a chain that says nothing any more", async () => {
    const janes = await balanceOf(jane.address);
    await isWhole();
    await gateway.stop();
    gateway = await start(SHORT_PATIENCE_MS);
    await isWhole();
    link.freeze();
    const began = performance.now();
    expect(await balanceOf(jane.address)).to.equal(janes);
    expect(performance.now() - began).to.be.below(20 * SHORT_PATIENCE_MS);
    expect((await health()).isInReach).to.equal(false);
    await link.cut();
    await link.mend();
    await until("it is in reach", async () => (await health()).isInReach);
  });

  it("answers questions in a multicall one by one, and knows nothing of whom nobody asked about", async () => {
    await balanceOf(jane.address);
    await isWhole();
    await cut();
    const accountOf = (holder: Address) =>
      encodeFunctionData({
        abi: marketplaceAbi,
        functionName: "accountOf",
        args: [world.euro, holder],
      });
    const { result } = await client().simulateContract({
      address: world.deployment.marketplace,
      abi: marketplaceAbi,
      functionName: "multicall",
      args: [[accountOf(jane.address), accountOf(STRANGER)]],
    });
    const [janes = "0x", strangers = "0x"] = result;
    expect([BigInt(janes.slice(0, 66)), BigInt(strangers)]).to.deep.equal([10n * EURO * 1000n, 0n]);
    const found = await client().readContract({
      address: world.deployment.meters,
      abi: metersAbi,
      functionName: "meterOf",
      args: [STRANGER],
    });
    expect(found.owner).to.equal("0x0000000000000000000000000000000000000000");
  });

  it("keeps up with what happens, also when blocks are replaced", async () => {
    const before = await balanceOf(jane.address);
    await isWhole();
    const snapshot = await world.client.snapshot();
    await world.market(jane, "withdraw", [world.euro, EURO, jane.address]);
    await isWhole();
    await world.client.revert({ id: snapshot });
    await world.client.mine({ blocks: 2, interval: 5 });
    await isWhole();
    await cut();
    expect(await balanceOf(jane.address)).to.equal(before);
    await link.mend();
    await until("it is in reach", async () => (await health()).isInReach);
    await world.market(jane, "withdraw", [world.euro, EURO, jane.address]);
    await isWhole();
    await cut();
    expect(await balanceOf(jane.address)).to.equal(before - EURO * 1000n);
  });

  it("knows the blocks that came between two looks, too: who has read up to one of them goes on from there", async () => {
    await isWhole();
    await world.client.mine({ blocks: 4, interval: 5 });
    await isWhole();
    const newest = await world.client.getBlockNumber();
    const numbers = Array.from({ length: 5 }, (_, i) => newest - BigInt(i));
    const hashes = (asked: Pick<ReturnType<typeof client>, "getBlock">) =>
      Promise.all(numbers.map(async (blockNumber) => (await asked.getBlock({ blockNumber })).hash));
    await cut();
    expect(await hashes(client())).to.deep.equal(await hashes(world.client));
  });

  it("takes a block that is replaced while it is read for no sign that the chain is gone", async () => {
    const memory = new Memory(path.join(folder, "other.json"), world.deployment, Date.now());
    const question = {
      to: world.deployment.marketplace,
      data: encodeFunctionData({
        abi: marketplaceAbi,
        functionName: "accountOf",
        args: [world.euro, jane.address],
      }),
    };
    memory.ask(question, Date.now());
    const before = await world.client.snapshot();
    await world.client.mine({ blocks: 1 });
    let isReplaced = false;
    const replacing = createPublicClient({
      transport: custom(
        {
          async request({ method, params }) {
            if (method === "eth_call" && !isReplaced) {
              isReplaced = true;
              await world.client.revert({ id: before });
              await world.client.mine({ blocks: 2, interval: 5 });
            }
            return world.client.request({ method, params });
          },
        },
        { retryCount: 0 },
      ),
    });
    const follower = new ChainFollower(replacing, world.deployment, memory, Date.now);
    const { signal } = new AbortController();
    await follower.follow(signal);
    expect([isReplaced, memory.head]).to.deep.equal([true, undefined]);
    await follower.follow(signal);
    expect(memory.head?.hash).to.equal((await world.client.getBlock()).hash);
    expect(BigInt(memory.answerTo(question)?.slice(0, 66) ?? 0)).to.equal(10n * EURO * 1000n);
  });

  it("starts without a chain, from what it has kept", async () => {
    const janes = await balanceOf(jane.address);
    const microgridLogs = { address: world.deployment.microgrids, fromBlock: 0n } as const;
    const logs = await client().getLogs(microgridLogs);
    await isWhole();
    await gateway.stop();
    await link.cut();
    gateway = await start();
    expect(await balanceOf(jane.address)).to.equal(janes);
    expect((await client().getLogs(microgridLogs)).length).to.equal(logs.length);
  });

  it("says that it takes a chain for what was not kept", async () => {
    await isWhole();
    await cut();
    expect(await failure(client().getGasPrice())).to.contain("takes one");
    expect(await failure(client().getBalance({ address: joe.address }))).to.contain(
      "The chain is not in reach",
    );
    expect(
      await failure(client().call({ to: world.deployment.energy, data: "0x12345678" })),
    ).to.contain("are not kept");
  });

  it("is refused a file of another deployment, or one that is damaged, and a node of another chain", async () => {
    await isWhole();
    await gateway.stop();
    const other = { ...world.deployment, marketplace: STRANGER };
    const options = {
      rpcUrl: link.url,
      file: path.join(folder, "chain.json"),
      host: "127.0.0.1",
      port: 0,
      report: () => undefined,
    };
    expect(await failure(startGateway({ ...options, deployment: other }))).to.contain(
      "Give this node a folder of its own",
    );
    const elsewhere = { ...world.deployment, chainId: 5 };
    const fresh = path.join(folder, "fresh.json");
    expect(
      await failure(startGateway({ ...options, file: fresh, deployment: elsewhere })),
    ).to.contain("the deployment is on chain 5");
    writeFileSync(options.file, "{");
    expect(await failure(startGateway({ ...options, deployment: world.deployment }))).to.contain(
      "is damaged",
    );
    gateway = await startGateway({ ...options, file: fresh, deployment: world.deployment });
  });
});
