import { rmSync } from "node:fs";
import { FINAL_BLOCKS } from "@wattline/common/final";
import {
  energyIdOf,
  energyTokenAbi,
  FIRST_FIRM_NONCE,
  hashReading,
  metersDomain,
  packReading,
  type SignedOrder,
  signedOrderToJson,
} from "@wattline/sdk";
import { expect } from "chai";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { encodeFunctionData, type Hex, zeroAddress } from "viem";
import { START } from "../../relay/test/support/node.ts";
import { openRelay, type TestRelay } from "../../relay/test/support/relays.ts";
import { dropBlocks } from "../../relay/test/support/reorganise.ts";
import { SLOT_SECONDS, START_SLOT, slots } from "../../relay/test/support/world.ts";
import type { Auctioneer } from "../src/auctioneer.ts";
import { Operator, type Wishes } from "./support/operator.ts";
import { sceneOfTests } from "./support/scene.ts";

const GWEI = 10n ** 9n;
/** More than two transactions take, less than three. */
const BIDS = 260;
const BID_WH = 20;

describe("Several transactions of an auctioneer at once", () => {
  const scene = sceneOfTests();
  const signal = new AbortController().signal;
  let operator: Operator;
  let relay: TestRelay;
  let offer: SignedOrder;
  let bids: SignedOrder[];

  before(async () => {
    offer = await scene().offer();
    bids = [];
    for (let bid = 0; bid < BIDS; bid++) bids.push(await scene().bid(scene().joe, BID_WH));
  });
  beforeEach(async () => {
    operator = await Operator.of(scene().world, 7);
    relay = await openRelay(scene().world);
    await relay.client.post([offer, ...bids].map(signedOrderToJson));
    await client().setAutomine(false);
  });
  afterEach(async () => {
    await client().setAutomine(true);
    await operator.remove();
    await relay.stop();
  });

  const client = () => scene().world.client;
  const byHand = (wishes: Wishes = {}, now = () => Date.now()): Auctioneer =>
    operator.byHand({ relays: [relay.url], ...wishes }, now);
  const minedCount = (): Promise<number> =>
    client().getTransactionCount({ address: operator.account.address });
  /** What waits in the node's pool, the lowest nonce first. */
  const waiting = async () => {
    const { pending } = await client().getTxpoolContent();
    return Object.values(pending).flatMap((ofAccount) =>
      Object.values(ofAccount).sort((one, other) => Number(one.nonce) - Number(other.nonce)),
    );
  };
  /** Rounds until one sends nothing. */
  async function sendAll(auctioneer: Auctioneer) {
    let round = await auctioneer.round(signal);
    while (round === "sent") round = await auctioneer.round(signal);
    return round;
  }
  async function expectAllOnce(transactions: number): Promise<void> {
    const filled = await Promise.all(bids.map((bid) => scene().filled(bid)));
    expect(new Set(filled)).to.deep.equal(new Set([BigInt(BID_WH)]));
    expect(await scene().holds(scene().joe.address)).to.equal(BigInt(BIDS * BID_WH));
    expect(await minedCount()).to.equal(transactions);
  }

  it("are all batches of a plan, with nonces that follow one another, as many as there are", async () => {
    const auctioneer = byHand();
    expect(await sendAll(auctioneer)).to.equal("waiting");
    expect((await waiting()).map(({ nonce }) => Number(nonce))).to.deep.equal([0, 1, 2]);
    await client().mine({ blocks: 3 });
    await expectAllOnce(3);
    expect(await auctioneer.round(signal)).to.equal("idle");
  });

  it("are handed in again when the node forgets some of them, also after a crash", async () => {
    await sendAll(byHand());
    const hashes = (await waiting()).map(({ hash }) => hash);
    for (const hash of [hashes[0], hashes[2]] as Hex[]) await client().dropTransaction({ hash });
    const next = byHand();
    expect(await next.round(signal)).to.equal("waiting");
    expect((await waiting()).map(({ hash }) => hash)).to.deep.equal(hashes);
    await client().mine({ blocks: 3 });
    await expectAllOnce(3);
    expect(await next.round(signal)).to.equal("idle");
  });

  /** Mines the first of what waits alone. */
  async function mineFirst(): Promise<void> {
    const [, ...later] = await waiting();
    for (const { hash } of later) await client().dropTransaction({ hash });
    await client().mine({ blocks: 1 });
  }

  it("are mined as they were sent, though the first was taken back long ago, when nobody looked", async () => {
    const auctioneer = byHand();
    await sendAll(auctioneer);
    const hashes = (await waiting()).map(({ hash }) => hash);
    await mineFirst();
    expect(await auctioneer.round(signal)).to.equal("waiting");
    for (const { hash } of await waiting()) await client().dropTransaction({ hash });
    await dropBlocks(scene().world.rpcUrl, 1);
    await client().mine({ blocks: FINAL_BLOCKS });
    expect(await auctioneer.round(signal)).to.equal("waiting");
    expect((await waiting()).map(({ hash }) => hash)).to.deep.equal(hashes);
    await client().mine({ blocks: 1 });
    await expectAllOnce(3);
  });

  it("go on when nothing is known of the nonce before them", async () => {
    await sendAll(byHand());
    const [first] = await waiting();
    const { chainId } = scene().world.deployment;
    const owner = `${chainId}-${operator.account.address.toLowerCase()}`;
    rmSync(operator.place(`wattline-auctioneer/${owner}-sent-0.json`));
    await client().dropTransaction({ hash: first?.hash ?? "0x" });
    const next = byHand();
    // What was to be settled under it is settled under the fourth.
    while ((await minedCount()) < 4) {
      await next.round(signal);
      await client().mine({ blocks: 1 });
    }
    expect(operator.lines.join()).to.contain("Nothing is known of the nonce 0");
    await expectAllOnce(4);
  });

  it("that are stuck are replaced each under its own nonce, the lowest first", async () => {
    let nowMs = Date.now();
    const auctioneer = byHand({ stuckSeconds: 60 }, () => nowMs);
    await sendAll(auctioneer);
    const first = (await waiting()).map(({ hash }) => hash);
    await client().setNextBlockBaseFeePerGas({ baseFeePerGas: 50n * GWEI });
    await client().mine({ blocks: 1 });
    nowMs += 61_000;
    for (let nonce = 0; nonce < first.length; nonce++) {
      expect(await minedCount()).to.equal(nonce);
      await client().setNextBlockBaseFeePerGas({ baseFeePerGas: 50n * GWEI });
      expect(await auctioneer.round(signal)).to.equal("waiting");
      await client().mine({ blocks: 1 });
      const { transactions } = await client().getBlock();
      expect(transactions).to.have.length(1);
      expect(first).to.not.include(transactions[0]);
    }
    await expectAllOnce(3);
  });

  it("count on the day's budget together, with as much again for higher fees", async () => {
    await sendAll(byHand());
    const [first] = await waiting();
    const most = BigInt(first?.gas ?? 0) * BigInt(first?.maxFeePerGas ?? 0);
    for (const { hash } of await waiting()) await client().dropTransaction({ hash });
    await operator.remove();
    operator = await Operator.of(scene().world, 7);
    const ether = (wei: bigint): string => `0.${wei.toString().padStart(18, "0")}`;
    const auctioneer = byHand({ mostADay: ether((7n * most) / 2n) });
    expect(await sendAll(auctioneer)).to.equal("waiting");
    expect(await waiting()).to.have.length(1);
    expect(operator.lines.join()).to.not.contain("budget");
    // What it has cost is less than what it might have: then there is room for the next.
    await client().mine({ blocks: 1 });
    await sendAll(auctioneer);
    expect(await minedCount()).to.equal(1);
    expect((await waiting()).length).to.be.greaterThan(0);
  });
});

