import { packProfile, packReading, unpackProfile } from "@wattline/sdk";
import { expect } from "chai";
import { toHex, zeroAddress } from "viem";
import { scene } from "../support/neighbours.ts";
import { secureElement } from "../support/p256.ts";
import { membersOf } from "../support/structs.ts";
import {
  createWorld,
  DAY,
  FIRST_BLOCK,
  type MeterOf,
  type Person,
  SLOT_SECONDS,
  SOLAR,
  START,
  slot,
  slots,
} from "../support/world.ts";

const NO_LIMIT = 2 ** 32 - 1;
/** What a meter of 10 kW exports at most in a quarter of an hour. */
const MOST_WH = 2_500n;

describe("meters", () => {
  const get = scene(async () => {
    const world = await createWorld();
    const [jane, joe, stranger] = [
      await world.person(),
      await world.person(),
      await world.person(),
    ];
    const roof = await world.meter(jane, { capacityW: 10_000 });
    await world.passTo(START);
    const market: Person = {
      ...stranger,
      signer: await world.ethers.getImpersonatedSigner(world.addresses.market),
    };
    await world.networkHelpers.setBalance(world.addresses.market, 10n ** 20n);
    return { world, jane, joe, stranger, roof, market };
  });

  const as = (person: Person = get().world.operator) => get().world.meters.connect(person.signer);
  const refused = (attempt: Promise<unknown>, error: string, ...args: readonly unknown[]) => {
    const expected = expect(attempt).to.be.revertedWithCustomError(get().world.meters, error);
    return args.length === 0 ? expected : expected.withArgs(...args);
  };
  const known = async (of: MeterOf) => membersOf(await as().meterOf(of.device.address));
  const at = (time: number) => get().world.networkHelpers.time.setNextBlockTimestamp(time);

  /** Promises energy of the roof to the market. */
  const promise = (
    energyWh: ReadonlyMap<number, bigint>,
    { by = get().market, mostAhead = NO_LIMIT, padding = 0, seller = get().jane } = {},
  ) => {
    const { firstBlock, words } = packProfile(energyWh);
    const padded = [...words, ...Array<bigint>(padding).fill(0n)];
    const { address } = get().roof.device;
    return as(by).commit(address, seller.address, 1, SOLAR, firstBlock, padded, mostAhead);
  };
  const aheadOf = async (energyWh: ReadonlyMap<number, bigint>) => {
    const { firstBlock, words } = packProfile(energyWh);
    const { market, roof, jane } = get();
    const ahead = await as(market).commit.staticCall(
      roof.device.address,
      jane.address,
      1,
      SOLAR,
      firstBlock,
      [...words],
      NO_LIMIT,
    );
    return unpackProfile({ firstBlock, words: [...ahead] });
  };
  const deliveryOf = async (number: number) => {
    const block = FIRST_BLOCK + Math.floor(number / 8);
    const [committed, delivered, reported] = await as().deliveryOf(
      get().roof.device.address,
      block,
    );
    const lane = (word: bigint) => (word >> BigInt(32 * (number % 8))) & 0x7fffffffn;
    const flag = (reported >> BigInt(32 * (number % 8) + 31)) & 1n;
    return [lane(committed), lane(delivered), flag === 1n];
  };

  describe("registration", () => {
    const device = secureElement("a meter");
    const registration = (over: object = {}) => ({
      microgrid: 1,
      owner: get().joe.address,
      meter: device.address,
      source: SOLAR,
      capacityW: 10_000,
      critical: false,
      ...over,
    });
    const consented = async (over: object = {}) =>
      device.sign(await as().hashRegistration(registration(over)));

    it("keeps what the operator registers, from the next slot on", async () => {
      const { world, jane, roof } = get();
      expect(await known(roof)).to.deep.equal({
        owner: jane.address,
        microgrid: 1n,
        capacityW: 10_000n,
        firstSlot: BigInt(slot(-3)),
        source: 0n,
        critical: false,
        active: true,
        pendingOwner: zeroAddress,
        movingTo: 0n,
        promisedEnd: 0n,
        retiredSlot: 0n,
        offers: 0n,
      });
      await at(START + 5 * SLOT_SECONDS + 899);
      await expect(
        as().register(registration({ critical: true, source: 6 }), await consented({ source: 6 })),
      )
        .to.emit(world.meters, "MeterRegistered")
        .withArgs(device.address, 1, get().joe.address, 6, 10_000, true, slot(6));
    });

    it("is the operator's, of this microgrid", async () => {
      const { world, stranger, joe } = get();
      await refused(
        as(joe).register(registration(), await consented()),
        "Meters_NotOperator",
        1,
        joe.address,
        world.operator.address,
      );
      await world.microgrids
        .connect(stranger.signer)
        .found(
          world.charter,
          0,
          [{ price: 1n, fee: 0n, cap: 1n, feedIn: 0n, retail: 1n }],
          world.dso.address,
          0,
        );
      await refused(as(stranger).register(registration(), await consented()), "Meters_NotOperator");
    });

    it("needs the device's consent to microgrid, owner, source and capacity, not to its being critical", async () => {
      const { stranger } = get();
      const consent = await consented();
      for (const other of [
        { owner: stranger.address },
        { source: 1 },
        { capacityW: 10_001 },
        { meter: stranger.address },
      ]) {
        await refused(as().register(registration(other), consent), "Meters_BadSignature");
      }
      await as().register(registration({ critical: true }), consent);
    });

    it("needs an owner, and a capacity that fits a lane", async () => {
      await refused(
        as().register(registration({ owner: zeroAddress }), await consented()),
        "Meters_BadOwner",
      );
      const { world } = get();
      const hourly = await world.found([{}], { charterOf: { slotSeconds: 3_600 } });
      const over = { microgrid: hourly, capacityW: 2 ** 31 };
      await refused(
        as().register(registration(over), await consented(over)),
        "Meters_BadCapacity",
        2 ** 31,
      );
      const most = { microgrid: hourly, capacityW: 2 ** 31 - 1 };
      await as().register(registration(most), await consented(most));
    });

    it("happens once, unless the owner lets the meter move", async () => {
      await as().register(registration(), await consented());
      await refused(
        as().register(registration(), await consented()),
        "Meters_AlreadyRegistered",
        device.address,
      );
    });

    it("knows a P-256 device by its key", async () => {
      expect(await as().addressOfP256(device.x, device.y)).to.equal(device.address);
      const digest = await as().hashRegistration(registration());
      const other = secureElement("another meter");
      const mixed = `${device.sign(digest).slice(0, 130)}${other.sign(digest).slice(130)}`;
      for (const signature of [
        other.sign(digest),
        mixed,
        device.signHigh(digest),
        device.sign(digest).slice(0, -2),
        `${device.sign(digest)}00`,
        toHex(new Uint8Array(128)),
      ]) {
        await refused(as().register(registration(), signature), "Meters_BadSignature");
      }
      await as().register(registration(), device.sign(digest));
    });

    it("reads a P-256 device", async () => {
      const { world, joe, stranger } = get();
      await as().register(registration(), await consented());
      await world.passSlots(9);
      const { firstBlock, words } = packReading(slots(1, 8, 100n));
      const reading = { meter: device.address, firstBlock, exported: [...words] };
      const digest = await as().hashReading(reading);
      await refused(as(stranger).report(reading, device.signHigh(digest)), "Meters_BadSignature");
      await as(stranger).report(reading, device.sign(digest));
      expect(await world.whOf(joe, 1)).to.equal(100n);
    });
  });

  describe("readings", () => {
    it("mint to the owner, and mark what they cover", async () => {
      const { world, jane, roof } = get();
      await world.passSlots(3);
      await world.report(
        roof,
        new Map([
          [slot(0), MOST_WH],
          [slot(2), 0n],
        ]),
      );
      expect(await world.whOf(jane, 0)).to.equal(MOST_WH);
      const reported = [0, 1, 2].map((number) =>
        as().isReported(roof.device.address, slot(number)),
      );
      expect(await Promise.all(reported)).to.deep.equal([true, false, true]);
    });

    it("cover slots that have ended, after the registration, once, within the capacity", async () => {
      const { world, roof } = get();
      const meter = roof.device.address;
      await at(START + 8 * SLOT_SECONDS - 1);
      await refused(world.report(roof, slots(7, 1, 1n)), "Meters_SlotNotEnded", meter, slot(7));
      await at(START + 8 * SLOT_SECONDS);
      await world.report(roof, slots(7, 1, 1n));
      await refused(world.report(roof, slots(6, 2, 1n)), "Meters_AlreadyReported", meter, slot(7));
      await refused(
        world.report(roof, slots(-4, 2, 1n)),
        "Meters_BeforeRegistration",
        meter,
        slot(-4),
      );
      await world.report(roof, slots(-3, 1, 1n));
      await refused(
        world.report(roof, slots(6, 1, MOST_WH + 1n)),
        "Meters_OverCapacity",
        meter,
        slot(6),
        MOST_WH + 1n,
        MOST_WH,
      );
    });

    it("mark each slot once where a reading goes from one word of flags to the next", async () => {
      const { world, roof } = get();
      const meter = roof.device.address;
      // 32 blocks share a word: slot 256 is the first of the next.
      await world.passSlots(272);
      await world.report(roof, slots(252, 12, 1n));
      for (const number of [251, 252, 263, 264]) {
        const isReported = await as().isReported(meter, slot(number));
        expect(isReported, `slot ${number}`).to.equal(number >= 252 && number <= 263);
      }
      await refused(
        world.report(roof, slots(256, 1, 1n)),
        "Meters_AlreadyReported",
        meter,
        slot(256),
      );
      await world.report(roof, slots(0, 8, 1n));
    });

    it("cover at least one slot, and hold nothing in a lane that they do not cover", async () => {
      const { stranger, roof, world } = get();
      await world.passSlots(8);
      const submit = async (exported: bigint[]) => {
        const reading = { meter: roof.device.address, firstBlock: FIRST_BLOCK, exported };
        const hash = await as().hashReading(reading);
        const signature = await roof.device.sign({ hash: hash as `0x${string}` });
        return as(stranger).report(reading, signature);
      };
      await refused(submit([]), "Meters_NothingReported", roof.device.address);
      await refused(submit([0n]), "Meters_NothingReported", roof.device.address);
      await refused(submit([5n << 32n]), "Meters_NotCovered", roof.device.address, slot(1));
    });

    it("are refused from an unknown meter", async () => {
      const { world, roof, stranger } = get();
      await world.passSlots(1);
      const unknown = { ...roof, device: world.keyOf("unknown") };
      await refused(
        world.report({ ...unknown, owner: stranger }, slots(0, 1, 1n)),
        "Meters_Unknown",
      );
    });

    it("say what they keep for forwards, and mint the rest", async () => {
      const { world, jane, roof } = get();
      await promise(slots(2, 2, 300n));
      await world.passSlots(8);
      const kept = (300n << 64n) | (200n << 96n);
      await expect(
        world.report(
          roof,
          new Map([
            [slot(1), 50n],
            [slot(2), 450n],
            [slot(3), 200n],
          ]),
        ),
      )
        .to.emit(world.meters, "Delivered")
        .withArgs(roof.device.address, FIRST_BLOCK, kept);
      const minted = [1, 2, 3].map((number) => world.whOf(jane, number));
      expect(await Promise.all(minted)).to.deep.equal([50n, 150n, 0n]);
      expect(await deliveryOf(2)).to.deep.equal([300n, 300n, true]);
      expect(await deliveryOf(3)).to.deep.equal([300n, 200n, true]);
      expect(await deliveryOf(4)).to.deep.equal([0n, 0n, false]);
    });

    it("keep what is promised however late they come", async () => {
      const { world, jane, roof } = get();
      await promise(slots(2, 1, 300n));
      await world.passTo(START + 200 * DAY);
      await world.report(roof, slots(2, 1, 450n));
      expect(await world.whOf(jane, 2)).to.equal(150n);
      expect(await deliveryOf(2)).to.deep.equal([300n, 300n, true]);
    });
  });

  describe("promises", () => {
    it("are the marketplace's to take, for the owner, of what the meter makes where it stands", async () => {
      const { joe, jane, roof, market } = get();
      const meter = roof.device.address;
      await refused(promise(slots(2, 1, 1n), { by: jane }), "Meters_NotMarket", jane.address);
      await refused(
        promise(slots(2, 1, 1n), { seller: joe }),
        "Meters_NotOwner",
        meter,
        joe.address,
        jane.address,
      );
      const { firstBlock, words } = packProfile(slots(2, 1, 1n));
      const commit = (microgrid: number, source: number) =>
        as(market).commit(meter, jane.address, microgrid, source, firstBlock, [...words], NO_LIMIT);
      await refused(commit(2, SOLAR), "Meters_NotSuch", meter, 2, SOLAR);
      await refused(commit(1, 1), "Meters_NotSuch", meter, 1, 1);
    });

    it("tell what was promised before, in the lanes that they add to", async () => {
      await promise(slots(2, 3, 100n));
      expect(await aheadOf(slots(4, 2, 7n))).to.deep.equal(new Map([[slot(4), 100n]]));
      await promise(slots(4, 2, 7n));
      expect(await aheadOf(slots(4, 1, 1n))).to.deep.equal(new Map([[slot(4), 107n]]));
      expect(await deliveryOf(3)).to.deep.equal([100n, 0n, false]);
    });

    it("take no place behind more than the buyer accepts", async () => {
      const { roof } = get();
      await promise(slots(2, 1, 100n));
      await refused(
        promise(slots(1, 2, 1n), { mostAhead: 99 }),
        "Meters_TooFarBehind",
        roof.device.address,
        slot(2),
        100,
        99,
      );
      // Of several slots, the one is named that is beyond it.
      await promise(slots(3, 1, 101n));
      await refused(
        promise(slots(2, 2, 1n), { mostAhead: 100 }),
        "Meters_TooFarBehind",
        roof.device.address,
        slot(3),
        101,
        100,
      );
      await promise(slots(1, 2, 1n), { mostAhead: 100 });
      await promise(slots(4, 1, 1n), { mostAhead: 0 });
    });

    it("keep to slots that have not started, and to what the meter can export", async () => {
      const { roof } = get();
      const meter = roof.device.address;
      await at(START + 3 * SLOT_SECONDS - 1);
      await refused(promise(slots(2, 2, 1n)), "Meters_SlotStarted", meter, slot(2));
      await promise(slots(3, 1, MOST_WH));
      await at(START + 3 * SLOT_SECONDS);
      await refused(promise(slots(3, 1, 1n)), "Meters_SlotStarted", meter, slot(3));
      await promise(slots(5, 1, 2_000n));
      await refused(
        promise(slots(5, 1, 501n)),
        "Meters_OverCommitted",
        meter,
        slot(5),
        2_000,
        501,
        MOST_WH,
      );
      await promise(slots(5, 1, 500n));
    });

    it("end with the last slot that has energy, whatever is padded", async () => {
      const { roof } = get();
      await promise(slots(4, 9, 1n), { padding: 240 });
      expect((await known(roof)).promisedEnd).to.equal(BigInt(slot(13)));
      await promise(slots(2, 1, 1n));
      expect((await known(roof)).promisedEnd).to.equal(BigInt(slot(13)));
    });
  });

  describe("a hand-over", () => {
    const handOver = (to = get().joe.address) =>
      as(get().jane).handOverMeter(get().roof.device.address, to);

    it("is offered by the owner and taken by whom it was offered to", async () => {
      const { world, jane, joe, stranger, roof } = get();
      const meter = roof.device.address;
      await refused(
        as(joe).handOverMeter(meter, joe.address),
        "Meters_NotOwner",
        meter,
        joe.address,
        jane.address,
      );
      await expect(handOver())
        .to.emit(world.meters, "MeterOffered")
        .withArgs(meter, jane.address, joe.address, 1);
      expect((await known(roof)).owner).to.equal(jane.address);
      await refused(
        as(stranger).acceptMeter(meter, 1),
        "Meters_NotOffered",
        meter,
        stranger.address,
        joe.address,
      );
      await expect(as(joe).acceptMeter(meter, 1))
        .to.emit(world.meters, "MeterHandedOver")
        .withArgs(meter, jane.address, joe.address);
      await world.passSlots(1);
      await world.report(roof, slots(0, 1, 5n));
      expect(await world.whOf(joe, 0)).to.equal(5n);
      await refused(as(joe).acceptMeter(meter, 1), "Meters_NotOffered");
    });

    it("promises nothing until it is taken, or taken back", async () => {
      await handOver();
      await refused(promise(slots(2, 1, 1n)), "Meters_Leaving", get().roof.device.address);
      await handOver(zeroAddress);
      await promise(slots(2, 1, 1n));
    });

    it("ends a move that the former owner began", async () => {
      const { world, jane, joe, roof } = get();
      const meter = roof.device.address;
      const other = await world.found();
      await as(jane).moveMeter(meter, other);
      await handOver();
      await as(joe).acceptMeter(meter, 1);
      expect((await known(roof)).movingTo).to.equal(0n);
    });
  });

  describe("a move", () => {
    const moveTo = async (over: object = {}, by = get().world.operator) => {
      const { roof, jane } = get();
      const registration = {
        microgrid: 2,
        owner: jane.address,
        meter: roof.device.address,
        source: SOLAR,
        capacityW: 10_000,
        critical: false,
        ...over,
      };
      const hash = await as().hashRegistration(registration);
      const consent = await roof.device.sign({ hash: hash as `0x${string}` });
      return as(by).register(registration, consent);
    };
    const let_ = (microgrid: number, by = get().jane) =>
      as(by).moveMeter(get().roof.device.address, microgrid);
    beforeEach(() => get().world.found([{}], { charterOf: { slotSeconds: 300 } }));

    it("is the owner's to begin, to a microgrid that exists", async () => {
      const { world, joe, roof } = get();
      await refused(let_(2, joe), "Meters_NotOwner");
      await expect(let_(3)).to.be.revertedWithCustomError(world.microgrids, "Microgrids_Unknown");
      await refused(moveTo(), "Meters_AlreadyRegistered", roof.device.address);
      await let_(2);
      await refused(moveTo({ microgrid: 1 }), "Meters_AlreadyRegistered");
      await refused(moveTo({ owner: joe.address }), "Meters_NotOwner");
      await moveTo();
      expect((await known(roof)).microgrid).to.equal(2n);
    });

    it("starts with the next slot of the new microgrid, at that one's length", async () => {
      const { world, roof, jane } = get();
      await let_(2);
      await at(START + 100);
      await moveTo();
      const first = START / 300 + 1;
      expect((await known(roof)).firstSlot).to.equal(BigInt(first));
      await world.passTo(START + 700);
      await world.report(roof, new Map([[first, 834n]]));
      const { firstBlock } = packProfile(new Map([[first, 1n]]));
      const [word] = await world.energy.profileOf(jane.address, 2, SOLAR, firstBlock, 1);
      expect(word).to.equal(834n << BigInt(32 * (first % 8)));
      await refused(world.report(roof, new Map([[first - 1, 0n]])), "Meters_BeforeRegistration");
    });

    it("promises nothing from its beginning on, and waits until the last promise is overdue", async () => {
      const { world, roof } = get();
      await promise(slots(2, 1, 100n));
      await let_(2);
      await refused(promise(slots(3, 1, 1n)), "Meters_Leaving");
      const overdue = START + 3 * SLOT_SECONDS + DAY;
      await at(overdue - 1);
      await refused(moveTo(), "Meters_Promised", roof.device.address, slot(3));
      await at(overdue);
      await moveTo();
      expect((await known(roof)).promisedEnd).to.equal(0n);
      expect(await world.meters.isReported(roof.device.address, slot(2))).to.equal(false);
    });

    it("brings back a meter that was retired", async () => {
      const { roof } = get();
      await as().retireMeter(roof.device.address);
      await let_(2);
      await moveTo();
      const { active, retiredSlot } = await known(roof);
      expect([active, retiredSlot]).to.deep.equal([true, 0n]);
    });

    it("can be taken back", async () => {
      await let_(2);
      await let_(0);
      await refused(moveTo(), "Meters_AlreadyRegistered");
      await promise(slots(2, 1, 1n));
    });
  });

  describe("retirement", () => {
    it("is up to the owner and the operator, once", async () => {
      const { world, jane, stranger, roof } = get();
      const meter = roof.device.address;
      await refused(
        as(stranger).retireMeter(meter),
        "Meters_NotOwner",
        meter,
        stranger.address,
        jane.address,
      );
      await at(START + 5 * SLOT_SECONDS);
      await expect(as(jane).retireMeter(meter))
        .to.emit(world.meters, "MeterRetired")
        .withArgs(meter, slot(5));
      await refused(as().retireMeter(meter), "Meters_Inactive", meter);
      await refused(promise(slots(8, 1, 1n)), "Meters_Inactive", meter);
    });

    it("leaves the slots that had started to be reported, and no others", async () => {
      const { world, jane, roof } = get();
      await at(START + 5 * SLOT_SECONDS);
      await as().retireMeter(roof.device.address);
      await world.passSlots(20);
      await refused(
        world.report(roof, slots(4, 3, 1n)),
        "Meters_SlotNotEnded",
        roof.device.address,
        slot(6),
      );
      await world.report(roof, slots(4, 2, 1n));
      expect(await world.whOf(jane, 5)).to.equal(1n);
    });
  });

  it("say whether they feed a critical load by their operator's word", async () => {
    const { world, jane, roof } = get();
    const meter = roof.device.address;
    await refused(as(jane).setCritical(meter, true), "Meters_NotOperator");
    await expect(as().setCritical(meter, true))
      .to.emit(world.meters, "CriticalSet")
      .withArgs(meter, true);
    expect((await known(roof)).critical).to.equal(true);
    await as().setCritical(meter, false);
    expect((await known(roof)).critical).to.equal(false);
  });
});
