import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Battery, withBattery } from "../../src/study/index.ts";

const BATTERY: Battery = { capacityWh: 1_000n, powerW: 500n, efficiencyPercent: 90n };
const HOUR = 3600;

const homeOf = (importedWh: readonly bigint[], exportedWh: readonly bigint[]) => ({
  name: "Jane",
  importedWh,
  exportedWh,
});
const sum = (values: readonly bigint[]): bigint => values.reduce((all, one) => all + one, 0n);
const energy = fc.array(fc.bigInt(0n, 900n), { minLength: 20, maxLength: 20 });

describe("A home's battery", () => {
  it("takes what would be fed in and gives it when energy is needed, up to its power", () => {
    const { home, leftCentiWh } = withBattery(
      homeOf([0n, 700n, 100n], [800n, 0n, 0n]),
      BATTERY,
      HOUR,
    );
    expect(home.exportedWh).to.deep.equal([300n, 0n, 0n]);
    // Of 500 Wh it gives back 450.
    expect(home.importedWh).to.deep.equal([0n, 250n, 100n]);
    expect(leftCentiWh).to.equal(0n);
  });

  it("takes no more than it can hold", () => {
    const { home, leftCentiWh } = withBattery(
      homeOf([0n, 0n, 0n], [500n, 500n, 500n]),
      BATTERY,
      HOUR,
    );
    expect(home.exportedWh).to.deep.equal([0n, 0n, 389n]);
    expect(leftCentiWh <= 100_000n).to.equal(true);
  });

  it("loses what its efficiency says, and nothing else", () => {
    fc.assert(
      fc.property(
        energy,
        energy,
        fc.record({
          capacityWh: fc.bigInt(0n, 3_000n),
          powerW: fc.bigInt(0n, 4_000n),
          efficiencyPercent: fc.bigInt(1n, 100n),
        }),
        (drawn, fed, battery) => {
          const before = homeOf(drawn, fed);
          const { home, chargedWh, dischargedWh, leftCentiWh } = withBattery(before, battery, 900);
          expect(sum(before.exportedWh) - sum(home.exportedWh)).to.equal(chargedWh);
          expect(sum(before.importedWh) - sum(home.importedWh)).to.equal(dischargedWh);
          expect(chargedWh * battery.efficiencyPercent).to.equal(100n * dischargedWh + leftCentiWh);
          expect(leftCentiWh >= 0n && leftCentiWh <= 100n * battery.capacityWh).to.equal(true);
          for (const [slot, wh] of home.importedWh.entries()) {
            expect(wh >= 0n && wh <= (drawn[slot] ?? 0n)).to.equal(true);
            expect((home.exportedWh[slot] ?? -1n) >= 0n).to.equal(true);
          }
        },
      ),
    );
  });

  it("refuses what is no battery", () => {
    const home = homeOf([0n], [0n]);
    for (const changes of [
      { capacityWh: -1n },
      { powerW: -1n },
      { efficiencyPercent: 0n },
      { efficiencyPercent: 101n },
    ]) {
      expect(() => withBattery(home, { ...BATTERY, ...changes }, HOUR)).to.throw(RangeError);
    }
  });
});
