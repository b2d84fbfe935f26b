import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import { after, before, beforeEach, describe, it } from "mocha";
import { zeroAddress } from "viem";
import { createWorld, type Person, type World } from "../support/world.ts";

const CONNECTED = 0n;
const ISLANDED = 1n;
const CLOSED = 2n;

describe("Microgrids", () => {
  let world: World;
  let stranger: Person;
  let successor: Person;

  before(async () => {
    world = await createWorld();
    stranger = world.person("stranger");
    successor = world.person("successor");
    await backToNothing();
  });
  after(() => world.close());

  const nothing = async () => {};
  /** A fixture starts from the state in which it is first loaded: every part of this file starts from none. */
  const backToNothing = () => world.networkHelpers.loadFixture(nothing);

  const microgridsAs = (person: Person) => world.meters.connect(person.signer);

  interface Founding {
    charter?: object;
    tariffs?: object;
    dso?: string;
    by?: Person;
  }

  /** Founds a microgrid that differs from the usual one in what the test is about. */
  const foundWith = ({ charter, tariffs, dso = world.dso.address, by = stranger }: Founding = {}) =>
    microgridsAs(by).found({ ...world.charter, ...charter }, { ...world.tariffs, ...tariffs }, dso);

  /** A microgrid as the chain knows it, in plain values. */
  async function known(microgrid = 1) {
    const { operator, pendingOperator, dso, mode, charter, tariffs } =
      await world.meters.microgridOf(microgrid);
    const { name, latitudeTenths, longitudeTenths, currency, slotSeconds, reportingDeadline } =
      charter;
    const { feedIn, retail, networkFee, islandPriceCap, islandRation } = tariffs;
    return {
      operator,
      pendingOperator,
      dso,
      mode,
      charter: { name, latitudeTenths, longitudeTenths, currency, slotSeconds, reportingDeadline },
      tariffs: { feedIn, retail, networkFee, islandPriceCap, islandRation },
    };
  }

  const usualCharter = () => ({
    ...world.charter,
    latitudeTenths: 484n,
    longitudeTenths: 100n,
    slotSeconds: 900n,
    reportingDeadline: 86_400n,
  });

  const usualTariffs = () => ({ ...world.tariffs, islandRation: 250n });

  describe("founding", () => {
    beforeEach(backToNothing);

    it("is open to anyone, who becomes the operator", async () => {
      await expect(foundWith({ by: stranger }))
        .to.emit(world.meters, "Founded")
        .withArgs(
          1n,
          stranger.address,
          world.dso.address,
          Object.values(world.charter),
          Object.values(world.tariffs),
        );
      expect(await known()).to.deep.equal({
        operator: stranger.address,
        pendingOperator: zeroAddress,
        dso: world.dso.address,
        mode: CONNECTED,
        charter: usualCharter(),
        tariffs: usualTariffs(),
      });
      expect(await world.meters.operatorOf(1)).to.equal(stranger.address);
      expect(await world.meters.dsoOf(1)).to.equal(world.dso.address);
    });

    it("numbers microgrids from 1", async () => {
      expect(await world.meters.microgridCount()).to.equal(0n);
      await foundWith({ by: stranger, charter: { name: "First" } });
      await foundWith({ by: successor, charter: { name: "Second" } });
      expect(await world.meters.microgridCount()).to.equal(2n);
      expect((await known(1)).charter.name).to.equal("First");
      expect((await known(2)).charter.name).to.equal("Second");
      expect((await known(1)).operator).to.equal(stranger.address);
      expect((await known(2)).operator).to.equal(successor.address);
    });

    it("keeps the largest value of every member apart from its neighbours in storage", async () => {
      const charter = {
        latitudeTenths: -900n,
        longitudeTenths: -1800n,
        slotSeconds: 3600n,
        reportingDeadline: 2n ** 32n - 1n,
      };
      const tariffs = {
        feedIn: 2n ** 96n - 1n,
        retail: 2n ** 96n - 1n,
        networkFee: 2n ** 72n - 1n,
        islandPriceCap: 2n ** 96n - 1n,
        islandRation: 2n ** 32n - 1n,
      };
      await foundWith({ charter, tariffs });
      expect((await known()).charter).to.deep.equal({ ...world.charter, ...charter });
      expect((await known()).tariffs).to.deep.equal(tariffs);
    });

    // Counted in bytes: 21 euro signs are 63, 22 are 66.
    for (const name of ["x", "x".repeat(64), `${"€".repeat(21)}x`]) {
      it(`accepts a name of ${name.length} characters in ${Buffer.byteLength(name)} bytes`, async () => {
        await foundWith({ charter: { name } });
        expect((await known()).charter.name).to.equal(name);
      });
    }
    for (const name of ["", "x".repeat(65), "€".repeat(22)]) {
      it(`refuses a name of ${name.length} characters in ${Buffer.byteLength(name)} bytes`, async () => {
        await expect(foundWith({ charter: { name } }))
          .to.be.revertedWithCustomError(world.meters, "Microgrids_BadName")
          .withArgs(Buffer.byteLength(name));
      });
    }

    for (const [latitudeTenths, longitudeTenths] of [
      [900n, 1800n],
      [-900n, -1800n],
      [0n, 0n],
    ] as const) {
      it(`accepts the place ${latitudeTenths}, ${longitudeTenths}`, async () => {
        await foundWith({ charter: { latitudeTenths, longitudeTenths } });
        expect((await known()).charter).to.include({ latitudeTenths, longitudeTenths });
      });
    }
    for (const [latitudeTenths, longitudeTenths] of [
      [901, 0],
      [-901, 0],
      [0, 1801],
      [0, -1801],
    ] as const) {
      it(`refuses the place ${latitudeTenths}, ${longitudeTenths}`, async () => {
        await expect(foundWith({ charter: { latitudeTenths, longitudeTenths } }))
          .to.be.revertedWithCustomError(world.meters, "Microgrids_BadPlace")
          .withArgs(latitudeTenths, longitudeTenths);
      });
    }

    it("refuses a currency that is no contract", async () => {
      for (const currency of [zeroAddress, stranger.address]) {
        await expect(foundWith({ charter: { currency } }))
          .to.be.revertedWithCustomError(world.meters, "Microgrids_BadCurrency")
          .withArgs(currency);
      }
    });

    for (const slotSeconds of [300n, 900n, 1800n, 3600n]) {
      it(`accepts slots of ${slotSeconds} s`, async () => {
        await foundWith({ charter: { slotSeconds } });
        expect((await known()).charter.slotSeconds).to.equal(slotSeconds);
      });
    }
    for (const slotSeconds of [0, 1, 299, 301, 600, 899, 1200, 3599, 3601, 65_535]) {
      it(`refuses slots of ${slotSeconds} s`, async () => {
        await expect(foundWith({ charter: { slotSeconds } }))
          .to.be.revertedWithCustomError(world.meters, "Microgrids_BadSlotLength")
          .withArgs(slotSeconds);
      });
    }

    it("accepts a feed-in tariff up to the retail tariff", async () => {
      await foundWith({ tariffs: { feedIn: 320_000n, retail: 320_000n } });
      expect((await known()).tariffs).to.include({ feedIn: 320_000n, retail: 320_000n });
    });

    it("refuses a feed-in tariff above the retail tariff", async () => {
      await expect(foundWith({ tariffs: { feedIn: 320_001n, retail: 320_000n } }))
        .to.be.revertedWithCustomError(world.meters, "Microgrids_BadTariffs")
        .withArgs(320_001n, 320_000n);
    });

    it("refuses the zero address as DSO", async () => {
      await expect(foundWith({ dso: zeroAddress })).to.be.revertedWithCustomError(
        world.meters,
        "Microgrids_BadDso",
      );
    });

    it("counts no microgrid that was refused", async () => {
      await expect(foundWith({ dso: zeroAddress })).to.be.revertedWithCustomError(
        world.meters,
        "Microgrids_BadDso",
      );
      expect(await world.meters.microgridCount()).to.equal(0n);
    });
  });

  describe("running", () => {
    const otherTariffs = {
      feedIn: 1n,
      retail: 2n,
      networkFee: 3n,
      islandPriceCap: 4n,
      islandRation: 5n,
    };

    /** Every power of an operator. */
    const powers: Record<
      string,
      (by: Person, microgrid: number) => Promise<ContractTransactionResponse>
    > = {
      setTariffs: (by, microgrid) => microgridsAs(by).setTariffs(microgrid, otherTariffs),
      setDso: (by, microgrid) => microgridsAs(by).setDso(microgrid, stranger.address),
      setMode: (by, microgrid) => microgridsAs(by).setMode(microgrid, CLOSED),
      handOver: (by, microgrid) => microgridsAs(by).handOver(microgrid, stranger.address),
    };

    /** The operator runs microgrid 1, the stranger runs 2. */
    async function twoMicrogrids() {
      await world.found();
      await foundWith({ by: stranger, charter: { name: "Elsewhere" } });
    }
    before(backToNothing);
    beforeEach(() => world.networkHelpers.loadFixture(twoMicrogrids));

    for (const [name, use] of Object.entries(powers)) {
      it(`${name} is the operator's alone`, async () => {
        const before = await known(1);
        for (const other of [stranger, world.dso]) {
          await expect(use(other, 1))
            .to.be.revertedWithCustomError(world.meters, "Microgrids_NotOperator")
            .withArgs(1n, other.address, world.operator.address);
        }
        expect(await known(1)).to.deep.equal(before);
        await use(world.operator, 1);
        expect(await known(1)).to.not.deep.equal(before);
      });

      it(`${name} leaves other microgrids alone`, async () => {
        const before = await known(2);
        await use(world.operator, 1);
        expect(await known(2)).to.deep.equal(before);
      });

      it(`${name} needs a microgrid`, async () => {
        for (const unknown of [0, 3]) {
          await expect(use(world.operator, unknown))
            .to.be.revertedWithCustomError(world.meters, "Microgrids_Unknown")
            .withArgs(unknown);
        }
      });
    }

    for (const view of [
      "microgridOf",
      "operatorOf",
      "dsoOf",
      "termsOf",
      "feedInOf",
      "islandRulesOf",
    ] as const) {
      it(`${view} needs a microgrid`, async () => {
        for (const unknown of [0, 3]) {
          await expect(world.meters.getFunction(view)(unknown))
            .to.be.revertedWithCustomError(world.meters, "Microgrids_Unknown")
            .withArgs(unknown);
        }
      });
    }

    it("tells every trade what it needs to know, a fee and a mode set later included", async () => {
      const terms = async () => [...(await world.meters.termsOf(1))];
      expect(await terms()).to.deep.equal([world.addresses.euro, 0n, 900n, CONNECTED]);
      await microgridsAs(world.operator).setTariffs(1, otherTariffs);
      await microgridsAs(world.operator).setMode(1, ISLANDED);
      expect(await terms()).to.deep.equal([world.addresses.euro, 3n, 900n, ISLANDED]);
      expect(await world.meters.feedInOf(1)).to.equal(1n);
      expect([...(await world.meters.islandRulesOf(1))]).to.deep.equal([4n, 5n]);
    });

    it("sets all tariffs at once, and nothing else", async () => {
      const before = await known();
      await expect(microgridsAs(world.operator).setTariffs(1, otherTariffs))
        .to.emit(world.meters, "TariffsSet")
        .withArgs(1n, Object.values(otherTariffs));
      expect(await known()).to.deep.equal({ ...before, tariffs: otherTariffs });
    });

    it("refuses to set a feed-in tariff above the retail tariff", async () => {
      await expect(microgridsAs(world.operator).setTariffs(1, { ...otherTariffs, feedIn: 3n }))
        .to.be.revertedWithCustomError(world.meters, "Microgrids_BadTariffs")
        .withArgs(3n, 2n);
    });

    it("names another DSO, and changes nothing else", async () => {
      const before = await known();
      await expect(microgridsAs(world.operator).setDso(1, stranger.address))
        .to.emit(world.meters, "DsoSet")
        .withArgs(1n, stranger.address);
      expect(await known()).to.deep.equal({ ...before, dso: stranger.address });
    });

    it("refuses to name the zero address as DSO", async () => {
      await expect(
        microgridsAs(world.operator).setDso(1, zeroAddress),
      ).to.be.revertedWithCustomError(world.meters, "Microgrids_BadDso");
    });

    it("declares every mode, in any order, and changes nothing else", async () => {
      const before = await known();
      for (const mode of [ISLANDED, CLOSED, ISLANDED, CONNECTED, CLOSED, CONNECTED]) {
        await expect(microgridsAs(world.operator).setMode(1, mode))
          .to.emit(world.meters, "ModeSet")
          .withArgs(1n, mode);
        expect(await known()).to.deep.equal({ ...before, mode });
      }
    });
  });

  describe("handing over", () => {
    const foundOne = async () => {
      await world.found();
    };
    before(backToNothing);
    beforeEach(() => world.networkHelpers.loadFixture(foundOne));

    const offerTo = (address: string) => microgridsAs(world.operator).handOver(1, address);
    const acceptAs = (person: Person) => microgridsAs(person).acceptHandOver(1);

    it("takes an offer and its acceptance", async () => {
      await expect(offerTo(successor.address))
        .to.emit(world.meters, "HandOverOffered")
        .withArgs(1n, world.operator.address, successor.address);
      expect(await known()).to.include({
        operator: world.operator.address,
        pendingOperator: successor.address,
      });

      await expect(acceptAs(successor))
        .to.emit(world.meters, "OperatorChanged")
        .withArgs(1n, successor.address);
      expect(await known()).to.include({
        operator: successor.address,
        pendingOperator: zeroAddress,
      });
    });

    it("leaves the operator in power until the offer is accepted, and then no longer", async () => {
      await offerTo(successor.address);
      await expect(microgridsAs(successor).setMode(1, CLOSED))
        .to.be.revertedWithCustomError(world.meters, "Microgrids_NotOperator")
        .withArgs(1n, successor.address, world.operator.address);
      await microgridsAs(world.operator).setMode(1, ISLANDED);

      await acceptAs(successor);
      await expect(microgridsAs(world.operator).setMode(1, CLOSED))
        .to.be.revertedWithCustomError(world.meters, "Microgrids_NotOperator")
        .withArgs(1n, world.operator.address, successor.address);
      await microgridsAs(successor).setMode(1, CONNECTED);
      expect((await known()).mode).to.equal(CONNECTED);
    });

    it("is accepted by nobody but the successor", async () => {
      await offerTo(successor.address);
      for (const other of [stranger, world.operator]) {
        await expect(acceptAs(other))
          .to.be.revertedWithCustomError(world.meters, "Microgrids_NotSuccessor")
          .withArgs(1n, other.address, successor.address);
      }
    });

    it("is accepted once", async () => {
      await offerTo(successor.address);
      await acceptAs(successor);
      await expect(acceptAs(successor))
        .to.be.revertedWithCustomError(world.meters, "Microgrids_NotSuccessor")
        .withArgs(1n, successor.address, zeroAddress);
    });

    it("goes to whom it was offered last", async () => {
      await offerTo(stranger.address);
      await offerTo(successor.address);
      await expect(acceptAs(stranger))
        .to.be.revertedWithCustomError(world.meters, "Microgrids_NotSuccessor")
        .withArgs(1n, stranger.address, successor.address);
      await acceptAs(successor);
      expect((await known()).operator).to.equal(successor.address);
    });

    it("can be taken back before it is accepted", async () => {
      await offerTo(successor.address);
      await offerTo(zeroAddress);
      await expect(acceptAs(successor))
        .to.be.revertedWithCustomError(world.meters, "Microgrids_NotSuccessor")
        .withArgs(1n, successor.address, zeroAddress);
      expect((await known()).operator).to.equal(world.operator.address);
    });

    it("does not outlive the operator who offered it", async () => {
      await offerTo(successor.address);
      await acceptAs(successor);
      await microgridsAs(successor).handOver(1, stranger.address);
      await acceptAs(stranger);
      await expect(acceptAs(world.operator))
        .to.be.revertedWithCustomError(world.meters, "Microgrids_NotSuccessor")
        .withArgs(1n, world.operator.address, zeroAddress);
    });

    it("needs a microgrid", async () => {
      await expect(microgridsAs(successor).acceptHandOver(2))
        .to.be.revertedWithCustomError(world.meters, "Microgrids_Unknown")
        .withArgs(2n);
    });
  });
});
