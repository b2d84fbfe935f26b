import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { chargedMeter, chargePurpose, renewableExport } from "../src/storage.ts";

const energies = fc
  .uniqueArray(fc.tuple(fc.nat(20), fc.nat(5)), { selector: ([slot]) => slot })
  .map((entries) => new Map(entries.map(([slot, wh]) => [slot, BigInt(wh)])));
const sumOf = (energyWh: ReadonlyMap<number, bigint>): bigint =>
  [...energyWh.values()].reduce((sum, wh) => sum + wh, 0n);

/** The same rule, a Wh at a time: each takes the oldest Wh that is left. */
function takenOneByOne(
  exportedWh: ReadonlyMap<number, bigint>,
  chargedWh: ReadonlyMap<number, bigint>,
): Map<number, bigint> {
  const stored = [...chargedWh].flatMap(([slot, wh]) => new Array<number>(Number(wh)).fill(slot));
  const taken = new Map<number, bigint>();
  for (const [slot, wh] of [...exportedWh].sort(([a], [b]) => a - b)) {
    for (let each = 0n; each < wh; each++) {
      const oldest = stored.indexOf(Math.min(...stored));
      if (oldest < 0 || (stored[oldest] ?? 0) > slot) break;
      stored.splice(oldest, 1);
      taken.set(slot, (taken.get(slot) ?? 0n) + 1n);
    }
  }
  return taken;
}

describe("What of a battery's export is renewable", () => {
  it("is what was retired to charge it before, each Wh once", () => {
    const exported = new Map([
      [3, 100n],
      [1, 50n],
      [9, 30n],
    ]);
    const charged = new Map([
      [1, 20n],
      [2, 60n],
      [10, 500n],
    ]);
    expect([...renewableExport(exported, charged)]).to.deep.equal([
      [1, 20n],
      [3, 60n],
    ]);
  });

  it("is what a count of single Wh comes to", () => {
    fc.assert(
      fc.property(energies, energies, (exported, charged) => {
        const renewable = renewableExport(exported, charged);
        expect([...renewable]).to.deep.equal([...takenOneByOne(exported, charged)]);
        expect(sumOf(renewable) <= sumOf(exported) && sumOf(renewable) <= sumOf(charged)).to.equal(
          true,
        );
      }),
    );
  });

  it("never shrinks when more is retired", () => {
    fc.assert(
      fc.property(energies, energies, fc.nat(20), (exported, charged, slot) => {
        const more = new Map(charged).set(slot, (charged.get(slot) ?? 0n) + 1n);
        const gained =
          sumOf(renewableExport(exported, more)) - sumOf(renewableExport(exported, charged));
        expect(gained === 0n || gained === 1n).to.equal(true);
      }),
    );
  });

  it("names the battery's meter in the purpose of a retirement", () => {
    const meter = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    expect(chargedMeter(chargePurpose(meter))).to.equal(meter);
    expect(chargedMeter(chargePurpose(meter).toLowerCase())).to.equal(meter);
    for (const other of ["", meter, "wattline-charge:", "wattline-charge:0x12", `for ${meter}`]) {
      expect(chargedMeter(other)).to.equal(undefined);
    }
  });
});
