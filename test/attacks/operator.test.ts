import { expect } from "chai";
import { afterADay, neighbours, scene } from "../support/neighbours.ts";
import {
  DAY,
  LEVEL,
  type MeterOf,
  type Person,
  SLOT_SECONDS,
  SOLAR,
  START,
  slot,
  slots,
} from "../support/world.ts";

const P = 200_000n;
const NO_LIMIT = 2 ** 32 - 1;

describe("an operator", () => {
  describe("with forwards of its members", () => {
    const get = scene(neighbours);
    const forward = { forward: true, price: P, bond: 100_000n };
    const operating = () => get().world.microgrids.connect(get().world.operator.signer);

    /** The operator, with money, buys of Jane what she is to make. */
    async function bought(wh: bigint) {
      const { world, jane, microgrid } = get();
      await world.fund(world.operator);
      const offer = await world.offer(jane, forward);
      const reserved = world.reserve(world.operator, offer, slots(60, 4, wh), { microgrid });
      const [position] = await world.positionsOf(reserved);
      if (position === undefined) throw new Error("Nothing was reserved.");
      return position;
    }

    it("does not keep delivered energy from minting, nor win the bond, by retiring the meter", async () => {
      const { world, jane, microgrid, stranger } = get();
      const before = await world.moneyOf(jane.owner);
      const position = await bought(5_000n);
      await world.passSlots(64);
      await world.meters.connect(world.operator.signer).retireMeter(jane.device.address);
      await world.report(jane, slots(60, 4, 5_000n));
      await world.marketplace.connect(stranger.signer).release([{ position, blocks: 1n }]);
      expect((await world.moneyOf(jane.owner)) - before).to.equal(20_000n * P);
      expect(await world.whOf(world.operator, 63, microgrid)).to.equal(5_000n);
    });

    // Open: anyone who may retire a meter decides whether it delivers. See docs/SECURITY.md, *Bonds*.
    it("wins the bond, as any buyer, of what a meter can't deliver that it retires before", async () => {
      const { world, jane } = get();
      const [money, janes] = [await world.moneyOf(world.operator), await world.moneyOf(jane.owner)];
      const position = await bought(5_000n);
      await world.meters.connect(world.operator.signer).retireMeter(jane.device.address);
      await world.passTo(START + 64 * SLOT_SECONDS + DAY);
      await world.marketplace
        .connect(world.operator.signer)
        .undelivered([{ position, blocks: 1n }]);
      const bond = 20_000n * 100_000n;
      expect((await world.moneyOf(world.operator)) - money - 100_000_000_000n).to.equal(bond);
      expect(janes - (await world.moneyOf(jane.owner))).to.equal(bond);
    });

    it("does not freeze a forward beyond 30 days, by an island or otherwise", async () => {
      const { world, microgrid } = get();
      const position = await bought(100n);
      await operating().setIslanded(microgrid, true);
      const paid = await world.moneyOf(world.operator);
      await world.passTo(START + 64 * SLOT_SECONDS + 30 * DAY);
      await world.marketplace
        .connect(world.operator.signer)
        .undelivered([{ position, blocks: 1n }]);
      expect((await world.moneyOf(world.operator)) - paid).to.equal(400n * (P + 100_000n));
    });

    it("does not make delivery impossible or a forward endless by its deadline", async () => {
      const { world } = get();
      for (const reportingDeadline of [0, 3_599, 30 * DAY + 1, 2 ** 32 - 1]) {
        await expect(
          operating().found(
            { ...world.charter, reportingDeadline },
            0,
            [LEVEL],
            world.dso.address,
            0,
          ),
        ).to.be.revertedWithCustomError(world.microgrids, "Microgrids_BadDeadline");
      }
    });

    it("does not replace a price it has announced, once forwards rest on it", async () => {
      const { world, microgrid } = get();
      const first = slot(8 * 96);
      await operating().schedule(microgrid, first, 0, [{ ...LEVEL, price: 500_000n }]);
      await expect(
        operating().schedule(microgrid, first, 0, [{ ...LEVEL, price: 80_000n }]),
      ).to.be.revertedWithCustomError(world.microgrids, "Microgrids_TooEarly");
      expect((await world.microgrids.scheduleOf(microgrid, 1)).levels[0]?.price).to.equal(500_000n);
    });
  });

  describe("with prices", () => {
    const get = scene(() => afterADay([{ price: P, feedIn: 80_000n }]));
    const operating = () => get().world.microgrids.connect(get().world.operator.signer);

    it("raises no fee and moves no price within seven days", async () => {
      const { world, microgrid } = get();
      const now = Math.floor((await world.networkHelpers.time.latest()) / SLOT_SECONDS);
      await expect(
        operating().schedule(microgrid, now + 7 * 96, 0, [{ ...LEVEL, fee: P }]),
      ).to.be.revertedWithCustomError(world.microgrids, "Microgrids_TooEarly");
    });

    /** Jane's delegate sells for her at this price; what that draws on its allowance. */
    async function drawnBy(seller: MeterOf, price: bigint, microgrid: number): Promise<bigint> {
      const { world, joe } = get();
      const delegate = await world.person();
      const market = world.marketplace.connect(seller.owner.signer);
      await market.authorize(world.addresses.euro, delegate.address, 10_000_000n, NO_LIMIT);
      const offer = await world.sign(world.order(seller, { price }), delegate);
      await world.accept(joe.owner, offer, slots(200, 1, 100n), { microgrid });
      const { amount } = await market.allowanceOf(
        seller.owner.address,
        world.addresses.euro,
        delegate.address,
      );
      return 10_000_000_000n - amount;
    }

    /** Jane's roof in a microgrid with this feed-in tariff, with energy to sell. */
    async function under(feedIn: bigint): Promise<[MeterOf, number]> {
      const { world, jane } = get();
      const retail = feedIn > LEVEL.retail ? feedIn : LEVEL.retail;
      const microgrid = await world.found([{ price: P, feedIn, retail }]);
      const seller = await world.meter(jane.owner, { microgrid });
      await world.passSlots(201);
      await world.report(seller, slots(200, 1, 100n));
      return [seller, microgrid];
    }

    for (const [what, feedIn] of [
      ["drains no allowance by a feed-in tariff of 1,000 a kWh", 1_000_000_000n],
      ["gives no energy away by a feed-in tariff of 0", 0n],
    ] as const) {
      it(`${what}: a sale draws what it is worth at the community price`, async () => {
        const [seller, microgrid] = await under(feedIn);
        expect(await drawnBy(seller, 1_000n, microgrid)).to.equal(100n * P);
      });
    }
  });

  describe("with tie lines", () => {
    const line = { lossBps: 0, capacity: 1_000, wheelingUp: 0n, wheelingDown: 0n };
    const get = scene(async () => {
      const made = await neighbours();
      const [other, successor] = [await made.world.person(), await made.world.person()];
      const { microgrids, charter, dso } = made.world;
      await microgrids.connect(other.signer).found(charter, 0, [LEVEL], dso.address, 250);
      return { ...made, other, successor, far: made.microgrid + 1 };
    });
    const as = (person: Person = get().world.operator) =>
      get().world.microgrids.connect(person.signer);

    it("is not bound by what its predecessor proposed", async () => {
      const { world, microgrid, far, other, successor } = get();
      await as().proposeTieLine(microgrid, far, { ...line, wheelingUp: 1_000_000n });
      await as().handOver(microgrid, successor.address);
      await as(successor).acceptHandOver(microgrid);
      await as(other).proposeTieLine(far, microgrid, { ...line, wheelingUp: 1_000_000n });
      await expect(as().crossingOf(microgrid, far)).to.be.revertedWithCustomError(
        world.microgrids,
        "Microgrids_NoTieLine",
      );
      await as(successor).proposeTieLine(microgrid, far, { ...line, wheelingUp: 1_000_000n });
      expect((await as().crossingOf(microgrid, far)).wheeling).to.equal(1_000_000n);
    });

    it("can't be kept in a line, neither by silence nor by an end announced again and again", async () => {
      const { world, microgrid, far, other } = get();
      await as().proposeTieLine(microgrid, far, line);
      await as(other).proposeTieLine(far, microgrid, line);
      const time = START + DAY;
      await world.networkHelpers.time.setNextBlockTimestamp(time);
      await as().endTieLine(microgrid, far);
      await world.passTo(time + 6 * DAY);
      await expect(as(other).endTieLine(far, microgrid)).to.be.revertedWithCustomError(
        world.microgrids,
        "Microgrids_NothingChanges",
      );
      await world.passTo(time + 7 * DAY);
      expect((await as().crossingOf(microgrid, far)).capacity).to.equal(0n);
    });

    it("does not find its line revived by a proposal that it made before it ended it", async () => {
      const { world, microgrid, far, other } = get();
      await as().proposeTieLine(microgrid, far, line);
      await as(other).proposeTieLine(far, microgrid, line);
      const wider = { ...line, capacity: 2_000 };
      await as().proposeTieLine(microgrid, far, wider);
      await as().endTieLine(microgrid, far);
      await as(other).proposeTieLine(far, microgrid, wider);
      await world.passTo(START + 20 * DAY);
      expect((await as().crossingOf(microgrid, far)).capacity).to.equal(0n);
    });
  });

  describe("with meters", () => {
    const get = scene(neighbours);

    it("who vanished, or retired them all, keeps no household from another microgrid", async () => {
      const { world, jane, stranger } = get();
      const { microgrids, meters, charter, dso, operator } = world;
      await microgrids.connect(stranger.signer).found(charter, 0, [LEVEL], dso.address, 250);
      const elsewhere = Number(await microgrids.microgridCount());
      await meters.connect(operator.signer).retireMeter(jane.device.address);
      await meters.connect(jane.owner.signer).moveMeter(jane.device.address, elsewhere);
      const registration = {
        microgrid: elsewhere,
        owner: jane.owner.address,
        meter: jane.device.address,
        source: SOLAR,
        capacityW: 80_000,
        critical: false,
      };
      const hash = await meters.hashRegistration(registration);
      const consent = await jane.device.sign({ hash: hash as `0x${string}` });
      await meters.connect(stranger.signer).register(registration, consent);
      await world.passSlots(1);
      await world.report({ ...jane, microgrid: elsewhere }, slots(0, 1, 7n));
      expect(await world.whOf(jane.owner, 0, elsewhere)).to.equal(7n);
    });

    it("takes no meter of another microgrid by a number that wraps", async () => {
      const { world, jane, microgrid } = get();
      const wrapped = 2 ** 24 + microgrid;
      const registration = {
        microgrid: wrapped,
        owner: world.operator.address,
        meter: jane.device.address,
        source: SOLAR,
        capacityW: 1,
        critical: false,
      };
      await expect(
        world.meters.connect(world.operator.signer).register(registration, "0x"),
      ).to.be.revertedWithCustomError(world.microgrids, "Microgrids_Unknown");
      await expect(
        world.meters.connect(jane.owner.signer).moveMeter(jane.device.address, wrapped),
      ).to.be.revertedWithCustomError(world.microgrids, "Microgrids_Unknown");
    });

    it("gives no meter to another household, even where its owner lets it move", async () => {
      const { world, jane, joe, microgrid } = get();
      await world.meters.connect(jane.owner.signer).moveMeter(jane.device.address, microgrid);
      const registration = {
        microgrid,
        owner: joe.owner.address,
        meter: jane.device.address,
        source: SOLAR,
        capacityW: 1,
        critical: false,
      };
      const hash = await world.meters.hashRegistration(registration);
      const consent = await jane.device.sign({ hash: hash as `0x${string}` });
      await expect(
        world.meters.connect(world.operator.signer).register(registration, consent),
      ).to.be.revertedWithCustomError(world.meters, "Meters_NotOwner");
    });
  });
});
