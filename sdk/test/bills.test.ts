import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  billWithGridMillis,
  billWithTradesMillis,
  earnedOverFeedInMillis,
  savedAgainstRetailMillis,
} from "../src/bills.ts";

describe("Earnings and savings", () => {
  it("are what trade brings beyond the tariffs of each slot", () => {
    // 3 kWh at 17 cents: the grid would have paid 8 and 6 cents, and charged 32 and 20.
    const paid = 3_000n * 170_000n;
    const energyWh = [1_000n, 2_000n];
    expect(earnedOverFeedInMillis(paid, energyWh, [80_000n, 60_000n])).to.equal(310_000_000n);
    expect(savedAgainstRetailMillis(paid, energyWh, [320_000n, 200_000n])).to.equal(210_000_000n);
  });

  it("are a loss when a sale was below or a purchase above them", () => {
    expect(earnedOverFeedInMillis(0n, [1_000n], [80_000n])).to.equal(-80_000_000n);
    expect(savedAgainstRetailMillis(400_000_000n, [1_000n], [320_000n])).to.equal(-80_000_000n);
  });

  it("count a single Wh exactly", () => {
    expect(earnedOverFeedInMillis(80_001n, [1n], [80_000n])).to.equal(1n);
    expect(savedAgainstRetailMillis(319_999n, [1n], [320_000n])).to.equal(1n);
  });

  it("make the difference between the two bills, to the thousandth", () => {
    const amount = fc.bigInt({ min: 0n, max: 100_000n });
    const slot = fc.record({
      rest: amount,
      bought: amount,
      sold: amount,
      feedIn: amount,
      retail: amount,
    });
    fc.assert(
      fc.property(
        fc.array(slot, { minLength: 1, maxLength: 50 }),
        amount,
        amount,
        (slots, paidMillis, receivedMillis) => {
          const importedWh = slots.map(({ rest, bought }) => rest + bought);
          const boughtWh = slots.map(({ bought }) => bought);
          const soldWh = slots.map(({ sold }) => sold);
          const retailPerKwh = slots.map(({ retail }) => retail);
          const feedInPerKwh = slots.map(({ feedIn }) => feedIn);
          const metered = { importedWh, exportedWh: soldWh, retailPerKwh, feedInPerKwh };
          const after = billWithTradesMillis(metered, { boughtWh, paidMillis, receivedMillis });
          const gain =
            earnedOverFeedInMillis(receivedMillis, soldWh, feedInPerKwh) +
            savedAgainstRetailMillis(paidMillis, boughtWh, retailPerKwh);
          expect(billWithGridMillis(metered) - after).to.equal(gain);
        },
      ),
    );
  });
});
