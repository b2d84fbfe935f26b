import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { energyTokenAbi, sourceIndex, sumWh } from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { until } from "../../../scripts/testing/until.ts";
import { type LocalNode, START, startAnvil } from "../../relay/test/support/node.ts";
import {
  createWorld,
  localAccount,
  SLOT_SECONDS,
  START_SLOT,
  type World,
} from "../../relay/test/support/world.ts";
import { agentHome, LOAD_W } from "./support/agentHome.ts";
import { type Home, ordersOf, readingOf, settleIn } from "./support/homes.ts";
import { type Link, linkTo } from "./support/link.ts";
import { type IslandNode, openNode, type Part } from "./support/parts.ts";

/** `npm run test:outage`: two days, a hundred homes. Else six hours of a few. */
const isLong = process.env.WATTLINE_DEEP === "1";
const HOMES = isLong ? 100 : 9;
const BLOCKS = isLong ? 24 : 3;
const LANES = 8;
/** The outage begins at eight in the morning. */
const CUT = 32;
const PATIENCE_MS = isLong ? 1_800_000 : 600_000;
const [SETTLER, AGENT] = [7, 90];
const POST = 500;
/** As Ethereum's blocks are. */
const [BLOCK_GAS, BLOCK_SECONDS] = [60_000_000, 12];
/** Ten minutes, once the chain is back. */
const MOST_BLOCKS = 50;
/** On its way at once, at most. */
const MOST_WAITING = 8;
/** Two blocks are so far apart at most, while nothing new is sent. */
const PAUSE_MS = isLong ? 30_000 : 2_000;
const run = promisify(execFile);

