import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { Column, type Sieve } from "../src/store/column.ts";

/** Numbers around the borders of words, and others. */
const values = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 160n - 1n }),
  fc
    .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: -2, max: 2 }))
    .map(([words, by]) => 2n ** BigInt(32 * words) + BigInt(by))
    .filter((value) => value >= 0n),
);

describe("A column", () => {
  it("reads, compares and sifts as the values themselves do, whatever it has held before", () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 40 }), values, (held, asked) => {
        const column = new Column();
        column.grow(held.length);
        for (const [row, value] of held.entries()) column.set(row, value.toString());
        const through = (sieve: Sieve) => {
          const rows = Uint32Array.from(held.keys());
          return [...rows.subarray(0, sieve(rows, rows.length))];
        };
        const where = (test: (value: bigint) => boolean) =>
          held.flatMap((value, row) => (test(value) ? row : []));
        const digits = asked.toString();
        const [first = 0n] = held;

        expect(held.map((_, row) => column.read(row))).to.deep.equal(held);
        expect(through(column.atLeast(digits))).to.deep.equal(where((value) => value >= asked));
        expect(through(column.atMost(digits))).to.deep.equal(where((value) => value <= asked));
        expect(through(column.among([digits]))).to.deep.equal(where((value) => value === asked));
        expect(through(column.among([]))).to.deep.equal([]);
        expect(through(column.among([digits, first.toString()]))).to.deep.equal(
          where((value) => value === asked || value === first),
        );
        expect(held.map((_, row) => Math.sign(column.comparedWith(digits)(row)))).to.deep.equal(
          held.map((value) => Number(value > asked) - Number(value < asked)),
        );
        expect(held.map((_, row) => Math.sign(column.compare(row, 0)))).to.deep.equal(
          held.map((value) => Number(value > first) - Number(value < first)),
        );
      }),
    );
  });
});
