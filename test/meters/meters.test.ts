import {
  type Domain,
  energyIdOf,
  LANE_MAX_WH,
  marketDomain,
  metersDomain,
  packReading,
  READING_TYPES,
  REGISTRATION_TYPES,
  type Reading,
} from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, beforeEach, describe, it } from "mocha";
import { type Address, type Hex, recoverAddress, zeroAddress } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { PATIENCE_MS, runs } from "../support/runs.ts";
import { compact, hex, withHighS } from "../support/signatures.ts";
import {
  createWorld,
  type MeterOf,
  type Person,
  SLOT_SECONDS,
  START,
  START_SLOT,
  slots,
  type World,
} from "../support/world.ts";

const SOLAR = 0;
const BATTERY = 5;
const GUARD_BIT = 1n << 31n;
/** The guard bits of all eight lanes. */
const GUARDS = 0x8000000080000000800000008000000080000000800000008000000080000000n;
/** What a meter of 10 kW exports at most in a quarter of an hour. */
const MOST_WH = 2500n;

describe("Meters", () => {
  let world: World;
  let jane: Person;
  let bob: Person;
  let stranger: Person;
  let roof: MeterOf;
  let device: PrivateKeyAccount;

  before(async () => {
    world = await createWorld();
    jane = world.person("Jane");
    bob = world.person("Bob");
    stranger = world.person("stranger");
    device = world.newDevice();
  });
  after(() => world.close());

  /** One microgrid, Jane's roof of 10 kW in it, and two hours of the day over. */
  async function street() {
    await world.found();
    const meter = await world.meter(jane);
    await world.passSlots(8);
    return meter;
  }
  beforeEach(async () => {
    roof = await world.networkHelpers.loadFixture(street);
  });

  const metersAs = (person: Person) => world.meters.connect(person.signer);
  const ourDomain = () => metersDomain(world.chainId, world.addresses.meters);

  /** Wh of Jane's solar energy in the `slot`-th slot of the day. */
  const balanceOf = (holder: Person, slot: number, microgrid = 1) =>
    world.energy.balanceOf(
      holder.address,
      energyIdOf({ microgrid, source: "Solar", slot: START_SLOT + slot }),
    );

  /** A signature over any reading, for any domain, by any key. */
  const signReading = (
    { meter, firstBlock, exported }: Reading,
    signer = roof.device,
    domain: Domain = ourDomain(),
  ): Promise<Hex> =>
    signer.signTypedData({
      domain,
      types: READING_TYPES,
      primaryType: "Reading",
      message: { meter, firstBlock, exported: [...exported] },
    });

  /** Reports words as they are, with the signature they need or another one. */
  async function reportWords(firstBlock: number, exported: bigint[], signature?: Hex) {
    const message = { meter: roof.device.address, firstBlock, exported };
    return metersAs(stranger).report(message, signature ?? (await signReading(message)));
  }

  const report = (of: MeterOf, exportedWh: Map<number, bigint>) => world.report(of, exportedWh);

  const wasRefused = (attempt: Promise<unknown>, error: string) =>
    expect(attempt).to.be.revertedWithCustomError(world.meters, error);

  describe("registration", () => {
    interface Registering {
      microgrid?: number;
      owner?: string;
      meter?: string;
      source?: number;
      capacityW?: bigint;
      critical?: boolean;
      consent?: Hex;
      by?: Person;
    }

    /** Registers the unused device for Bob, but for what the test is about. */
    async function register(registering: Registering = {}) {
      const { microgrid = 1, owner = bob.address, meter = device.address } = registering;
      const { source = SOLAR, capacityW = 10_000n, critical = false } = registering;
      const { by = world.operator } = registering;
      const consent = registering.consent ?? (await consentTo({ microgrid, owner: bob.address }));
      return metersAs(by).register(microgrid, owner, meter, source, capacityW, critical, consent);
    }

    const consentTo = (
      message: { microgrid: number; owner: Address },
      signer = device,
      domain: Domain = ourDomain(),
    ) =>
      signer.signTypedData({
        domain,
        types: REGISTRATION_TYPES,
        primaryType: "Registration",
        message,
      });

    /** Whom the contract takes for the signer of a consent for Bob in microgrid 1. */
    const signerOf = async (signature: Hex) =>
      recoverAddress({
        hash: hex(await world.meters.hashRegistration(1, bob.address)),
        signature,
      });

    it("records what the operator registers", async () => {
      await expect(register({ source: BATTERY, capacityW: 7_500n, critical: true }))
        .to.emit(world.meters, "MeterRegistered")
        .withArgs(device.address, 1n, bob.address, BATTERY, 7_500n, true);
      expect([...(await world.meters.meterOf(device.address))]).to.deep.equal([
        bob.address,
        1n,
        7_500n,
        BigInt(START / 86_400),
        BigInt(BATTERY),
        true,
        true,
      ]);
    });

    it("knows nothing of a meter before", async () => {
      expect((await world.meters.meterOf(device.address)).owner).to.equal(zeroAddress);
    });

    it("is the operator's alone", async () => {
      for (const other of [bob, stranger, world.dso]) {
        await wasRefused(register({ by: other }), "Microgrids_NotOperator").withArgs(
          1n,
          other.address,
          world.operator.address,
        );
      }
    });

    it("is no business of another microgrid's operator", async () => {
      await metersAs(stranger).found(world.charter, world.tariffs, stranger.address);
      await wasRefused(register({ by: stranger }), "Microgrids_NotOperator").withArgs(
        1n,
        stranger.address,
        world.operator.address,
      );
    });

    it("needs a microgrid", async () => {
      await wasRefused(register({ microgrid: 2 }), "Microgrids_Unknown").withArgs(2n);
    });

    it("takes the device's consent in 64 bytes too", async () => {
      const consent = compact(await consentTo({ microgrid: 1, owner: bob.address }));
      await register({ consent });
      expect((await world.meters.meterOf(device.address)).owner).to.equal(bob.address);
    });

    it("needs the consent of the device and of no other key", async () => {
      const consent = await consentTo({ microgrid: 1, owner: bob.address }, roof.device);
      await wasRefused(register({ consent }), "Meters_BadSignature").withArgs(
        device.address,
        roof.device.address,
      );
    });

    it("needs consent to this owner", async () => {
      const consent = await consentTo({ microgrid: 1, owner: jane.address });
      await wasRefused(register({ consent }), "Meters_BadSignature").withArgs(
        device.address,
        await signerOf(consent),
      );
    });

    it("needs consent to this microgrid", async () => {
      await world.found();
      const consent = await consentTo({ microgrid: 2, owner: bob.address });
      await wasRefused(register({ consent }), "Meters_BadSignature").withArgs(
        device.address,
        await signerOf(consent),
      );
    });

    it("needs consent on this chain, to this contract", async () => {
      for (const domain of [
        metersDomain(world.chainId + 1, world.addresses.meters),
        metersDomain(world.chainId, world.addresses.market),
        marketDomain(world.chainId, world.addresses.meters),
      ]) {
        const consent = await consentTo({ microgrid: 1, owner: bob.address }, device, domain);
        await wasRefused(register({ consent }), "Meters_BadSignature").withArgs(
          device.address,
          await signerOf(consent),
        );
      }
    });

    it("refuses a consent that is no signature", async () => {
      const good = await consentTo({ microgrid: 1, owner: bob.address });
      for (const none of ["0x", good.slice(0, -4), `${good}00`, withHighS(good)]) {
        const consent = hex(none);
        await wasRefused(register({ consent }), "Meters_BadSignature").withArgs(
          device.address,
          zeroAddress,
        );
      }
    });

    it("refuses the zero address as device, for which no signature at all would stand", async () => {
      await wasRefused(
        register({ meter: zeroAddress, consent: "0x" }),
        "Meters_BadSignature",
      ).withArgs(zeroAddress, zeroAddress);
    });

    it("refuses the zero address as owner", async () => {
      const consent = await consentTo({ microgrid: 1, owner: zeroAddress });
      await wasRefused(register({ owner: zeroAddress, consent }), "Meters_BadOwner");
    });

    it("happens once, in one microgrid", async () => {
      await register();
      await world.found();
      for (const microgrid of [1, 2]) {
        await wasRefused(register({ microgrid }), "Meters_AlreadyRegistered").withArgs(
          device.address,
        );
      }
    });

    it("never happens again to a retired device", async () => {
      await register();
      await metersAs(bob).retireMeter(device.address);
      await wasRefused(register(), "Meters_AlreadyRegistered").withArgs(device.address);
    });

    it("refuses a source that is none", async () => {
      await expect(register({ source: 7 })).to.be.revertedWithoutReason(world.ethers);
    });

    it("takes a capacity up to what a lane holds of one slot", async () => {
      await world.found({ charter: { slotSeconds: 3600 } });
      const consent = await consentTo({ microgrid: 2, owner: bob.address });
      const registering = { microgrid: 2, consent };
      await wasRefused(
        register({ ...registering, capacityW: LANE_MAX_WH + 1n }),
        "Meters_BadCapacity",
      ).withArgs(LANE_MAX_WH + 1n);
      await register({ ...registering, capacityW: LANE_MAX_WH });
      expect((await world.meters.meterOf(device.address)).capacityW).to.equal(LANE_MAX_WH);
    });

    it("takes any capacity where half an hour of it fits a lane", async () => {
      await world.found({ charter: { slotSeconds: 1800 } });
      const consent = await consentTo({ microgrid: 2, owner: bob.address });
      await register({ microgrid: 2, consent, capacityW: 2n ** 32n - 1n });
      expect((await world.meters.meterOf(device.address)).capacityW).to.equal(2n ** 32n - 1n);
    });
  });

  describe("handing a meter over", () => {
    const handOver = (by: Person, to: string) =>
      metersAs(by).handOverMeter(roof.device.address, to);

    it("makes another the owner, and changes nothing else", async () => {
      const [, ...rest] = await world.meters.meterOf(roof.device.address);
      await expect(handOver(jane, bob.address))
        .to.emit(world.meters, "MeterHandedOver")
        .withArgs(roof.device.address, jane.address, bob.address);
      expect([...(await world.meters.meterOf(roof.device.address))]).to.deep.equal([
        bob.address,
        ...rest,
      ]);
    });

    it("is the owner's alone, not even the operator's", async () => {
      for (const other of [world.operator, stranger]) {
        await wasRefused(handOver(other, other.address), "Meters_NotOwner").withArgs(
          roof.device.address,
          other.address,
          jane.address,
        );
      }
    });

    it("leaves the former owner nothing to give", async () => {
      await handOver(jane, bob.address);
      await wasRefused(handOver(jane, jane.address), "Meters_NotOwner").withArgs(
        roof.device.address,
        jane.address,
        bob.address,
      );
      await wasRefused(metersAs(jane).retireMeter(roof.device.address), "Meters_NotOwner").withArgs(
        roof.device.address,
        jane.address,
        bob.address,
      );
    });

    it("refuses the zero address", async () => {
      await wasRefused(handOver(jane, zeroAddress), "Meters_BadOwner");
    });

    it("needs a meter", async () => {
      await wasRefused(
        metersAs(jane).handOverMeter(stranger.address, bob.address),
        "Meters_Unknown",
      ).withArgs(stranger.address);
    });

    it("mints later readings to the new owner, and leaves what was minted", async () => {
      await report(roof, slots(0, 1, 100n));
      await handOver(jane, bob.address);
      await report(roof, slots(1, 1, 200n));
      expect([await balanceOf(jane, 0), await balanceOf(jane, 1)]).to.deep.equal([100n, 0n]);
      expect([await balanceOf(bob, 0), await balanceOf(bob, 1)]).to.deep.equal([0n, 200n]);
    });

    it("voids what the former owner offered of its future energy", async () => {
      await world.fund(bob, 1_000_000n);
      const order = world.order(roof, { forward: true });
      const signature = await world.sign(order, jane);
      await handOver(jane, stranger.address);
      const market = world.marketplace.connect(bob.signer);
      await wasRefused(
        market.reserve(order, signature, world.take(slots(20, 1, 10n))),
        "Meters_NotOwner",
      ).withArgs(roof.device.address, jane.address, stranger.address);
    });

    it("leaves the former owner what was minted to sell", async () => {
      await report(roof, slots(0, 1, 100n));
      await world.fund(bob, 1_000_000n);
      const order = world.order(roof);
      const signature = await world.sign(order, jane);
      await handOver(jane, stranger.address);
      const market = world.marketplace.connect(bob.signer);
      await market.accept(order, signature, world.take(slots(0, 1, 10n)));
      expect([await balanceOf(jane, 0), await balanceOf(bob, 0)]).to.deep.equal([90n, 10n]);
    });
  });

  describe("retiring a meter", () => {
    const retire = (by: Person) => metersAs(by).retireMeter(roof.device.address);

    for (const who of ["owner", "operator"] as const) {
      it(`is up to its ${who}, and changes nothing but that`, async () => {
        const before = [...(await world.meters.meterOf(roof.device.address))];
        await expect(retire(who === "owner" ? jane : world.operator))
          .to.emit(world.meters, "MeterRetired")
          .withArgs(roof.device.address);
        const { active, ...after } = await world.meters.meterOf(roof.device.address);
        expect(active).to.equal(false);
        expect(Object.values(after)).to.deep.equal(before.with(6, false));
      });
    }

    it("is up to nobody else", async () => {
      await metersAs(stranger).found(world.charter, world.tariffs, stranger.address);
      for (const other of [stranger, world.dso]) {
        await wasRefused(retire(other), "Meters_NotOwner").withArgs(
          roof.device.address,
          other.address,
          jane.address,
        );
      }
    });

    it("happens once", async () => {
      await retire(jane);
      for (const person of [jane, world.operator]) {
        await wasRefused(retire(person), "Meters_Inactive").withArgs(roof.device.address);
      }
    });

    it("needs a meter", async () => {
      await wasRefused(
        metersAs(world.operator).retireMeter(stranger.address),
        "Meters_Unknown",
      ).withArgs(stranger.address);
    });
  });

  describe("readings", () => {
    it("mint what was exported in each slot to the owner, and nothing else", async () => {
      const exportedWh = new Map([
        [START_SLOT, 1n],
        [START_SLOT + 3, 2_500n],
        [START_SLOT + 4, 0n],
        [START_SLOT + 7, 42n],
      ]);
      const { firstBlock, words } = packReading(exportedWh);
      const ids = [0, 3, 7].map((slot) =>
        energyIdOf({ microgrid: 1, source: "Solar", slot: START_SLOT + slot }),
      );
      await expect(report(roof, exportedWh))
        .to.emit(world.meters, "Reported")
        .withArgs(roof.device.address, firstBlock, words)
        .and.to.emit(world.energy, "TransferBatch")
        .withArgs(world.addresses.meters, zeroAddress, jane.address, ids, [1n, 2_500n, 42n]);
      for (const [slot, wh] of [1n, 0n, 0n, 2_500n, 0n, 0n, 0n, 42n].entries()) {
        expect(await balanceOf(jane, slot), `slot ${slot}`).to.equal(wh);
      }
    });

    it("mark the slots they cover, exported or not, and no others", async () => {
      await report(
        roof,
        new Map([
          [START_SLOT + 1, 0n],
          [START_SLOT + 6, 5n],
        ]),
      );
      const reported = [];
      for (let slot = -1; slot <= 8; slot++) {
        if (await world.meters.isReported(roof.device.address, START_SLOT + slot)) {
          reported.push(slot);
        }
      }
      expect(reported).to.deep.equal([1, 6]);
    });

    it("mint in the line of the meter's own source and microgrid", async () => {
      await world.found();
      const battery = await world.meter(jane, { microgrid: 2, source: "Storage" });
      await report(battery, slots(0, 1, 7n));
      const id = energyIdOf({ microgrid: 2, source: "Storage", slot: START_SLOT });
      expect(await world.energy.balanceOf(jane.address, id)).to.equal(7n);
      expect(await balanceOf(jane, 0)).to.equal(0n);
    });

    it("add up over the meters of one owner", async () => {
      const shed = await world.meter(jane);
      await report(roof, slots(2, 3, 100n));
      await report(shed, slots(4, 3, 11n));
      const balances = [];
      for (let slot = 2; slot < 7; slot++) balances.push(await balanceOf(jane, slot));
      expect(balances).to.deep.equal([100n, 100n, 111n, 11n, 11n]);
    });

    it("may be submitted by anyone", async () => {
      const { message, signature } = await world.reading(roof, slots(0, 2, 100n));
      await metersAs(stranger).report(message, signature);
      expect(await balanceOf(jane, 1)).to.equal(100n);
      expect(await balanceOf(stranger, 1)).to.equal(0n);
    });

    it("run no hook: an owner that is a contract without one is minted to", async () => {
      await metersAs(jane).handOverMeter(roof.device.address, world.addresses.euro);
      await report(roof, slots(0, 1, 100n));
      const id = energyIdOf({ microgrid: 1, source: "Solar", slot: START_SLOT });
      expect(await world.energy.balanceOf(world.addresses.euro, id)).to.equal(100n);
    });

    describe("signatures", () => {
      const signed = () => world.reading(roof, slots(0, 1, 100n));
      const refusedFrom = async (message: Reading, signature: Hex, signer: string) =>
        wasRefused(
          metersAs(stranger).report({ ...message, exported: [...message.exported] }, signature),
          "Meters_BadSignature",
        ).withArgs(message.meter, signer);
      const signerOf = async (message: Reading, signature: Hex) =>
        recoverAddress({
          hash: hex(
            await world.meters.hashReading({ ...message, exported: [...message.exported] }),
          ),
          signature,
        });

      it("have 65 bytes or 64", async () => {
        const first = await signed();
        expect(first.signature.length).to.equal(2 + 2 * 65);
        await metersAs(stranger).report(first.message, first.signature);

        const second = await world.reading(roof, slots(1, 1, 100n));
        const short = compact(second.signature);
        expect(short.length).to.equal(2 + 2 * 64);
        await metersAs(stranger).report(second.message, short);
        expect(await balanceOf(jane, 1)).to.equal(100n);
      });

      it("have no other length, and no v but 27 and 28", async () => {
        const { message, signature } = await signed();
        const wrong = ["0x", signature.slice(0, -4), `${signature}00`].concat(
          ["00", "01", "1a", "1d", "ff"].map((v) => signature.slice(0, -2) + v),
        );
        for (const other of wrong) await refusedFrom(message, hex(other), zeroAddress);
      });

      it("have a low s", async () => {
        const { message, signature } = await signed();
        await refusedFrom(message, withHighS(signature), zeroAddress);
      });

      it("are by the device's own key", async () => {
        const shed = await world.meter(jane);
        const { message, signature } = await world.reading(roof, slots(0, 1, 100n), shed.device);
        await refusedFrom(message, signature, shed.device.address);
      });

      it("are over every word and every member", async () => {
        const shed = await world.meter(jane);
        const { message, signature } = await world.reading(roof, slots(0, 8, 100n));
        const [word = 0n] = message.exported;
        for (const tampered of [
          { ...message, exported: [word + 1n] },
          { ...message, exported: [word ^ GUARD_BIT ^ 100n] },
          { ...message, exported: [word, 0n] },
          { ...message, exported: [] },
          { ...message, firstBlock: message.firstBlock - 1 },
          { ...message, meter: shed.device.address },
        ]) {
          await refusedFrom(tampered, signature, await signerOf(tampered, signature));
        }
      });

      it("are for this chain and this contract", async () => {
        const { message } = await signed();
        for (const domain of [
          metersDomain(world.chainId + 1, world.addresses.meters),
          metersDomain(world.chainId, world.addresses.market),
          marketDomain(world.chainId, world.addresses.meters),
        ]) {
          const signature = await signReading(message, roof.device, domain);
          await refusedFrom(message, signature, await signerOf(message, signature));
        }
      });
    });

    describe("time", () => {
      it("cover a slot from the very second of its end", async () => {
        const { message, signature } = await world.reading(roof, slots(8, 1, 100n));
        const end = START + 9 * SLOT_SECONDS;
        const { setNextBlockTimestamp } = world.networkHelpers.time;

        await setNextBlockTimestamp(end - 1);
        await wasRefused(metersAs(jane).report(message, signature), "Meters_SlotNotEnded").withArgs(
          roof.device.address,
          START_SLOT + 8,
        );

        await setNextBlockTimestamp(end);
        await metersAs(jane).report(message, signature);
        expect(await balanceOf(jane, 8)).to.equal(100n);
      });

      it("name the first slot that has not ended, even one without energy", async () => {
        await wasRefused(report(roof, slots(6, 4, 0n)), "Meters_SlotNotEnded").withArgs(
          roof.device.address,
          START_SLOT + 8,
        );
        expect(await world.meters.isReported(roof.device.address, START_SLOT + 6)).to.equal(false);
      });

      it("reach no slot of the far future", async () => {
        const lastBlock = 2 ** 32 - 1;
        await wasRefused(reportWords(lastBlock, [GUARD_BIT]), "Meters_SlotNotEnded").withArgs(
          roof.device.address,
          lastBlock * 8,
        );
        await wasRefused(reportWords(lastBlock, [0n, GUARD_BIT]), "Meters_SlotNotEnded").withArgs(
          roof.device.address,
          (lastBlock + 1) * 8,
        );
      });

      it("cover the whole day of the registration, and nothing before", async () => {
        await world.passSlots(48);
        const late = await world.meter(jane);
        await report(late, slots(0, 1, 100n));
        expect(await balanceOf(jane, 0)).to.equal(100n);
        await wasRefused(report(late, slots(-1, 1, 100n)), "Meters_BeforeRegistration").withArgs(
          late.device.address,
          START_SLOT - 1,
        );
      });
    });

    describe("once", () => {
      it("cover a slot in one reading only", async () => {
        await report(roof, slots(0, 4, 100n));
        await wasRefused(report(roof, slots(0, 4, 100n)), "Meters_AlreadyReported").withArgs(
          roof.device.address,
          START_SLOT,
        );
        await wasRefused(report(roof, slots(3, 2, 100n)), "Meters_AlreadyReported").withArgs(
          roof.device.address,
          START_SLOT + 3,
        );
      });

      it("may share a block with other readings", async () => {
        await report(roof, slots(4, 1, 100n));
        await report(roof, slots(5, 3, 100n));
        await report(roof, slots(0, 4, 100n));
        for (let slot = 0; slot < 8; slot++) expect(await balanceOf(jane, slot)).to.equal(100n);
      });

      it("may not cover a slot again as part of a longer run", async () => {
        await world.passSlots(24);
        await report(roof, slots(8, 8, 100n));
        await wasRefused(report(roof, slots(0, 24, 100n)), "Meters_AlreadyReported").withArgs(
          roof.device.address,
          START_SLOT + 8,
        );
        expect(await balanceOf(jane, 0)).to.equal(0n);
      });

      it("settle a slot without export for good", async () => {
        await report(roof, slots(0, 1, 0n));
        await wasRefused(report(roof, slots(0, 1, 100n)), "Meters_AlreadyReported").withArgs(
          roof.device.address,
          START_SLOT,
        );
      });

      it("mint nothing and move no token when nothing was exported", async () => {
        await expect(report(roof, slots(0, 8, 0n)))
          .to.emit(world.meters, "Reported")
          .and.not.to.emit(world.energy, "TransferBatch");
      });

      it("stay covered when the meter changes hands", async () => {
        await report(roof, slots(0, 1, 100n));
        await metersAs(jane).handOverMeter(roof.device.address, bob.address);
        await wasRefused(report(roof, slots(0, 1, 100n)), "Meters_AlreadyReported").withArgs(
          roof.device.address,
          START_SLOT,
        );
      });

      it("are no hindrance to another meter's", async () => {
        const shed = await world.meter(jane);
        await report(roof, slots(0, 1, 100n));
        await report(shed, slots(0, 1, 100n));
        expect(await balanceOf(jane, 0)).to.equal(200n);
      });
    });

    describe("capacity", () => {
      it("reach it exactly in every slot", async () => {
        await report(roof, slots(0, 8, MOST_WH));
        for (let slot = 0; slot < 8; slot++) expect(await balanceOf(jane, slot)).to.equal(MOST_WH);
      });

      it("exceed it by not one Wh in any slot", async () => {
        for (let slot = 0; slot < 8; slot++) {
          const exportedWh = slots(0, 8, MOST_WH).set(START_SLOT + slot, MOST_WH + 1n);
          await wasRefused(report(roof, exportedWh), "Meters_OverCapacity").withArgs(
            roof.device.address,
            START_SLOT + slot,
            MOST_WH + 1n,
            MOST_WH,
          );
        }
      });

      it("round down what a slot can hold", async () => {
        // 7 W make 1.75 Wh in a quarter of an hour.
        const lamp = await world.meter(jane, { capacityW: 7 });
        await wasRefused(report(lamp, slots(0, 1, 2n)), "Meters_OverCapacity").withArgs(
          lamp.device.address,
          START_SLOT,
          2n,
          1n,
        );
        await report(lamp, slots(0, 1, 1n));
      });

      it("of a pure consumer export nothing", async () => {
        const consumer = await world.meter(jane, { capacityW: 0 });
        await wasRefused(report(consumer, slots(0, 1, 1n)), "Meters_OverCapacity").withArgs(
          consumer.device.address,
          START_SLOT,
          1n,
          0n,
        );
        await report(consumer, slots(0, 1, 0n));
      });

      it("fill a lane to the brim", async () => {
        await world.found({ charter: { slotSeconds: 3600 } });
        const plant = await world.meter(jane, { microgrid: 2, capacityW: Number(LANE_MAX_WH) });
        const hour = START / 3600;
        await report(plant, new Map([[hour, LANE_MAX_WH]]));
        const id = energyIdOf({ microgrid: 2, source: "Solar", slot: hour });
        expect(await world.energy.balanceOf(jane.address, id)).to.equal(LANE_MAX_WH);
      });
    });

    describe("form", () => {
      const block = START_SLOT / 8;

      it("hold no energy in a lane that is not covered", async () => {
        for (let lane = 0n; lane < 8n; lane++) {
          const stray = 1n << (32n * lane);
          await wasRefused(reportWords(block, [stray]), "Meters_NotCovered").withArgs(
            roof.device.address,
            START_SLOT + Number(lane),
          );
        }
      });

      it("cover at least one slot", async () => {
        for (const exported of [[], [0n], [0n, 0n, 0n]]) {
          await wasRefused(reportWords(block, exported), "Meters_NothingReported").withArgs(
            roof.device.address,
          );
        }
      });

      it("may leave whole blocks out", async () => {
        await world.passSlots(40);
        await report(
          roof,
          new Map([
            [START_SLOT, 1n],
            [START_SLOT + 39, 2n],
          ]),
        );
        expect([await balanceOf(jane, 0), await balanceOf(jane, 39)]).to.deep.equal([1n, 2n]);
        await report(roof, slots(1, 38, 3n));
      });

      it("run across words of flags", async () => {
        // The flags of 256 slots share a word; three days of slots cross from one to the next at least once.
        await world.passSlots(3 * 96);
        const boundary = 256 - (START_SLOT % 256);
        const exportedWh = slots(boundary - 11, 22, 9n);
        await report(roof, exportedWh);

        for (const slot of [boundary - 11, boundary - 1, boundary, boundary + 10]) {
          expect(await balanceOf(jane, slot), `slot ${slot}`).to.equal(9n);
          await wasRefused(report(roof, slots(slot, 1, 9n)), "Meters_AlreadyReported").withArgs(
            roof.device.address,
            START_SLOT + slot,
          );
        }
        await report(roof, slots(boundary - 12, 1, 9n));
        await report(roof, slots(boundary + 11, 1, 9n));
      });

      it("hold many blocks: three days in one reading", async () => {
        await world.passSlots(3 * 96);
        await report(roof, slots(0, 3 * 96, 9n));
        const profile = await world.energy.profileOf(jane.address, 1, SOLAR, block, 37);
        const full = packReading(slots(0, 8, 9n)).words.map((word) => word ^ GUARDS);
        expect([...profile]).to.deep.equal([...new Array<bigint[]>(36).fill(full).flat(), 0n]);
        for (let slot = -8; slot < 3 * 96 + 8; slot++) {
          const isReported = await world.meters.isReported(roof.device.address, START_SLOT + slot);
          expect(isReported, `slot ${slot}`).to.equal(slot >= 0 && slot < 3 * 96);
        }
      });
    });

    it("are refused from a retired meter", async () => {
      await metersAs(jane).retireMeter(roof.device.address);
      await wasRefused(report(roof, slots(0, 1, 100n)), "Meters_Inactive").withArgs(
        roof.device.address,
      );
    });

    it("are refused from an unknown meter", async () => {
      const unknown = { device, owner: jane, microgrid: 1 };
      await wasRefused(report(unknown, slots(0, 1, 100n)), "Meters_Unknown").withArgs(
        device.address,
      );
    });

    describe("several in one call", () => {
      const called = async (of: MeterOf, exportedWh: Map<number, bigint>) => {
        const { message, signature } = await world.reading(of, exportedWh);
        return world.meters.interface.encodeFunctionData("report", [message, signature]);
      };

      it("are all accepted", async () => {
        const barn = await world.meter(bob);
        await metersAs(stranger).multicall([
          await called(roof, slots(0, 3, 100n)),
          await called(barn, slots(0, 2, 50n)),
          await called(roof, slots(3, 3, 7n)),
        ]);
        expect([await balanceOf(jane, 2), await balanceOf(jane, 3)]).to.deep.equal([100n, 7n]);
        expect([await balanceOf(bob, 1), await balanceOf(bob, 2)]).to.deep.equal([50n, 0n]);
      });

      it("are all refused with the first bad one", async () => {
        const calls = [
          await called(roof, slots(0, 3, 100n)),
          await called(roof, slots(2, 1, 100n)),
        ];
        await wasRefused(metersAs(stranger).multicall(calls), "Meters_AlreadyReported").withArgs(
          roof.device.address,
          START_SLOT + 2,
        );
        expect(await balanceOf(jane, 0)).to.equal(0n);
      });
    });

    for (const slotSeconds of [300, 900, 1800, 3600]) {
      it(`keep to slots of ${slotSeconds} s`, async () => {
        await world.found({ charter: { slotSeconds } });
        const meter = await world.meter(jane, { microgrid: 2, capacityW: 9_999 });
        const mostWh = BigInt(Math.floor((9_999 * slotSeconds) / 3600));
        const first = START / slotSeconds;
        const ended = (8 * SLOT_SECONDS) / slotSeconds;

        await report(meter, new Map([[first + ended - 1, mostWh]]));
        const id = energyIdOf({ microgrid: 2, source: "Solar", slot: first + ended - 1 });
        expect(await world.energy.balanceOf(jane.address, id)).to.equal(mostWh);

        const refusals: [slot: number, wh: bigint, error: string, ...more: bigint[]][] = [
          [first - 1, 1n, "Meters_BeforeRegistration"],
          [first, mostWh + 1n, "Meters_OverCapacity", mostWh + 1n, mostWh],
          [first + ended, 1n, "Meters_SlotNotEnded"],
        ];
        for (const [slot, wh, error, ...more] of refusals) {
          await wasRefused(report(meter, new Map([[slot, wh]])), error).withArgs(
            meter.device.address,
            slot,
            ...more,
          );
        }
      });
    }
  });

  describe("readings of any kind in any order", () => {
    interface Lane {
      readonly slot: number;
      readonly wh: bigint;
      readonly covered: boolean;
    }
    interface Refusal {
      readonly error: string;
      readonly args: readonly unknown[];
    }

    const CAPACITIES_W = [10_000, 4_000];
    const ENDED = 32;

    /** What the meters should do, in the plainest words. */
    class Model {
      readonly balancesWh = new Map<number, bigint>();
      readonly reported = CAPACITIES_W.map(() => new Set<number>());
      private readonly addresses: readonly string[];

      constructor(addresses: readonly string[]) {
        this.addresses = addresses;
      }

      report(meter: number, lanes: readonly Lane[]): Refusal | undefined {
        const refusal = this.refusal(meter, lanes);
        if (refusal !== undefined) return refusal;
        for (const { slot, wh, covered } of lanes) {
          if (!covered) continue;
          this.reported[meter]?.add(slot);
          this.balancesWh.set(slot, (this.balancesWh.get(slot) ?? 0n) + wh);
        }
        return undefined;
      }

      private refusal(meter: number, lanes: readonly Lane[]): Refusal | undefined {
        const address = this.addresses[meter];
        const mostWh = BigInt((CAPACITIES_W[meter] ?? 0) / 4);
        for (const { slot, wh, covered } of lanes.toSorted((a, b) => a.slot - b.slot)) {
          const args = [address, START_SLOT + slot];
          if (!covered) {
            if (wh > 0n) return { error: "Meters_NotCovered", args };
          } else if (slot >= ENDED) return { error: "Meters_SlotNotEnded", args };
          else if (slot < 0) return { error: "Meters_BeforeRegistration", args };
          else if (this.reported[meter]?.has(slot))
            return { error: "Meters_AlreadyReported", args };
          else if (wh > mostWh) {
            return { error: "Meters_OverCapacity", args: [...args, wh, mostWh] };
          }
        }
        if (lanes.some(({ covered }) => covered)) return undefined;
        return { error: "Meters_NothingReported", args: [address] };
      }
    }

    const lane = fc.record({
      // Seldom before the first day or in a slot to come, or hardly a reading would be good.
      slot: fc.oneof(
        { weight: 40, arbitrary: fc.integer({ min: 0, max: ENDED - 1 }) },
        { weight: 1, arbitrary: fc.integer({ min: -8, max: ENDED + 8 }) },
      ),
      wh: fc.oneof(
        { weight: 20, arbitrary: fc.bigInt(0n, 1_000n) },
        { weight: 1, arbitrary: fc.bigInt(990n, 2_510n) },
      ),
      covered: fc.oneof(
        { weight: 40, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: fc.boolean() },
      ),
    });
    const reading = fc.record({
      meter: fc.nat(CAPACITIES_W.length - 1),
      lanes: fc.uniqueArray(lane, { maxLength: 6, selector: ({ slot }) => slot }),
    });

    function pack(lanes: readonly Lane[]): { firstBlock: number; exported: bigint[] } {
      const blocks = lanes.map(({ slot }) => Math.floor((START_SLOT + slot) / 8));
      const firstBlock = Math.min(START_SLOT / 8, ...blocks);
      const exported = new Array<bigint>(Math.max(firstBlock, ...blocks) - firstBlock + 1).fill(0n);
      for (const { slot, wh, covered } of lanes) {
        const offset = START_SLOT + slot - 8 * firstBlock;
        const index = Math.floor(offset / 8);
        const word = (wh | (covered ? GUARD_BIT : 0n)) << BigInt(32 * (offset % 8));
        exported[index] = (exported[index] ?? 0n) | word;
      }
      return { firstBlock, exported };
    }

    async function twoMeters() {
      const meters = [];
      for (const capacityW of CAPACITIES_W) meters.push(await world.meter(jane, { capacityW }));
      await world.passSlots(ENDED);
      return meters;
    }

    it("leave the balances and meet the refusals of a plain model", async () => {
      const seen = new Map<string, number>();
      const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);

      await fc.assert(
        fc.asyncProperty(fc.array(reading, { minLength: 1, maxLength: 10 }), async (readings) => {
          const meters = await world.networkHelpers.loadFixture(twoMeters);
          const model = new Model(meters.map((meter) => meter.device.address));
          for (const { meter: index, lanes } of readings) {
            const meter = meters[index];
            if (meter === undefined) throw new Error(`There is no meter ${index}.`);
            const message = { meter: meter.device.address, ...pack(lanes) };
            const attempt = metersAs(stranger).report(
              message,
              await signReading(message, meter.device),
            );
            const refusal = model.report(index, lanes);
            count(refusal?.error ?? "accepted");
            if (refusal === undefined) await attempt;
            else await wasRefused(attempt, refusal.error).withArgs(...refusal.args);
          }
          await expectBalances(model);
        }),
        runs(50),
      );

      // A property that never meets a case says nothing about it.
      expect([...seen.keys()].sort()).to.deep.equal([
        "Meters_AlreadyReported",
        "Meters_BeforeRegistration",
        "Meters_NotCovered",
        "Meters_NothingReported",
        "Meters_OverCapacity",
        "Meters_SlotNotEnded",
        "accepted",
      ]);
    }).timeout(PATIENCE_MS);

    async function expectBalances(model: Model) {
      const blocks = ENDED / 8;
      const words = await world.energy.profileOf(jane.address, 1, SOLAR, START_SLOT / 8, blocks);
      const expectedWh = slots(0, ENDED, 0n);
      for (const [slot, wh] of model.balancesWh) expectedWh.set(START_SLOT + slot, wh);
      expect([...words]).to.deep.equal(packReading(expectedWh).words.map((word) => word ^ GUARDS));
    }
  });
});
