import { marketplaceAbi, type Order } from "@wattline/sdk";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { localAccount } from "../../relay/test/support/world.ts";
import { START_SLOT } from "../../relay/test/support/world.ts";
import { Operator } from "./support/operator.ts";
import { sceneOfTests } from "./support/scene.ts";

const [HERE, THERE] = [1, 2];
/** 3 % are lost, and a kWh costs two cents to send. */
const LINE = { lossBps: 300, capacity: 2_000, wheelingUp: 20_000n, wheelingDown: 20_000n };

describe("Energy that is left in a microgrid", () => {
  const scene = sceneOfTests();
  const signal = new AbortController().signal;
  let operator: Operator;

  beforeEach(async () => {
    operator = await Operator.of(scene().world, 7);
  });
  afterEach(() => operator.remove());

  const bidThere = (by: ReturnType<typeof localAccount>, wh: number, terms: Partial<Order> = {}) =>
    scene().bid(by, wh, { microgrid: THERE, crosses: true, ...terms });
  const soldWh = async (): Promise<bigint> => 8_000n - (await scene().holds(scene().jane.address));

  it("goes over the tie line, when the neighbours at home have theirs", async () => {
    const { joe, ann, bob, world } = scene();
    await world.foundNextDoor("Windy Row", LINE);
    const offer = await scene().offer({ crosses: true, energy: 3_000 });
    const [atHome, least, most] = [
      await scene().bid(joe, 1_000),
      await bidThere(ann, 900),
      await bidThere(bob, 9_000),
    ];
    await world.pin(joe, [offer, atHome, least, most]);
    const auctioneer = operator.byHand();
    expect(await auctioneer.round(signal)).to.equal("sent");
    expect(await scene().holds(joe.address)).to.equal(1_000n);
    // Of the 2,000 Wh that are left 1,940 arrive: 900 for Ann, the rest for Bob. Whole Wh are sent.
    expect(Number(await soldWh())).to.be.within(2_990, 3_000);
    expect(Number(await scene().filled(least))).to.be.within(895, 900);
    expect(Number(await scene().filled(most))).to.be.within(1_030, 1_045);
  });

  it("stays where the offer or the bid does not cross", async () => {
    const { joe, ann, world } = scene();
    await world.foundNextDoor("Windy Row", LINE);
    await world.pin(joe, [
      await scene().offer(),
      await bidThere(ann, 5_000),
      await scene().offer({ crosses: true, sources: 0b10 }),
      await bidThere(ann, 5_000, { crosses: false }),
    ]);
    expect(await operator.byHand().round(signal)).to.equal("idle");
  });

  it("is cut to what the line carries", async () => {
    const { joe, ann, bob, world } = scene();
    await world.foundNextDoor("Windy Row", { ...LINE, capacity: 600 });
    const slot = { firstSlot: START_SLOT, lastSlot: START_SLOT };
    await world.pin(joe, [
      await scene().offer({ crosses: true, ...slot }),
      await bidThere(ann, 5_000),
      await bidThere(bob, 5_000),
    ]);
    const auctioneer = operator.byHand();
    expect(await auctioneer.round(signal)).to.equal("sent");
    expect(await soldWh()).to.equal(600n);
    const carried = await world.client.readContract({
      address: world.deployment.marketplace,
      abi: marketplaceAbi,
      functionName: "flowOf",
      args: [HERE, THERE, START_SLOT >> 3],
    });
    expect(carried & 0xffff_ffffn).to.equal(600n);
    expect(await auctioneer.round(signal)).to.equal("idle");
  });
});
