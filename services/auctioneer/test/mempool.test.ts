import type { SignedOrder } from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { until } from "../../../scripts/testing/until.ts";
import { type MisbehavingNode, misbehavingNode } from "../../../test/support/misbehavingNode.ts";
import { Operator } from "./support/operator.ts";
import { sceneOfTests } from "./support/scene.ts";

const DAY_MS = 86_400_000;
const GWEI = 10n ** 9n;

describe("A transaction of the auctioneer", () => {
  const scene = sceneOfTests();
  let operator: Operator;
  let offer: SignedOrder;
  let proxy: MisbehavingNode;
  const signal = new AbortController().signal;

  before(async () => {
    proxy = await misbehavingNode(scene().world.rpcUrl, {});
  });
  after(() => proxy.close());
  beforeEach(async () => {
    proxy.become({});
    operator = await Operator.of(scene().world, 7);
    offer = await scene().offer();
    await scene().world.pin(scene().joe, [offer, await scene().bid(scene().joe, 3_000)]);
  });
  afterEach(async () => {
    await scene().world.client.setAutomine(true);
    await operator.remove();
  });

  const client = () => scene().world.client;
  const nonceOf = ({ account }: Operator): Promise<number> =>
    client().getTransactionCount({ address: account.address });
  const isSettled = async (): Promise<boolean> => (await scene().filled(offer)) === 3_000n;
  /** Nothing was settled twice, and nothing was paid for twice. */
  async function expectOnce(who = operator): Promise<void> {
    expect(await scene().filled(offer)).to.equal(3_000n);
    expect(await scene().holds(scene().joe.address)).to.equal(3_000n);
    expect(await nonceOf(who)).to.equal(1);
  }
  /** An auctioneer whose transactions count as stuck after a minute. */
  const byHand = (now = () => Date.now(), wishes: Parameters<Operator["byHand"]>[0] = {}) =>
    operator.byHand({ stuckSeconds: 60, ...wishes }, now);
  const pending = async () => {
    const { transactions } = await client().getBlock({
      blockTag: "pending",
      includeTransactions: true,
    });
    return transactions;
  };

  it("that the node forgets is handed in again", async () => {
    proxy.become({ dropsSends: 2 });
    await operator.start({ rpcUrl: proxy.url });
    await until("it is settled", isSettled);
    await expectOnce();
  });

  it("that pays too little for the node is sent with a higher fee", async () => {
    proxy.become({ leastFeePerGas: 20n * GWEI });
    await operator.start({ rpcUrl: proxy.url });
    await until("it is settled", isSettled);
    await expectOnce();
  });

  it("whose answer is lost is not sent a second time", async () => {
    proxy.become({ losesSendAnswers: 3 });
    await operator.start({ rpcUrl: proxy.url });
    await until("it is settled", isSettled);
    await operator.stop();
    await expectOnce();
  });

  it("that is stuck is replaced under its nonce with a higher fee", async () => {
    await client().setAutomine(false);
    let now = Date.now();
    const auctioneer = byHand(() => now);
    expect(await auctioneer.round(signal)).to.equal("sent");
    const [first] = await pending();
    await client().setNextBlockBaseFeePerGas({ baseFeePerGas: 50n * GWEI });
    await client().mine({ blocks: 1 });
    expect(await isSettled()).to.equal(false);
    expect(await auctioneer.round(signal)).to.equal("waiting");
    now += 61_000;
    expect(await auctioneer.round(signal)).to.equal("waiting");
    await client().mine({ blocks: 1 });
    await expectOnce();
    const block = await client().getBlock({ includeTransactions: true });
    expect(block.transactions[0]?.nonce).to.equal(first?.nonce ?? 0);
    expect(block.transactions[0]?.maxFeePerGas).to.be.greaterThan(50n * GWEI);
    expect(await auctioneer.round(signal)).to.equal("idle");
  });

  it("that a competitor has made worthless is replaced by one that only uses up its nonce", async () => {
    await client().setAutomine(false);
    const auctioneer = byHand();
    expect(await auctioneer.round(signal)).to.equal("sent");
    await client().setNextBlockBaseFeePerGas({ baseFeePerGas: 50n * GWEI });
    await client().mine({ blocks: 1 });
    const competitor = await Operator.of(scene().world, 8);
    const other = competitor.byHand();
    expect(await other.round(signal)).to.equal("sent");
    await client().mine({ blocks: 1 });
    await expectOnce(competitor);
    expect(await auctioneer.round(signal)).to.equal("waiting");
    await client().mine({ blocks: 1 });
    const block = await client().getBlock();
    expect(block.gasUsed).to.equal(21_000n);
    expect(await auctioneer.round(signal)).to.equal("idle");
    await competitor.remove();
    await expectOnce();
  });

  it("that is mined behind a competitor's settles nothing twice", async () => {
    await client().setAutomine(false);
    const auctioneer = byHand();
    const competitor = await Operator.of(scene().world, 8);
    const other = competitor.byHand();
    expect(await auctioneer.round(signal)).to.equal("sent");
    expect(await other.round(signal)).to.equal("sent");
    await client().mine({ blocks: 1 });
    expect((await client().getBlock()).transactions.length).to.equal(2);
    await expectOnce();
    expect(await auctioneer.round(signal)).to.equal("idle");
    expect(await other.round(signal)).to.equal("idle");
    await competitor.remove();
  });

  it("that a reorganisation takes back is mined again, and counts on the budget once", async () => {
    const before = await client().snapshot();
    const auctioneer = byHand();
    expect(await auctioneer.round(signal)).to.equal("sent");
    const { transactions } = await client().getBlock();
    expect(await auctioneer.round(signal)).to.equal("idle");
    await expectOnce();
    await client().revert({ id: before });
    await client().mine({ blocks: 3, interval: 7 });
    expect(await isSettled()).to.equal(false);
    await until("it is settled again", async () => {
      await auctioneer.round(signal);
      return isSettled();
    });
    await auctioneer.round(signal);
    await expectOnce();
    const block = await client().getBlock({ includeTransactions: true });
    const [{ hash } = { hash: "0x" as const }] = block.transactions;
    expect(transactions).to.deep.equal([hash]);
    const { gasUsed, effectiveGasPrice } = await client().getTransactionReceipt({ hash });
    const metric = await auctioneer.metrics.committed.get();
    expect(metric.values[0]?.value).to.equal(Number(gasUsed * effectiveGasPrice));
  });

  it("is handed in again, not made anew, after a crash", async () => {
    await client().setAutomine(false);
    expect(await byHand().round(signal)).to.equal("sent");
    const [sent] = await pending();
    const hash = sent?.hash ?? "0x";
    await client().dropTransaction({ hash });
    expect(await pending()).to.deep.equal([]);
    const next = byHand();
    expect(await next.round(signal)).to.equal("waiting");
    await client().mine({ blocks: 1 });
    expect((await client().getBlock()).transactions).to.deep.equal([hash]);
    await expectOnce();
    expect(await next.round(signal)).to.equal("idle");
  });

  it("is not sent when the day's budget may not cover it, and is the next day", async () => {
    let now = Date.UTC(2027, 5, 7, 12);
    const { baseFeePerGas } = await client().getBlock();
    expect(baseFeePerGas).to.be.greaterThan(0n);
    // A batch of one match may take 0.4 million gas, and uses half of it.
    const once = byHand(() => now, { mostADay: "0.002" });
    expect(await once.round(signal)).to.equal("sent");
    await once.round(signal);
    await expectOnce();
    const second = await scene().bid(scene().ann, 2_000);
    await scene().world.pin(scene().ann, [second]);
    const { values } = await once.metrics.committed.get();
    const spentWei = values[0]?.value ?? 0;
    const tight = (mostADay: bigint) =>
      byHand(() => now, { mostADay: `0.${mostADay.toString().padStart(18, "0")}` });
    const auctioneer = tight(BigInt(spentWei) + 10n ** 12n);
    expect(await auctioneer.round(signal)).to.equal("idle");
    expect(await nonceOf(operator)).to.equal(1);
    expect(operator.lines.join()).to.contain("budget");
    now += DAY_MS;
    const tomorrow = byHand(() => now, { mostADay: "0.002" });
    expect(await tomorrow.round(signal)).to.equal("sent");
    expect(await scene().filled(second)).to.equal(2_000n);
  });
});
