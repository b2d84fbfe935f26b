import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { FINAL_BLOCKS } from "@wattline/common/final";
import { FIRST_FIRM_NONCE, hashReading, metersDomain, packReading } from "@wattline/sdk";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { zeroAddress } from "viem";
import { START } from "../../relay/test/support/node.ts";
import { dropBlocks } from "../../relay/test/support/reorganise.ts";
import { SLOT_SECONDS, START_SLOT, slots } from "../../relay/test/support/world.ts";
import type { Auctioneer } from "../src/auctioneer.ts";
import type { Island } from "../src/island/island.ts";
import { Operator } from "./support/operator.ts";
import { sceneOfTests } from "./support/scene.ts";

const MONTH_SECONDS = 30 * 86_400;
/** A block of slots goes by without the chain. */
const [CUT, BACK] = [8, 16];

describe("What was promised without the chain", () => {
  const scene = sceneOfTests();
  const signal = new AbortController().signal;
  let operator: Operator;
  let auctioneer: Auctioneer;
  let nowMs = 0;
  let nonce: bigint;

  const clockAt = (slot: number, minutes = 0): void => {
    nowMs = (START + slot * SLOT_SECONDS + minutes * 60) * 1000;
  };
  /** For two blocks of slots. */
  const firm = () => ({
    settler: operator.account.address,
    nonce: nonce++,
    deadline: START + MONTH_SECONDS - 60,
    firstSlot: START_SLOT + CUT,
    lastSlot: START_SLOT + CUT + 15,
  });
  const start = (): Auctioneer => {
    auctioneer = operator.byHand({ island: true }, () => nowMs);
    return auctioneer;
  };
  const island = (): Island => {
    if (auctioneer.island === undefined) throw new Error("It promises nothing.");
    return auctioneer.island;
  };
  const sums = () => island().status().sums;
  /** Rounds until nothing is to be done. */
  async function work(): Promise<void> {
    while ((await auctioneer.round(signal)) !== "idle");
  }
  /** Jane's roof has made 100 Wh in each slot of a block, and says so to the auctioneer. */
  async function handOver(slot: number): Promise<void> {
    const { roof, world } = scene();
    const { firstBlock, words } = packReading(slots(slot, 8, 100n));
    const reading = { meter: roof.address, firstBlock, exported: [...words] };
    const { chainId, meters } = world.deployment;
    const signature = await roof.sign({
      hash: hashReading(metersDomain(chainId, meters), reading),
    });
    const taken = await island().take([{ ...reading, signature }]);
    expect(taken.map(({ status }) => status)).to.deep.equal(["kept"]);
  }
  /** Blocks come again, and time has gone on. */
  async function comesBack(slot: number): Promise<void> {
    await scene().world.passSlots(slot);
    clockAt(slot);
  }
  const files = (pattern: RegExp): string[] => {
    const folder = operator.place("wattline-auctioneer/island");
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .map((name) => path.join(folder, name));
  };
  const joesWh = (): Promise<bigint> => scene().holds(scene().joe.address);
  const reportFile = (): string => files(/^settled-/)[0] ?? "";

  beforeEach(async () => {
    const { jane, joe, world } = scene();
    operator = await Operator.of(world, 7);
    nonce = FIRST_FIRM_NONCE;
    for (const each of [jane, joe]) {
      const until = START + MONTH_SECONDS;
      await world.market(each, "lock", [world.euro, operator.account.address, zeroAddress, until]);
    }
    const { address: meter } = await world.meter(joe.address);
    const bid = await scene().bid(joe, 900, { ...firm(), meter });
    await world.pin(joe, [await scene().offer(firm()), bid]);
    clockAt(CUT);
    start();
    await work();
    clockAt(BACK, 30);
    await handOver(CUT);
    await work();
    expect(sums()).to.include({ promises: 8, energyWh: "800" });
    expect(island().status().state).to.equal("offline");
  });
  afterEach(() => operator.remove());

  it("is settled again when a reorganisation takes it back, and what it rests on", async () => {
    await comesBack(BACK + 4);
    // Somebody else reports it: no file of the auctioneer's knows of that transaction.
    await scene().world.report(scene().roof, slots(CUT, 8, 100n));
    await work();
    expect(await joesWh()).to.equal(800n);
    expect(island().status().state).to.equal("connected");
    expect(existsSync(reportFile())).to.equal(true);

    rmSync(reportFile());
    await dropBlocks(scene().world.rpcUrl, 2);
    expect(await joesWh()).to.equal(0n);
    await work();
    expect(await joesWh()).to.equal(800n);
    expect(sums()).to.include({ settledWh: "800", failedWh: "0", readingsWaiting: 0 });
    expect(JSON.parse(readFileSync(reportFile(), "utf8")).sums.settledWh).to.equal("800");
  });

  it("is settled again also when the process was killed meanwhile", async () => {
    await comesBack(BACK + 4);
    await scene().world.report(scene().roof, slots(CUT, 8, 100n));
    await work();
    expect(island().status().state).to.equal("connected");
    await dropBlocks(scene().world.rpcUrl, 2);
    start();
    await work();
    expect(await joesWh()).to.equal(800n);
    expect(sums()).to.include({ settledWh: "800", readingsWaiting: 0 });
  });

  it("hinders nothing when it is settled, and ends when no reorganisation can reach it", async () => {
    await comesBack(BACK + 4);
    await work();
    const { joe, ann, world } = scene();
    const other = await scene().offer();
    await world.pin(joe, [other, await scene().bid(ann, 300)]);
    await work();
    expect(await scene().filled(other)).to.equal(300n);

    const names = (): number => files(/^promises-/).length;
    await comesBack(BACK + 8);
    await handOver(BACK);
    await work();
    expect([sums().readings, sums().readingsWaiting, names()]).to.deep.equal([2, 0, 1]);
    await world.client.mine({ blocks: FINAL_BLOCKS });
    await work();
    await comesBack(BACK + 16);
    await handOver(BACK + 8);
    await work();
    expect([sums().readings, sums().readingsWaiting, names()]).to.deep.equal([1, 0, 2]);
  });

  it("leaves the next outage what it has not used, though it may be taken back still", async () => {
    await comesBack(BACK);
    await work();
    clockAt(BACK + 8, 30);
    await handOver(BACK);
    await work();
    expect(sums()).to.include({ promises: 9, energyWh: "900" });
    await comesBack(BACK + 12);
    await work();
    expect(sums()).to.include({ settledWh: "900", failedWh: "0" });
    expect(files(/^promises-/)).to.have.length(1);
  });
});