describe("An island node whose chain is out of reach", function () {
  this.timeout(isLong ? 3_600_000 : 1_800_000);
  let chain: LocalNode;
  let world: World;
  let link: Link;
  let node: IslandNode;
  let homes: Home[];
  /** One more home, whose agent is a process, too. */
  let atAgents: Awaited<ReturnType<typeof agentHome>>;
  let agent: Part;
  const lockedUntil = START + 25 * 86_400;

  before(async () => {
    chain = await startAnvil(undefined, ["--gas-limit", `${BLOCK_GAS}`]);
    world = await createWorld(chain.rpcUrl);
    link = await linkTo(chain.rpcUrl);
    homes = await settleIn(world, HOMES, localAccount(SETTLER).address, lockedUntil);
    await world.metering(world.operator, "setCritical", [homeAt(1).meter.address, true]);
    await world.passSlots(CUT);
    node = await openNode(world, link.url, SETTLER);
    node.setClock(START + CUT * SLOT_SECONDS + 30);
    atAgents = await agentHome(world, node, AGENT, lockedUntil);
    agent = node.agent(atAgents.config);
    await node.start();
    await agent.start();
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") console.log(node.told(), agent.output);
  });
  after(async () => {
    await agent?.kill();
    await atAgents?.close();
    await node?.close();
    await link?.cut();
    await chain?.stop();
  });

  const homeAt = (index: number): Home => {
    const home = homes[index];
    if (home === undefined) throw new Error(`There is no home ${index}.`);
    return home;
  };
  const clockAt = (slot: number, seconds = 0): void =>
    node.setClock(START + slot * SLOT_SECONDS + seconds);
  const sumOf = (slot: number, of: "exportedWh" | "importedWh"): bigint =>
    homes.reduce((sum, home) => sum + home[of](slot), 0n);
  /** What can be traded of slots: all that is there or all that is wanted. */
  const tradeableWh = (first: number, count: number): bigint =>
    Array.from({ length: count }, (_, i) => first + i).reduce((sum, slot) => {
      const [made, used] = [sumOf(slot, "exportedWh"), sumOf(slot, "importedWh")];
      return sum + (made < used ? made : used);
    }, 0n);
  const promisedWh = async (): Promise<bigint> =>
    BigInt((await node.status().catch(() => undefined))?.sums.energyWh ?? -1n);

  /** A block of slots goes by: homes use and make energy, sign what they counted, and order what they want. */
  async function passBlock(first: number): Promise<void> {
    clockAt(first + LANES, 60);
    const signed = await Promise.all(
      homes.map((home) => ordersOf(world, home, node.settler, lockedUntil - 60, first, LANES)),
    );
    const orders = signed.flat();
    for (let at = 0; at < orders.length; at += POST) {
      const results = await until(
        "the relay takes orders",
        () => node.client.post(orders.slice(at, at + POST)).catch(() => undefined),
        PATIENCE_MS,
      );
      const refused = results.flatMap((each) => (each.status === "refused" ? each.reasons : []));
      expect(refused.map(({ code }) => code)).to.deep.equal([]);
    }
    const readings = await Promise.all(
      homes
        .filter(({ hasRoof }) => hasRoof)
        .map((home) => readingOf(world, home, home.exportedWh, first, LANES)),
    );
    const answer = await node.handOver(readings);
    expect(answer.status, await answer.text()).to.equal(200);
    // A quarter of an hour later the block is shared out.
    clockAt(first + LANES, 16 * 60);
    const wanted = tradeableWh(CUT, first + LANES - CUT);
    await until(
      `${wanted} Wh are promised`,
      async () => (await promisedWh()) >= wanted,
      PATIENCE_MS,
    ).catch(async (error: Error) => {
      throw new Error(`${error.message} It is ${JSON.stringify((await node.status()).sums)}`);
    });
  }

  it("goes on with locked money, also when it is killed, and settles all of it when the chain is back", async () => {
    await until(
      "the relay is up to date",
      async () => (await node.client.health()).status === "ok",
    );
    // What the parts have asked by now is kept.
    await until(
      "the chain is read",
      async () => {
        const health = await (await fetch(`${node.gatewayUrl}/health`)).json();
        const head = Number(await world.client.getBlockNumber());
        return (
          (await node.status()).meters === HOMES + 1 && health.isWhole && health.block === head
        );
      },
      PATIENCE_MS,
    );
    await link.cut();
    clockAt(CUT, 11 * 60);
    await until(
      "the relay is offline",
      async () => (await node.client.health()).isOffline,
      PATIENCE_MS,
    );
    await until("the node is offline", async () => (await node.status()).state === "offline");

    await refusesLooseMoney();
    for (let block = 0; block < BLOCKS; block++) {
      await passBlock(CUT + block * LANES);
      if (block === Math.floor(BLOCKS / 2)) await killAll();
    }
    const agents = await until(
      "the agent's bids are promised energy",
      async () => {
        const { promises = [] } = await node.status(atAgents.account.address);
        return promises.length > 0 && promises;
      },
      PATIENCE_MS,
    );
    const { sums } = await node.status();
    expect(await criticalIsServed()).to.equal(true);
    const stranger = await contradict();

    // Meanwhile, where the chain runs: nobody gets at locked money.
    const end = CUT + BLOCKS * LANES + 2;
    await world.passSlots(end);
    const withdrawal = world.market(homeAt(1).account, "withdraw", [
      world.euro,
      1n,
      homeAt(1).account.address,
    ]);
    expect(
      await withdrawal.then(
        () => "done",
        () => "refused",
      ),
    ).to.equal("refused");
    // And a device reports another number than it handed over.
    const liar = homeAt(3);
    const lie = (slot: number): bigint => (slot === CUT ? 0n : liar.exportedWh(slot));
    await world.report(
      liar.meter,
      new Map(
        Array.from({ length: LANES }, (_, i) => [START_SLOT + CUT + i, lie(CUT + i)] as const),
      ),
    );

    const before = Number(await world.client.getBlockNumber());
    clockAt(end, 30);
    const mine = await blocksByHand();
    await link.mend();
    const began = performance.now();
    await until(
      "all is settled or named",
      async () => {
        const status = await node.status().catch(() => undefined);
        if (status?.state === "connected" && status.sums.promises > 0 && hasReport()) return true;
        await mine();
        return false;
      },
      PATIENCE_MS,
    );
    // No block comes before this is read: whom the liar has left without energy then buys it of others.
    const buyers = [...homes.filter(({ hasRoof }) => !hasRoof), atAgents];
    const heldWh = await Promise.all(buyers.map(holdsWh));
    const blocks = await blocksSince(before);
    const sent = await world.client.getTransactionCount({ address: node.settler });
    console.log(
      `      ${sums.promises} promises of ${HOMES} homes, settled by ${sent} transactions in ${blocks} blocks: ${(blocks * BLOCK_SECONDS) / 60} minutes (here ${((performance.now() - began) / 1000).toFixed(0)} s)`,
    );
    expect(blocks).to.be.at.most(MOST_BLOCKS);
    await world.client.setAutomine(true);
    const report = reportOfNode();
    const failedWh = report.failures.reduce((sum, { energyWh }) => sum + BigInt(energyWh), 0n);
    expect(BigInt(report.sums.settledWh) + failedWh).to.equal(BigInt(sums.energyWh));
    // What the liar has not reported is its buyers' loss, and it is named.
    expect(failedWh).to.equal(promisedBy(report, liar, CUT));
    expect(
      report.failures.map(({ seller, reason, cause }) => [seller, reason, cause]),
    ).to.deep.equal(
      report.failures.map(() => [liar.account.address, "Deals_NotCovered", "seller"]),
    );
    expect(report.contradictions.map(({ meter, where }) => [meter, where])).to.have.deep.members([
      [stranger, "handed over"],
      [liar.meter.address, "on chain"],
    ]);
    expect(heldWh.at(-1)).to.be.greaterThan(0n);
    // It is promised no more than it has used.
    const agentsWh = agents.reduce((sum, { energyWh }) => sum + BigInt(energyWh), 0n);
    expect(agentsWh <= BigInt((LOAD_W / 4) * (BLOCKS * LANES + 2))).to.equal(true);
    expect(heldWh.reduce((sum, wh) => sum + wh, 0n)).to.equal(BigInt(report.sums.settledWh));
    await passesTheAudit();
  });

  /**
   * From here on a block comes when the node has sent as much as it may, or nothing for a while: as on a machine that has time
   * enough for that between two blocks.
   * @returns What mines a block when it is time to.
   */
  async function blocksByHand(): Promise<() => Promise<void>> {
    await world.client.setAutomine(false);
    let [waiting, sinceMs] = [0, performance.now()];
    return async () => {
      const { pending, queued } = await world.client.getTxpoolStatus();
      const now = pending + queued;
      if (now !== waiting) [waiting, sinceMs] = [now, performance.now()];
      if (now < MOST_WAITING && performance.now() - sinceMs < PAUSE_MS) return;
      await world.client.mine({ blocks: 1 });
      sinceMs = performance.now();
    };
  }

  /** How many blocks came, or, where the machine may be slow, how many hold something: else they come while the node works. */
  async function blocksSince(before: number): Promise<number> {
    const last = Number(await world.client.getBlockNumber());
    if (isLong) return last - before;
    const counts = await Promise.all(
      Array.from({ length: last - before }, (_, i) =>
        world.client.getBlockTransactionCount({ blockNumber: BigInt(before + 1 + i) }),
      ),
    );
    return counts.filter((count) => count > 0).length;
  }

  /** Money that is not locked may be gone where the chain runs. */
  async function refusesLooseMoney(): Promise<void> {
    const order = world.order(homeAt(1).account.address, { settler: node.settler });
    const [result] = await node.client
      .post([await world.sign(homeAt(1).account, order)])
      .catch(
        (error: Error) => [{ status: "refused", reasons: [{ code: error.message }] }] as const,
      );
    expect(JSON.stringify(result)).to.contain("Relay_NotLocked");
  }

  /** All parts die at once, with no warning. */
  async function killAll(): Promise<void> {
    const before = await node.status();
    await Promise.all([...node.parts, agent].map((part) => part.kill("SIGKILL")));
    await node.start();
    await agent.start();
    await until("it is offline still", async () => (await node.status()).state === "offline");
    const { sums } = await node.status();
    expect(BigInt(sums.energyWh) >= BigInt(before.sums.energyWh)).to.equal(true);
  }

  /** A critical load gets all that it asked for in slots in which there is any energy at all. */
  async function criticalIsServed(): Promise<boolean> {
    const critical = homeAt(1);
    const { promises = [] } = await node.status(critical.account.address);
    for (let slot = CUT; slot < CUT + BLOCKS * LANES; slot++) {
      const got = promises
        .filter((each) => each.slot === START_SLOT + slot)
        .reduce((sum, { energyWh }) => sum + BigInt(energyWh), 0n);
      const [made, wanted] = [sumOf(slot, "exportedWh"), critical.importedWh(slot)];
      if (got !== (made < wanted ? made : wanted)) return false;
    }
    return true;
  }

  /** A device signs another number for a slot than before: refused, and kept. Returns its address. */
  async function contradict(): Promise<string> {
    const home = homeAt(0);
    const other = await readingOf(world, home, (slot) => home.exportedWh(slot) + 1n, CUT, LANES);
    const answer = await node.handOver([other]);
    expect(answer.status).to.equal(422);
    expect(await answer.text()).to.contain("The first one counts");
    return home.meter.address;
  }

  type Report = Awaited<ReturnType<IslandNode["status"]>>;
  const islandFolder = (): string => path.join(node.folder, "wattline-auctioneer", "island");
  const hasReport = (): boolean =>
    readdirSync(islandFolder()).some((name) => name.startsWith("settled-"));
  function reportOfNode(): Report {
    const [name = ""] = readdirSync(islandFolder()).filter((each) => each.startsWith("settled-"));
    return JSON.parse(readFileSync(path.join(islandFolder(), name), "utf8"));
  }
  const promisedBy = ({ promises = [] }: Report, { account }: Home, slot: number): bigint =>
    promises
      .filter((each) => each.seller === account.address && each.slot === START_SLOT + slot)
      .reduce((sum, { energyWh }) => sum + BigInt(energyWh), 0n);

  async function holdsWh({ account }: Pick<Home, "account">): Promise<bigint> {
    const firstBlock = (START_SLOT + CUT) / LANES;
    const words = await world.client.readContract({
      address: world.deployment.energy,
      abi: energyTokenAbi,
      functionName: "profileOf",
      args: [account.address, 1, sourceIndex("Solar"), firstBlock, BigInt(BLOCKS)],
    });
    return sumWh(words);
  }

  /** By the command that anybody runs. */
  async function passesTheAudit(): Promise<void> {
    const out = path.join(node.folder, "audit");
    const { stdout } = await run(process.execPath, [
      ...["scripts/audit.ts", "--rpc", chain.rpcUrl],
      ...["--deployment", node.deploymentFile, "--out", out],
    ]).catch((error: Error & { stdout?: string }) => {
      throw new Error(`The audit fails: ${error.stdout}${error.message}`);
    });
    expect(stdout).to.not.equal("");
  }
});
