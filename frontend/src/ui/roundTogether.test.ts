import { expect } from "chai";
import fc from "fast-check";
import { roundTogether } from "./roundTogether.ts";

const amounts = fc.array(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), { maxLength: 20 });
const steps = fc.bigInt({ min: 1n, max: 10n ** 7n });
const sum = (parts: readonly bigint[]) => parts.reduce((a, b) => a + b, 0n);

describe("Amounts that are rounded together", () => {
  it("add up as they are shown, whatever they are", () => {
    fc.assert(
      fc.property(amounts, steps, (parts, step) => {
        const rounded = roundTogether(parts, step);
        expect(rounded).to.have.length(parts.length);
        for (const [index, part] of rounded.entries()) {
          expect(part % step).to.equal(0n);
          const moved = part - (parts[index] ?? 0n);
          expect(moved > -step && moved < step, `part ${index}`).to.equal(true);
        }
        const off = sum(rounded) - sum(parts);
        expect(2n * off <= step && 2n * off >= -step, "the sum").to.equal(true);
      }),
    );
  });

  it("are what one expects of 3.024 less 2.666", () => {
    // 0.358 is left, which would be 0.36; 2.67 and 0.36 do not make 3.02.
    expect(roundTogether([2_666n, 358n], 10n)).to.deep.equal([2_660n, 360n]);
    expect(roundTogether([10n, 20n], 10n)).to.deep.equal([10n, 20n]);
    expect(roundTogether([], 10n)).to.deep.equal([]);
  });
});
