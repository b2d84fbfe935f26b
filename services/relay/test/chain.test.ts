import {
  energyIdOf,
  FIRST_FIRM_NONCE,
  marketplaceAbi,
  OFFER,
  type Order,
  orderFromJson,
  type SignedOrder,
  signedOrderFromJson,
} from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { type LocalNode, START, startAnvil, startHardhat } from "./support/node.ts";
import { openRelay, type TestRelay } from "./support/relays.ts";
import {
  createWorld,
  EURO,
  localAccount,
  SLOT_SECONDS,
  START_SLOT,
  slots,
  type World,
} from "./support/world.ts";

/** The last Unix second of an allowance that is to last. */
const FAR = START + 365 * 86_400;

const NODES = { anvil: startAnvil, Hardhat: startHardhat };

for (const [name, start] of Object.entries(NODES)) {
  describe(`The book follows what happens on chain (${name})`, function () {
    this.timeout(180_000);
    let node: LocalNode;
    let world: World;
    let relay: TestRelay;
    let device: PrivateKeyAccount;
    const [jane, bob, agent, stranger] = [2, 3, 4, 5].map(localAccount) as [
      ReturnType<typeof localAccount>,
      ReturnType<typeof localAccount>,
      ReturnType<typeof localAccount>,
      ReturnType<typeof localAccount>,
    ];

    before(async () => {
      node = await start();
      world = await createWorld(node.rpcUrl);
      // Hardhat's clock starts at its own time.
      device = await world.meter(jane.address);
      await world.fund(jane, 10n * EURO);
      await world.fund(bob, 10n * EURO);
      await world.passSlots(2 * 96 + 16);
      await world.report(device, slots(96, 16, 500n));
      relay = await openRelay(world);
    });
    after(async () => {
      await relay?.stop();
      await node?.stop();
    });

    /** A day after the start, when the meter has been registered at any node. */
    const DAY = START_SLOT + 96;
    const offer = (overrides: Partial<Order> = {}): Order =>
      world.order(jane.address, {
        side: OFFER,
        meter: device.address,
        firstSlot: DAY,
        lastSlot: DAY + 7,
        ...overrides,
      });
    const bid = (overrides: Partial<Order> = {}): Order => world.order(bob.address, overrides);

    const now = async (): Promise<number> => Number((await world.client.getBlock()).timestamp);
    const timeIs = async (time: number): Promise<void> => {
      await world.client.setNextBlockTimestamp({ timestamp: BigInt(time) });
      await world.client.mine({ blocks: 1 });
    };

    async function posted(order: Order, by = order.maker === bob.address ? bob : jane) {
      const json = await world.sign(by, order);
      await relay.caughtUp();
      const [result] = await relay.client.post([json]);
      expect(result?.status, JSON.stringify(result)).to.equal("accepted");
      return { hash: world.hashOf(order), signed: signedOrderFromJson(json) };
    }

    async function expectState(hash: Hex, state: string, remainingWh?: string) {
      await relay.caughtUp();
      const found = await relay.client.order(hash);
      expect(found?.state).to.equal(state);
      if (remainingWh !== undefined) expect(found?.remainingWh).to.equal(remainingWh);
    }

    it("fills", async () => {
      const { hash, signed } = await posted(offer({ energy: 900 }));
      await world.take(bob, signed, slots(96, 2, 200n));
      await expectState(hash, "live", "500");
      await world.take(bob, signed, slots(98, 1, 500n));
      await expectState(hash, "filled", "0");
    });

    it("cancellations of one order and of all", async () => {
      const one = await posted(bid());
      const other = await posted(bid());
      await world.market(bob, "cancel", [[one.signed.order.nonce]]);
      await expectState(one.hash, "cancelled");
      await expectState(other.hash, "live");
      const carol = localAccount(6);
      await world.fund(carol, EURO);
      const order = world.order(carol.address);
      const hers = await posted(order, carol);
      await world.market(carol, "cancelAll", [world.euro]);
      await expectState(hers.hash, "cancelled");
      await expectState(other.hash, "live");
    });

    it("money that leaves and comes back", async () => {
      const dave = localAccount(7);
      await world.fund(dave, EURO);
      const { hash } = await posted(world.order(dave.address), dave);
      await world.market(dave, "withdraw", [world.euro, EURO - 10_000n, dave.address]);
      // 200,000 a kWh: 10,000 buy 50 Wh.
      await expectState(hash, "live", "50");
      await world.market(dave, "withdraw", [world.euro, 10_000n, dave.address]);
      await expectState(hash, "unbacked", "0");
      await world.fund(dave, EURO);
      await expectState(hash, "live", "1000");
    });

    it("energy that goes elsewhere", async () => {
      const { hash } = await posted(offer({ firstSlot: DAY + 8, lastSlot: DAY + 8 }));
      await expectState(hash, "live", "500");
      const id = energyIdOf({ microgrid: 1, source: "Solar", slot: DAY + 8 });
      await world.giveEnergy(jane, stranger.address, id, 400n);
      await expectState(hash, "live", "100");
      await world.giveEnergy(jane, stranger.address, id, 100n);
      await expectState(hash, "unbacked", "0");
    });

    it("a delegate whose allowance shrinks, ends and returns", async () => {
      const authorize = (amount: bigint) =>
        world.market(bob, "authorize", [world.euro, agent.address, amount, FAR]);
      await authorize(EURO);
      const { hash } = await posted(bid(), agent);
      await authorize(20_000n);
      await expectState(hash, "live", "100");
      await authorize(0n);
      await expectState(hash, "void", "0");
      await authorize(EURO);
      await expectState(hash, "live", "1000");
    });

    it("a delegate whose time ends, which leaves no log", async () => {
      const until = (await now()) + 600;
      await world.market(bob, "authorize", [world.euro, agent.address, EURO, until]);
      const { hash } = await posted(bid(), agent);
      await timeIs(until);
      await expectState(hash, "live", "1000");
      await timeIs(until + 1);
      await expectState(hash, "void", "0");
      await world.market(bob, "authorize", [world.euro, agent.address, EURO, FAR]);
      await expectState(hash, "live", "1000");
    });

    it("a lock that binds money to its settler, until it ends", async () => {
      const grace = localAccount(10);
      await world.fund(grace, EURO);
      const until = (await now()) + 3_600;
      const posting = await posted(world.order(grace.address), grace);
      const limit = await posted(world.order(grace.address, { settler: stranger.address }), grace);
      await world.market(grace, "lock", [world.euro, stranger.address, agent.address, until]);
      await expectState(posting.hash, "unbacked");
      await expectState(limit.hash, "live");
      const firm = world.order(grace.address, {
        nonce: FIRST_FIRM_NONCE,
        settler: stranger.address,
        deadline: until,
      });
      const signedByLock = await posted(firm, agent);
      expect((await relay.client.order(signedByLock.hash))?.signer).to.equal("lockSigner");
      await timeIs(until);
      await expectState(posting.hash, "live");
      await expectState(signedByLock.hash, "unbacked");
    });

    it("a microgrid that is closed, and open again", async () => {
      const next = Math.floor((await now()) / SLOT_SECONDS) + 8;
      const { hash } = await posted(bid({ forward: true, firstSlot: next, lastSlot: next }));
      await world.setClosed(true);
      await expectState(hash, "void");
      await world.setClosed(false);
      await expectState(hash, "live", "1000");
    });

    it("an island, which only its slots feel", async () => {
      const grid = await world.meter(jane.address);
      const slot = Math.floor((await now()) / SLOT_SECONDS) + 2;
      // With the fee of 10,000 a buyer would pay more than the island's 250,000.
      const dear = { forward: true, meter: grid.address, price: 245_000n };
      const far = await posted(offer({ ...dear, firstSlot: slot + 8, lastSlot: slot + 8 }));
      await timeIs(slot * SLOT_SECONDS);
      await world.setIslanded(true);
      await expectState(far.hash, "void");
      await world.setIslanded(false);
      await expectState(far.hash, "live");
    });

    it("forwards: reserved, released, and the meter retired", async () => {
      const erin = localAccount(8);
      await world.fund(erin, EURO);
      const roof = await world.meter(erin.address);
      const { timestamp } = await world.client.getBlock();
      const next = Math.floor(Number(timestamp) / SLOT_SECONDS) + 2;
      const forward = world.order(erin.address, {
        side: OFFER,
        meter: roof.address,
        forward: true,
        bond: 100_000n,
        firstSlot: next,
        lastSlot: next + 95,
        energy: 20_000,
      });
      const { hash, signed } = await posted(forward, erin);
      // The bond of 100,000 a kWh is covered for 10 kWh.
      await expectState(hash, "live", "10000");
      const slot = await posted(
        world.order(erin.address, {
          ...forward,
          nonce: forward.nonce + 1_000n,
          bond: 0n,
          lastSlot: next,
        }),
        erin,
      );
      await expectState(slot.hash, "live", "2500");
      await world.take(bob, signed, new Map([[next, 1_000n]]));
      await expectState(hash, "live", "9000");
      // What is promised of a slot can't be promised again.
      await expectState(slot.hash, "live", "1500");
      await world.metering(erin, "retireMeter", [roof.address]);
      await expectState(hash, "void");
    });

    it("a release that pays the seller, whom its log does not name", async () => {
      const frank = localAccount(9);
      const roof = await world.meter(frank.address);
      const { timestamp } = await world.client.getBlock();
      const next = Math.floor(Number(timestamp) / SLOT_SECONDS) + 2;
      const forward = world.order(frank.address, {
        side: OFFER,
        meter: roof.address,
        forward: true,
        firstSlot: next,
        lastSlot: next,
        energy: 1_000,
      });
      const { signed } = await posted(forward, frank);
      const from = await world.client.getBlockNumber();
      await world.take(bob, signed, new Map([[next, 1_000n]]));
      const [reserved] = await world.client.getContractEvents({
        address: world.deployment.marketplace,
        abi: marketplaceAbi,
        eventName: "Reserved",
        fromBlock: from + 1n,
        strict: true,
      });
      // Frank's bid waits for the money from his forward.
      await world.fund(frank, 10n);
      const waiting = await posted(
        world.order(frank.address, { price: 10_000n, energy: 20_000 }),
        frank,
      );
      await expectState(waiting.hash, "live", "1");
      await world.passSlots(next - START_SLOT + 2);
      await world.report(roof, new Map([[next, 1_000n]]));
      const { position } = reserved?.args ?? failed();
      await world.market(stranger, "release", [[{ position, blocks: 1n }]]);
      // 200,000 for the energy: 20 kWh at 10,000.
      await expectState(waiting.hash, "live", "20000");
    });

    it("deadlines, by the chain's clock", async () => {
      const { timestamp } = await world.client.getBlock();
      const deadline = Number(timestamp) + 2 * SLOT_SECONDS;
      const { hash } = await posted(bid({ deadline }));
      await expectState(hash, "live");
      await world.passSlots(Math.ceil((deadline - START) / SLOT_SECONDS) + 1);
      await expectState(hash, "expired");
    });

    it("orders pinned to the board", async () => {
      const order = bid();
      const good: SignedOrder = signedOrderFromJson(await world.sign(bob, order));
      const bad: SignedOrder = { order: bid(), signature: "0x12" };
      await world.pin(stranger, [bad, good]);
      await expectState(world.hashOf(order), "live");
      expect(await relay.client.order(world.hashOf(bad.order))).to.equal(undefined);
    });

    it("orders pinned before the relay was there", async () => {
      const order = bid();
      await world.pin(stranger, [signedOrderFromJson(await world.sign(bob, order))]);
      const late = await openRelay(world);
      const found = await late.client.order(world.hashOf(order));
      await late.stop();
      expect(found?.state).to.equal("live");
      expect(orderFromJson(found?.order ?? failed())).to.deep.equal(order);
    });
  });
}

const failed = (): never => {
  throw new Error("The relay has not found the order.");
};
