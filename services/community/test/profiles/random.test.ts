import { expect } from "chai";
import { describe, it } from "mocha";
import { normal, seededRandom, wandering } from "../../src/profiles/random.ts";

const take = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);
const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
const spread = (xs: readonly number[]): number => {
  const middle = mean(xs);
  return Math.sqrt(mean(xs.map((x) => (x - middle) ** 2)));
};

/** sfc32 as PractRand writes it, in 32-bit words of bigint: slow, and hard to get wrong. */
function published(seed: bigint, stream: bigint, count: number): number[] {
  const word = (x: bigint) => BigInt.asUintN(32, x);
  let [a, b, c, counter] = [0n, seed, stream, 1n];
  const drawn = Array.from({ length: 12 + count }, () => {
    const tmp = word(a + b + counter++);
    a = b ^ (b >> 9n);
    b = word(c + (c << 3n));
    c = word((word(c << 21n) | (c >> 11n)) + tmp);
    return Number(tmp) / 2 ** 32;
  });
  return drawn.slice(12);
}

describe("seeded random numbers", () => {
  it("are those of the published algorithm", () => {
    for (const [seed, stream] of [
      [0, 0],
      [1, 0],
      [1, 7],
      [4_294_967_295, 4_294_967_295],
    ] as const) {
      const expected = published(BigInt(seed), BigInt(stream), 1000);
      expect(take(1000, seededRandom(seed, stream))).to.deep.equal(expected);
    }
  });

  it("are the same for the same seed and stream, and others for any other", () => {
    const first = take(8, seededRandom(1, 0));
    expect(take(8, seededRandom(1, 0))).to.deep.equal(first);
    expect(take(8, seededRandom(2, 0))).not.to.deep.equal(first);
    expect(take(8, seededRandom(1, 1))).not.to.deep.equal(first);
  });

  it("are spread evenly", () => {
    const draws = take(20_000, seededRandom(3, 0));
    expect(Math.min(...draws)).to.be.at.least(0);
    expect(Math.max(...draws)).to.be.below(1);
    expect(mean(draws)).to.be.closeTo(0.5, 0.01);
    expect(spread(draws)).to.be.closeTo(Math.sqrt(1 / 12), 0.01);
  });

  it("can be normally distributed, and correlated", () => {
    const draw = seededRandom(4, 0);
    const normals = take(20_000, () => normal(draw));
    expect(mean(normals)).to.be.closeTo(0, 0.03);
    expect(spread(normals)).to.be.closeTo(1, 0.03);
    const walk = take(50_000, wandering(draw, 0.8));
    expect(mean(walk)).to.be.closeTo(0, 0.05);
    expect(spread(walk)).to.be.closeTo(1, 0.05);
    const products = walk.slice(1).map((x, i) => x * (walk[i] ?? 0));
    expect(mean(products)).to.be.closeTo(0.8, 0.05);
  });

  it("refuse a seed that is not 32 bits", () => {
    for (const seed of [-1, 1.5, 2 ** 32, Number.NaN]) {
      expect(() => seededRandom(seed, 0)).to.throw(RangeError, `seed ${seed} is refused`);
    }
  });
});
