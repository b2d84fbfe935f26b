import { marketplaceAbi, type SignedOrder } from "@wattline/sdk";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { zeroAddress } from "viem";
import { LEVEL, type localAccount, START_SLOT } from "../../relay/test/support/world.ts";
import { Operator } from "./support/operator.ts";
import { sceneOfTests } from "./support/scene.ts";

type Account = ReturnType<typeof localAccount>;
/** Who is named as the settler makes an order a limit; nobody, a posted price. */
const POSTED = { settler: zeroAddress } as const;

describe("Posted prices", () => {
  const scene = sceneOfTests();
  const signal = new AbortController().signal;
  let operator: Operator;

  beforeEach(async () => {
    operator = await Operator.of(scene().world, 7);
  });
  afterEach(() => operator.remove());

  const pin = (...orders: readonly SignedOrder[]) => scene().world.pin(scene().joe, orders);
  const round = () => operator.byHand().round(signal);
  const moneyOf = async ({ address }: Account): Promise<bigint> => {
    const { client, deployment, euro } = scene().world;
    const { balance } = await client.readContract({
      address: deployment.marketplace,
      abi: marketplaceAbi,
      functionName: "accountOf",
      args: [euro, address],
    });
    return balance;
  };

  it("below the community's are shared out to limits first, the cheapest before all", async () => {
    const { joe, ann } = scene();
    const [dear, cheap] = [
      await scene().offer({ ...POSTED, price: 150_000n, energy: 400 }),
      await scene().offer({ ...POSTED, price: 120_000n, energy: 600 }),
    ];
    const limit = await scene().offer({ energy: 1_000 });
    await pin(dear, cheap, limit, await scene().bid(joe, 600), await scene().bid(ann, 600));
    const before = await Promise.all([moneyOf(joe), moneyOf(ann)]);
    expect(await round()).to.equal("sent");
    // Each gets 300 Wh of the cheap, 200 of the dear, and 100 at the community price.
    const cost = (120_000n + LEVEL.fee) * 300n + (150_000n + LEVEL.fee) * 200n + LEVEL.price * 100n;
    const paid = (await Promise.all([moneyOf(joe), moneyOf(ann)])).map(
      (after, index) => (before[index] ?? 0n) - after,
    );
    expect(paid).to.deep.equal([cost, cost]);
    expect(await Promise.all([dear, cheap, limit].map(scene().filled))).to.deep.equal([
      400n,
      600n,
      200n,
    ]);
  });

  it("above the community's are met by offers first, the dearest before all", async () => {
    const { joe, ann, bob, jane } = scene();
    const bids = [
      await scene().bid(joe, 500, { ...POSTED, price: 260_000n }),
      await scene().bid(ann, 500, { ...POSTED, price: 230_000n }),
      await scene().bid(bob, 500),
    ];
    await pin(await scene().offer({ energy: 1_200 }), ...bids);
    const before = await moneyOf(jane);
    expect(await round()).to.equal("sent");
    expect(await Promise.all(bids.map(scene().filled))).to.deep.equal([500n, 500n, 200n]);
    const earned = 260_000n * 500n + 230_000n * 500n + LEVEL.price * 200n - LEVEL.fee * 1_200n;
    expect((await moneyOf(jane)) - before).to.equal(earned);
  });

  it("that are worse for limits are left to neighbours, and keep limits from nothing", async () => {
    const { joe } = scene();
    const worse = await scene().offer({ ...POSTED, price: LEVEL.price - LEVEL.fee + 1n });
    const limit = await scene().offer({ energy: 500 });
    await pin(worse, limit, await scene().bid(joe, 500));
    expect(await round()).to.equal("sent");
    expect(await Promise.all([worse, limit].map(scene().filled))).to.deep.equal([0n, 500n]);
  });

  it("never meet each other", async () => {
    const { joe } = scene();
    await pin(
      await scene().offer({ ...POSTED, price: 100_000n }),
      await scene().bid(joe, 500, { ...POSTED, price: 300_000n }),
    );
    expect(await round()).to.equal("idle");
  });

  it("in an island are left to neighbours, since energy is rationed there", async () => {
    const { joe, roof, world } = scene();
    const meter = (await world.meter(joe.address)).address;
    await world.setIslanded(true);
    const island = { firstSlot: START_SLOT + 9, lastSlot: START_SLOT + 9 };
    await world.passSlots(10);
    await world.report(roof, new Map([[START_SLOT + 9, 1_000n]]));
    await pin(
      await scene().offer({ ...POSTED, ...island, price: 100_000n }),
      await scene().bid(joe, 500, { ...island, meter }),
    );
    expect(await round()).to.equal("idle");
  });
});
