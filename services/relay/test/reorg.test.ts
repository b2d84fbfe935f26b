import { OFFER, type Order, type SignedOrderJson, signedOrderFromJson } from "@wattline/sdk";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Address, Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { randomFrom } from "./support/dice.ts";
import { type LocalNode, START, startAnvil } from "./support/node.ts";
import { openRelay, type TestRelay } from "./support/relays.ts";
import {
  createWorld,
  EURO,
  localAccount,
  privateKeyOf,
  SLOT_SECONDS,
  START_SLOT,
  slots,
  type World,
} from "./support/world.ts";

const DEEP = process.env.WATTLINE_DEEP !== undefined;
const RUNS = DEEP ? 12 : 2;
const ROUNDS = DEEP ? 30 : 10;

describe("A reorganised chain", function () {
  this.timeout(DEEP ? 600_000 : 180_000);
  const [jane, bob, agent] = [2, 3, 4].map(localAccount) as [
    ReturnType<typeof localAccount>,
    ReturnType<typeof localAccount>,
    ReturnType<typeof localAccount>,
  ];
  let node: LocalNode;
  let world: World;
  let relay: TestRelay;
  let device: PrivateKeyAccount;

  beforeEach(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    device = await world.meter(jane.address);
    await world.fund(jane, 10n * EURO);
    await world.fund(bob, 10n * EURO);
    await world.passSlots(16);
    await world.report(device, slots(0, 4, 1_000n));
    relay = await openRelay(world);
  });
  afterEach(async () => {
    await relay?.stop();
    await node?.stop();
  });

  const snapshot = () => world.client.snapshot();
  const revert = (id: Hex) => world.client.revert({ id });
  const stateOf = async (order: Order) => (await relay.client.order(world.hashOf(order)))?.state;

  it("takes back a cancellation, a fill and a withdrawal", async () => {
    const bid = world.order(bob.address);
    const offer = world.order(jane.address, { side: OFFER, meter: device.address, energy: 500 });
    const signed = [await world.sign(bob, bid), await world.sign(jane, offer)];
    await relay.client.post(signed);
    const id = await snapshot();
    await world.market(bob, "cancel", [[bid.nonce]]);
    await world.take(bob, signedOrderFromJson(signed[1] ?? failed()), slots(0, 1, 500n));
    await relay.caughtUp();
    expect([await stateOf(bid), await stateOf(offer)]).to.deep.equal(["cancelled", "filled"]);
    await revert(id);
    // Another chain, as long as the one that is gone.
    await world.client.mine({ blocks: 2 });
    await relay.caughtUp();
    expect([await stateOf(bid), await stateOf(offer)]).to.deep.equal(["live", "live"]);
  });

  it("takes back what an operator did", async () => {
    const { timestamp } = await world.client.getBlock();
    const next = Math.floor(Number(timestamp) / SLOT_SECONDS) + 8;
    const bid = world.order(bob.address, { forward: true, firstSlot: next, lastSlot: next });
    await relay.client.post([await world.sign(bob, bid)]);
    const id = await snapshot();
    await world.setClosed(true);
    await relay.caughtUp();
    expect(await stateOf(bid)).to.equal("void");
    await revert(id);
    // Another chain, longer than the one that is gone.
    await world.client.mine({ blocks: 3 });
    await relay.caughtUp();
    expect(await stateOf(bid)).to.equal("live");
    await world.setClosed(true);
    await relay.caughtUp();
    expect(await stateOf(bid)).to.equal("void");
  });

  it("that is shorter than before takes back what expired", async () => {
    const { timestamp } = await world.client.getBlock();
    const bid = world.order(bob.address, { deadline: Number(timestamp) + 600 });
    await relay.client.post([await world.sign(bob, bid)]);
    const id = await snapshot();
    await world.passSlots(20);
    await relay.caughtUp();
    expect(await stateOf(bid)).to.equal("expired");
    await revert(id);
    await relay.caughtUp();
    expect(await stateOf(bid)).to.equal("live");
  });

  for (let run = 0; run < RUNS; run++) {
    const seed = process.env.WATTLINE_SEED ?? `reorg ${run}`;
    it(`of random depth leaves the book that a fresh relay makes (seed "${seed}")`, async () => {
      const dice = randomFrom(seed);
      const signed: SignedOrderJson[] = [];
      const makers: readonly [PrivateKeyAccount, Address][] = [
        [privateKeyOf(bob), bob.address],
        [privateKeyOf(agent), bob.address],
        [privateKeyOf(jane), jane.address],
      ];
      const actions: readonly (() => Promise<unknown>)[] = [
        async () => {
          const [by, maker] = dice.pick(makers);
          const sells = maker === jane.address && dice.below(2) === 0;
          const { timestamp } = await world.client.getBlock();
          const order = world.order(maker, {
            ...(sells && { side: OFFER, meter: device.address, lastSlot: START_SLOT + 3 }),
            energy: 100 + dice.below(900),
            price: 100_000n + BigInt(dice.below(200_000)),
            deadline: Number(timestamp) + 30 + dice.below(10_000),
          });
          const one = await world.sign(by, order);
          const [result] = await relay.client.post([one]);
          if (result?.status === "accepted") signed.push(one);
        },
        () =>
          world.market(bob, "authorize", [
            world.euro,
            agent.address,
            BigInt(dice.below(3) * 50_000),
            START + 365 * 86_400,
          ]),
        () => world.market(jane, "cancelAll", [world.euro]),
        () => world.fund(bob, EURO),
        () =>
          world.market(bob, "withdraw", [world.euro, BigInt(dice.below(5_000_000)), bob.address]),
        async () => {
          const one = dice.pick(signed);
          if (one !== undefined) await world.market(bob, "cancel", [[BigInt(one.order.nonce)]]);
        },
        async () => {
          const one = dice.pick(signed.filter(({ order }) => order.side === OFFER));
          if (one === undefined) return;
          await world.take(
            bob,
            signedOrderFromJson(one),
            slots(dice.below(4), 1, BigInt(1 + dice.below(200))),
          );
        },
        () =>
          world.client
            .increaseTime({ seconds: dice.below(1_000) })
            .then(() => world.client.mine({ blocks: 1 })),
      ];
      // What the chain refuses is no matter here.
      const act = () =>
        dice
          .pick(actions)()
          .catch(() => undefined);

      for (let i = 0; i < 10; i++) await actions[0]?.();
      const points: Hex[] = [await snapshot()];
      for (let round = 0; round < ROUNDS; round++) {
        for (let i = 0; i < 1 + dice.below(4); i++) await act();
        if (dice.below(2) === 0) await relay.caughtUp();
        if (dice.below(3) === 0) {
          const depth = dice.below(points.length);
          // Later snapshots are gone with the one that is gone back to.
          const [point = failed()] = points.splice(depth);
          await revert(point);
          if (dice.below(2) === 0) await world.client.mine({ blocks: 1 + dice.below(6) });
        }
        points.push(await snapshot());
      }
      await relay.caughtUp();
      const fresh = await openRelay(world);
      try {
        await fresh.client.post(signed);
        const seen = async (of: TestRelay) => {
          const orders = [];
          for (const { order } of signed.map(signedOrderFromJson)) {
            const found = await of.client.order(world.hashOf(order));
            const live = found?.state === "live" ? found.remainingWh : undefined;
            orders.push(`${world.hashOf(order)} ${live}`);
          }
          return orders;
        };
        expect(await seen(relay)).to.deep.equal(await seen(fresh));
        expect(signed.length).to.be.greaterThan(5);
      } finally {
        await fresh.stop();
      }
    });
  }
});

const failed = (): never => {
  throw new Error("There should have been something.");
};