describe("Several promises' transactions at once", () => {
  const scene = sceneOfTests();
  const signal = new AbortController().signal;
  const until = START + 30 * 86_400;
  const [CUT, BACK] = [8, 16];
  /** What is wanted, made in eight slots. */
  const SLOT_WH = BigInt((BIDS * BID_WH) / 8);
  let operator: Operator;
  let auctioneer: Auctioneer;
  let nowMs = 0;

  const client = () => scene().world.client;
  const status = () => auctioneer.island?.status();
  async function work(): Promise<void> {
    while ((await auctioneer.round(signal)) !== "idle");
  }

  beforeEach(async () => {
    const { jane, joe, world, roof } = scene();
    operator = await Operator.of(world, 7);
    const settler = operator.account.address;
    for (const each of [jane, joe]) {
      await world.market(each, "lock", [world.euro, settler, zeroAddress, until]);
    }
    const { address: meter } = await world.meter(joe.address);
    let nonce = FIRST_FIRM_NONCE;
    const firm = () => ({
      ...{ settler, nonce: nonce++, deadline: until - 60 },
      firstSlot: START_SLOT + CUT,
      lastSlot: START_SLOT + BACK - 1,
    });
    const orders = [await scene().offer(firm())];
    for (let bid = 0; bid < BIDS; bid++) {
      orders.push(await scene().bid(joe, BID_WH, { ...firm(), meter }));
    }
    for (let at = 0; at < orders.length; at += 50) {
      await world.pin(joe, orders.slice(at, at + 50));
    }
    nowMs = (START + CUT * SLOT_SECONDS) * 1000;
    auctioneer = operator.byHand({ island: true }, () => nowMs);
    await work();
    nowMs = (START + BACK * SLOT_SECONDS + 1_800) * 1000;
    const { firstBlock, words } = packReading(slots(CUT, 8, SLOT_WH));
    const reading = { meter: roof.address, firstBlock, exported: [...words] };
    const { chainId, meters } = world.deployment;
    const signature = await roof.sign({
      hash: hashReading(metersDomain(chainId, meters), reading),
    });
    await auctioneer.island?.take([{ ...reading, signature }]);
    await work();
    expect(status()?.sums.energyWh).to.equal(`${BIDS * BID_WH}`);
    await world.passSlots(BACK);
    nowMs = (START + BACK * SLOT_SECONDS) * 1000;
    expect(await auctioneer.round(signal)).to.equal("sent");
  });
  afterEach(async () => {
    await client().setAutomine(true);
    await operator.remove();
  });

  it("settle all of it in one block, once", async () => {
    await client().setAutomine(false);
    let sent = 0;
    while ((await auctioneer.round(signal)) === "sent") sent++;
    expect(sent).to.be.greaterThan(1);
    expect(await auctioneer.round(signal)).to.equal("waiting");
    await client().mine({ blocks: sent });
    await work();
    expect(status()?.sums).to.include({ settledWh: `${BIDS * BID_WH}`, failedWh: "0" });
    expect(status()?.state).to.equal("connected");
  });

  it("name nothing as failed while some of it is on its way", async () => {
    const { jane, bob, world } = scene();
    await client().setAutomine(false);
    expect(await auctioneer.round(signal)).to.equal("sent");
    // It is stuck, and the seller gives the energy of the last slot away.
    await client().setNextBlockBaseFeePerGas({ baseFeePerGas: 8n * GWEI });
    const slot = START_SLOT + BACK - 1;
    const id = energyIdOf({ microgrid: 1, source: "Solar", slot });
    await client().sendTransaction({
      ...{ account: jane, to: world.deployment.energy, chain: null, gas: 1_000_000n },
      ...{ maxFeePerGas: 10n * GWEI, maxPriorityFeePerGas: 1n },
      data: encodeFunctionData({
        abi: energyTokenAbi,
        functionName: "safeTransferFrom",
        args: [jane.address, bob.address, id, SLOT_WH, "0x"],
      }),
    });
    await client().mine({ blocks: 1 });
    expect(await scene().holds(bob.address)).to.equal(SLOT_WH);
    while ((await auctioneer.round(signal)) === "sent");
    expect(status()?.failures).to.deep.equal([]);
    await client().setNextBlockBaseFeePerGas({ baseFeePerGas: GWEI });
    await client().setAutomine(true);
    await client().mine({ blocks: 1 });
    await work();
    expect(status()?.sums).to.include({
      settledWh: `${7n * SLOT_WH}`,
      failedWh: `${SLOT_WH}`,
    });
    const named = status()?.failures.map((failure) => `${failure.slot} ${failure.reason}`);
    expect(new Set(named)).to.deep.equal(new Set([`${slot} Deals_NotCovered`]));
    expect(status()?.state).to.equal("connected");
  });
});
