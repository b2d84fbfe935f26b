import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  bondedFor,
  type PositionTerms,
  paidFor,
  releaseSlot,
  shareWh,
} from "../../src/deals/index.ts";
import { wholeUnits } from "../../src/money.ts";

const terms: PositionTerms = {
  pricePerKwh: 100_000n,
  perArrived: false,
  chargePerKwh: 10_000n,
  bondPerKwh: 20_000n,
  lossBps: 0n,
  crosses: false,
};
const across = { ...terms, perArrived: true, lossBps: 500n, crosses: true };

const wh = fc.bigInt(0n, 100_000n);
const anyTerms = fc.record({
  pricePerKwh: fc.bigInt(0n, 1_000_000n),
  perArrived: fc.boolean(),
  chargePerKwh: fc.bigInt(0n, 100_000n),
  bondPerKwh: fc.bigInt(0n, 1_000_000n),
  lossBps: fc.bigInt(0n, 9_999n),
  crosses: fc.boolean(),
});

describe("A position", () => {
  it("is served in the order of promises, in whole Wh", () => {
    // Ten positions of 1 Wh, of which 9 Wh were delivered.
    const shares = Array.from({ length: 10 }, (_, ahead) => shareWh(1n, BigInt(ahead), 9n));
    expect(shares).to.deep.equal([1n, 1n, 1n, 1n, 1n, 1n, 1n, 1n, 1n, 0n]);
  });

  it("shares out exactly what was delivered, up to what was promised", () => {
    fc.assert(
      fc.property(fc.array(wh, { minLength: 1, maxLength: 8 }), wh, (promised, delivered) => {
        let [ahead, served] = [0n, 0n];
        for (const energy of promised) {
          served += shareWh(energy, ahead, delivered);
          ahead += energy;
        }
        expect(served).to.equal(delivered < ahead ? delivered : ahead);
      }),
    );
  });

  it("gives back at home what was not delivered, and the bond for it", () => {
    expect(releaseSlot(terms, 1_000n, 400n)).to.deep.equal({
      arrivedWh: 400n,
      paidMillis: 40_000_000n,
      chargeMillis: 4_000_000n,
      refundMillis: 60_000_000n,
      forfeitedMillis: 12_000_000n,
      toSellerMillis: 40_000_000n - 4_000_000n + 8_000_000n,
    });
  });

  it("pays the DSOs across a line for all that was promised", () => {
    expect(bondedFor(across, 1_000n)).to.equal(30_000_000n);
    expect(releaseSlot(across, 1_000n, 0n)).to.deep.equal({
      arrivedWh: 0n,
      paidMillis: 0n,
      chargeMillis: 10_000_000n,
      refundMillis: 95_000_000n,
      forfeitedMillis: 20_000_000n,
      toSellerMillis: 0n,
    });
  });

  it("gives out exactly what was locked", () => {
    fc.assert(
      fc.property(anyTerms, wh, wh, (of, energy, part) => {
        const delivered = part < energy ? part : energy;
        const { chargeMillis, refundMillis, forfeitedMillis, toSellerMillis } = releaseSlot(
          of,
          energy,
          delivered,
        );
        const locked = paidFor(of, energy) + bondedFor(of, energy);
        expect(chargeMillis + refundMillis + forfeitedMillis + toSellerMillis).to.equal(locked);
      }),
    );
  });
});

describe("Thousandths of a base unit", () => {
  it("can be withdrawn by the thousand", () => {
    expect([999n, 1_000n, 1_999n].map(wholeUnits)).to.deep.equal([0n, 1n, 1n]);
  });
});
