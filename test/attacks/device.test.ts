import { packReading } from "@wattline/sdk";
import { expect } from "chai";
import { network } from "hardhat";
import { zeroAddress } from "viem";
import { neighbours, scene } from "../support/neighbours.ts";
import { secureElement } from "../support/p256.ts";
import { type MeterOf, SLOT_SECONDS, SOLAR, START, slot, slots } from "../support/world.ts";

const P = 200_000n;

describe("a device, and anyone who holds it", () => {
  const get = scene(neighbours);
  const refused = (attempt: Promise<unknown>, error: string, ...args: readonly unknown[]) => {
    const expected = expect(attempt).to.be.revertedWithCustomError(get().world.meters, error);
    return args.length === 0 ? expected : expected.withArgs(...args);
  };
  const known = ({ device }: MeterOf) => get().world.meters.meterOf(device.address);

  /** Registers Jane's meter again, in the microgrid where it is. */
  async function registerAgain(meter: MeterOf) {
    const { world } = get();
    const registration = {
      microgrid: meter.microgrid,
      owner: meter.owner.address,
      meter: meter.device.address,
      source: SOLAR,
      capacityW: 80_000,
      critical: false,
    };
    const hash = await world.meters.hashRegistration(registration);
    const consent = await meter.device.sign({ hash: hash as `0x${string}` });
    return world.meters.connect(world.operator.signer).register(registration, consent);
  }

  it("reports the Wh that its register rounds up to, and not one more", async () => {
    const { world, jane } = get();
    const microgrid = await world.found([{}], { charterOf: { slotSeconds: 300 } });
    const meter = await world.meter(jane.owner, { microgrid, capacityW: 10_000 });
    await world.passSlots(1);
    const first = START / 300;
    await refused(
      world.report(meter, new Map([[first, 835n]])),
      "Meters_OverCapacity",
      meter.device.address,
      first,
      835,
      834,
    );
    await world.report(meter, new Map([[first, 834n]]));
  });

  it("mints no slot twice by being retired and registered again", async () => {
    const { world, jane } = get();
    const meters = world.meters.connect(jane.owner.signer);
    await world.passSlots(4);
    await world.report(jane, slots(0, 4, 100n));
    await meters.retireMeter(jane.device.address);
    await refused(registerAgain(jane), "Meters_AlreadyRegistered");
    await meters.moveMeter(jane.device.address, jane.microgrid);
    await registerAgain(jane);
    const again = (number: number) => world.report(jane, slots(number, 1, 100n));
    await world.passSlots(8);
    for (const number of [0, 3, 4]) {
      await refused(again(number), "Meters_BeforeRegistration", jane.device.address, slot(number));
    }
    await again(5);
    await refused(again(5), "Meters_AlreadyReported", jane.device.address, slot(5));
  });

  it("makes later readings no dearer by padded zeros", async () => {
    const { world, jane, joe, microgrid } = get();
    const offer = await world.offer(jane, { forward: true, price: P, lastSlot: slot(20_000) });
    const zeros = new Map([
      [slot(10), 1n],
      [slot(10 + 255 * 8 - 8), 0n],
    ]);
    const [reserved] = await world.positionsOf(
      world.reserve(joe.owner, offer, zeros, { microgrid }),
    );
    expect(reserved).not.to.equal(undefined);
    expect((await known(jane)).promisedEnd).to.equal(BigInt(slot(11)));
  });

  it("does not thin a promise by promises to itself", async () => {
    const { world, jane, joe, stranger, microgrid } = get();
    const forward = { forward: true, price: P, bond: 100_000n };
    const energyWh = slots(60, 1, 500n);
    const [position] = await world.positionsOf(
      world.reserve(joe.owner, await world.offer(jane, forward), energyWh, { microgrid }),
    );
    if (position === undefined) throw new Error("Nothing was reserved.");
    const gift = await world.offer(jane, { ...forward, price: 0n, bond: 0n });
    await world.reserve(stranger, gift, slots(60, 1, 2_000n), { microgrid });
    await world.passSlots(61);
    await world.report(jane, slots(60, 1, 500n));
    await world.marketplace.connect(stranger.signer).release([{ position, blocks: 1n }]);
    expect(await world.whOf(joe.owner, 60, microgrid)).to.equal(500n);
  });

  it("earns nothing by reporting late: what is promised is kept", async () => {
    const { world, jane, joe, stranger, microgrid } = get();
    const offer = await world.offer(jane, { forward: true, price: 100_000n, bond: 20_000n });
    const [position] = await world.positionsOf(
      world.reserve(joe.owner, offer, slots(60, 1, 1_000n), { microgrid }),
    );
    if (position === undefined) throw new Error("Nothing was reserved.");
    await world.passTo(START + 61 * SLOT_SECONDS + 86_400 + 1);
    await world.report(jane, slots(60, 1, 1_000n));
    expect(await world.whOf(jane.owner, 60, microgrid)).to.equal(0n);
    await world.marketplace.connect(stranger.signer).release([{ position, blocks: 1n }]);
    expect(await world.whOf(joe.owner, 60, microgrid)).to.equal(1_000n);
  });

  describe("when a home is sold", () => {
    it("is not handed over with promises that the new owner has not seen", async () => {
      const { world, jane, joe, ann, microgrid } = get();
      const gift = await world.offer(jane, {
        forward: true,
        price: 0n,
        lastSlot: slot(40_000),
      });
      const promise = (number: number, wh: bigint) =>
        world.reserve(ann.owner, gift, slots(number, 1, wh), { microgrid });
      await promise(35_000, 1n);
      const [old, next] = [
        world.meters.connect(jane.owner.signer),
        world.meters.connect(joe.owner.signer),
      ];
      const meter = jane.device.address;
      await old.handOverMeter(meter, joe.owner.address);
      const { offers, promisedEnd } = await known(jane);
      expect([offers, promisedEnd]).to.deep.equal([1n, BigInt(slot(35_001))]);
      await refused(promise(10, 1n), "Meters_Leaving", meter);
      // Taken back for a moment, it promises more of the time for which it had promised something already.
      await old.handOverMeter(meter, zeroAddress);
      await promise(34_999, 20_000n);
      await old.handOverMeter(meter, joe.owner.address);
      await refused(next.acceptMeter(meter, offers), "Meters_OtherOffer", meter, 1, 3);
      await next.acceptMeter(meter, 3);
      expect((await known(jane)).owner).to.equal(joe.owner.address);
    });

    it("gives no offer a number that another one had, in a new place either", async () => {
      const { world, jane, joe } = get();
      const meters = world.meters.connect(jane.owner.signer);
      await meters.handOverMeter(jane.device.address, joe.owner.address);
      await meters.moveMeter(jane.device.address, jane.microgrid);
      await registerAgain(jane);
      await meters.handOverMeter(jane.device.address, joe.owner.address);
      expect((await known(jane)).offers).to.equal(2n);
    });

    it("is no critical load any more, there and back", async () => {
      const { world, joe, ann } = get();
      const meter = joe.device.address;
      await world.meters.connect(world.operator.signer).setCritical(meter, true);
      await world.meters.connect(joe.owner.signer).handOverMeter(meter, ann.owner.address);
      await expect(world.meters.connect(ann.owner.signer).acceptMeter(meter, 1))
        .to.emit(world.meters, "CriticalSet")
        .withArgs(meter, false);
      await world.meters.connect(ann.owner.signer).handOverMeter(meter, joe.owner.address);
      await world.meters.connect(joe.owner.signer).acceptMeter(meter, 2);
      expect((await known(joe)).critical).to.equal(false);
    });
  });

  it("with a P-256 key signs for no other meter, whatever key it sends along", async () => {
    const { world, jane, stranger } = get();
    const thief = secureElement("a thief");
    await world.passSlots(1);
    const { firstBlock, words } = packReading(slots(0, 1, 1n));
    const reading = { meter: jane.device.address, firstBlock, exported: [...words] };
    const digest = await world.meters.hashReading(reading);
    await refused(
      world.meters.connect(stranger.signer).report(reading, thief.sign(digest)),
      "Meters_BadSignature",
      jane.device.address,
      thief.address,
    );
  });

  it("with a P-256 key is refused by name on a chain that can't verify it", async () => {
    const { ethers, close } = await network.create({ override: { hardfork: "prague" } });
    const microgrids = await ethers.deployContract("Microgrids");
    const metadata = await ethers.deployContract("EnergyMetadata");
    const tokens = await ethers.deployContract("EnergyTokenFactory", {
      libraries: { EnergyMetadata: await metadata.getAddress() },
    });
    const [operator] = await ethers.getSigners();
    const euro = await ethers.deployContract("TestEuro");
    if (operator === undefined) throw new Error("No account is left.");
    const meters = await ethers.deployContract("Meters", [operator.address, microgrids, tokens]);
    const level = { price: 1n, fee: 0n, cap: 1n, feedIn: 0n, retail: 1n };
    const charter = { ...get().world.charter, currency: await euro.getAddress() };
    await microgrids.found(charter, 0, [level], operator.address, 0);
    const device = secureElement("a meter");
    const registration = {
      microgrid: 1,
      owner: operator.address,
      meter: device.address,
      source: SOLAR,
      capacityW: 1,
      critical: false,
    };
    const consent = device.sign(await meters.hashRegistration(registration));
    await expect(meters.register(registration, consent)).to.be.revertedWithCustomError(
      meters,
      "MissingPrecompile",
    );
    await close();
  });
});
