import {
  ANYONE,
  energyTokenAbi,
  LANES,
  marketplaceAbi,
  type Order,
  type Position,
  RELEASE_GAS,
  type Release,
  releaseBatchesOf,
  sumWh,
} from "@wattline/sdk";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { encodeFunctionData, parseEventLogs } from "viem";
import { until } from "../../../scripts/testing/until.ts";
import { localAccount, START_SLOT, slots } from "../../relay/test/support/world.ts";
import { Operator } from "./support/operator.ts";
import { sceneOfTests } from "./support/scene.ts";

/** Blocks after those that the scene has reported. */
const FIRST = 16;

describe("Forwards, for an auctioneer", () => {
  const scene = sceneOfTests();
  let operator: Operator;
  const signal = new AbortController().signal;

  beforeEach(async () => {
    operator = await Operator.of(scene().world, 7);
  });
  afterEach(() => operator.remove());

  const forward = (overrides: Partial<Order> = {}): Partial<Order> => ({
    forward: true,
    firstSlot: START_SLOT + FIRST,
    lastSlot: START_SLOT + FIRST + LANES - 1,
    ...overrides,
  });
  const posted = (overrides: Partial<Order> = {}) =>
    scene().offer({
      ...forward(overrides),
      meter: scene().roof.address,
      settler: "0x0000000000000000000000000000000000000000",
      energy: 80_000,
      bond: 50_000n,
    });
  const positions = async (): Promise<Position[]> => {
    const logs = await scene().world.client.getLogs({
      address: scene().world.deployment.marketplace,
      fromBlock: 0n,
    });
    return parseEventLogs({ abi: marketplaceAbi, eventName: "Reserved", logs }).map(
      ({ args }) => args.position,
    );
  };

  it("are released when their meter has reported, and not before", async () => {
    const { world, joe, roof } = scene();
    await world.take(joe, await posted(), slots(FIRST, LANES, 300n));
    const auctioneer = operator.byHand();
    await world.passSlots(FIRST + LANES);
    expect(await auctioneer.round(signal)).to.equal("idle");
    await world.report(roof, slots(FIRST, LANES, 250n));
    expect(await auctioneer.round(signal)).to.equal("sent");
    expect(await joesEnergyWh()).to.equal(250n * BigInt(LANES));
    expect(await auctioneer.round(signal)).to.equal("idle");
  });

  it("without a reading are called undelivered by who may, when the buyer's time is over", async () => {
    const { world, joe } = scene();
    await world.take(joe, await posted(), slots(FIRST, LANES, 300n));
    await world.passSlots(FIRST + LANES + 96 + 1);
    const auctioneer = operator.byHand();
    expect(await auctioneer.round(signal)).to.equal("idle");
    // A day's deadline, and thirty days in which only the buyer decides.
    await world.passSlots(FIRST + LANES + 96 * 31 + 1);
    expect(await auctioneer.round(signal)).to.equal("sent");
    const [position] = await positions();
    if (position === undefined) throw new Error("Nothing was reserved.");
    const open = await world.client.readContract({
      address: world.deployment.marketplace,
      abi: marketplaceAbi,
      functionName: "openOf",
      args: [
        await world.client.readContract({
          address: world.deployment.marketplace,
          abi: marketplaceAbi,
          functionName: "positionId",
          args: [position],
        }),
      ],
    });
    expect(open).to.equal(0n);
  });

  it("signed as limits by both sides are reserved before their slot begins", async () => {
    const { world, joe, roof, jane } = scene();
    const terms = forward({
      settler: ANYONE,
      firstSlot: START_SLOT + 9,
      lastSlot: START_SLOT + 10,
    });
    await world.pin(joe, [
      await scene().offer({ ...terms, meter: roof.address, energy: 900, bond: 50_000n }),
      await scene().bid(joe, 800, { ...terms, bond: 20_000n, mostAhead: 100_000 }),
    ]);
    await operator.start();
    await until("Joe has reserved his energy", async () => (await positions()).length > 0);
    const all = await positions();
    expect(all.map(({ seller, buyer }) => [seller, buyer])).to.deep.equal([
      [jane.address, joe.address],
    ]);
  });

  it("take no more gas than was planned for them, in any number of blocks", async () => {
    const { world, joe, roof } = scene();
    const count = 5 * LANES;
    const offer = await posted({ lastSlot: START_SLOT + FIRST + count - 1 });
    await world.take(joe, offer, slots(FIRST, count, 30n));
    await world.take(scene().ann, offer, slots(FIRST + LANES, LANES, 40n));
    await world.passSlots(FIRST + count);
    await world.report(roof, slots(FIRST, count, 100n));
    const releases: Release[] = (await positions()).map((position) => ({
      position,
      blocks: (1n << BigInt(position.energy.length)) - 1n,
    }));
    const smallest = RELEASE_GAS.batch + RELEASE_GAS.perRelease + RELEASE_GAS.perBlock;
    const batches = releaseBatchesOf(releases, smallest + 3n * RELEASE_GAS.perBlock);
    expect(batches.length).to.be.greaterThan(1);
    const before = await world.client.snapshot();
    for (const plan of [batches, releaseBatchesOf(releases)]) {
      let released = 0;
      for (const { releases: part, gas } of plan) {
        const hash = await world.client.sendTransaction({
          account: localAccount(9),
          chain: null,
          to: world.deployment.marketplace,
          gas,
          data: encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "release",
            args: [[...part]],
          }),
        });
        const { gasUsed, status, logs } = await world.client.waitForTransactionReceipt({ hash });
        expect(status).to.equal("success");
        expect(gasUsed).to.be.lessThanOrEqual(gas);
        released += parseEventLogs({ abi: marketplaceAbi, eventName: "Released", logs }).length;
      }
      expect(released).to.equal(6);
      if (plan === batches) await world.client.revert({ id: before });
    }
  });

  async function joesEnergyWh(): Promise<bigint> {
    const { world, joe } = scene();
    const words = await world.client.readContract({
      address: world.deployment.energy,
      abi: energyTokenAbi,
      functionName: "profileOf",
      args: [joe.address, 1, 0, (START_SLOT + FIRST) / LANES, 1n],
    });
    return sumWh(words);
  }
});
