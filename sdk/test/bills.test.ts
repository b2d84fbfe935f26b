import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  billWithGrid,
  billWithTrades,
  earnedOverFeedIn,
  savedAgainstRetail,
} from "../src/bills.ts";

describe("Earnings and savings", () => {
  it("are what trade brings beyond the tariffs", () => {
    // 3 kWh at 17 cents: the grid would have paid 8 and charged 32.
    expect(earnedOverFeedIn(510_000n, 3000n, 80_000n)).to.equal(270_000n);
    expect(savedAgainstRetail(510_000n, [1000n, 2000n], [320_000n, 320_000n])).to.equal(450_000n);
  });

  it("are a loss when a sale was below or a purchase above them", () => {
    expect(earnedOverFeedIn(0n, 1000n, 80_000n)).to.equal(-80_000n);
    expect(savedAgainstRetail(400_000n, [1000n], [320_000n])).to.equal(-80_000n);
  });

  it("make the difference between the two bills, except for rounding", () => {
    const wh = fc.bigInt({ min: 0n, max: 100_000n });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(wh, wh), { minLength: 1, maxLength: 50 }),
        wh,
        wh,
        (slots, sold, price) => {
          const importedWh = slots.map(([rest, bought]) => rest + bought);
          const boughtWh = slots.map(([, bought]) => bought);
          const retailPerKwh = slots.map(() => 320_000n);
          const [paid, received, feedInPerKwh] = [price * 7n, price * 5n, 80_000n];
          const before = billWithGrid({
            importedWh,
            exportedWh: [sold],
            retailPerKwh,
            feedInPerKwh,
          });
          const after = billWithTrades({ importedWh, retailPerKwh }, { boughtWh, paid, received });
          const gain =
            earnedOverFeedIn(received, sold, feedInPerKwh) +
            savedAgainstRetail(paid, boughtWh, retailPerKwh);
          const off = before - after - gain;
          expect(off >= -2n && off <= 2n, `off by ${off}`).to.equal(true);
        },
      ),
    );
  });
});
