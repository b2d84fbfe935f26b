import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { HttpRequestError, InvalidInputRpcError, RpcRequestError, TimeoutError } from "viem";
import { inRanges, NodeError, type RangeSettings, rangeSize } from "../src/node/index.ts";

const url = "http://127.0.0.1:1";
const tooMany = new NodeError("tooLarge", "query returned more than 10000 results");

/** Reads blocks of which a node gives `most` at once; `refused` are the ranges that it did not. */
async function readThrough(
  most: number | ((from: number) => number),
  from: number,
  to: number,
  settings: RangeSettings<number> = {},
) {
  const given: [from: number, to: number][] = [];
  const refused: [from: number, to: number][] = [];
  const read = async (first: number, last: number) => {
    const here = typeof most === "number" ? most : most(first);
    if (last - first < here) return last - first + 1;
    refused.push([first, last]);
    throw tooMany;
  };
  for await (const range of inRanges(from, to, read, settings)) given.push([range.from, range.to]);
  return { given, refused };
}

describe("A history that is read in ranges", () => {
  it("is read once and in order, whatever a node gives at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(10_000),
        fc.nat(20_000),
        fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 5 }),
        fc.record({
          first: fc.integer({ min: 1, max: 20_000 }),
          most: fc.integer({ min: 1, max: 20_000 }),
        }),
        async (from, count, limits, sizes) => {
          const to = from + count;
          const most = (block: number) => limits[(block >> 12) % limits.length] ?? 1;
          const { given } = await readThrough(most, from, to, { size: rangeSize(sizes) });
          expect(given[0]?.[0]).to.equal(from);
          expect(given.at(-1)?.[1]).to.equal(to);
          given.reduce((before, range) => {
            expect(range[0]).to.equal(before[1] + 1);
            return range;
          });
          for (const [first, last] of given) {
            expect(last - first + 1).to.be.within(1, Math.max(sizes.first, sizes.most));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("runs into what a node refuses once in a while only, and not again in the next reading", async () => {
    const size = rangeSize();
    const first = await readThrough(1_000, 0, 200_000, { size });
    // Ten thousand is halved four times; from then on one range in seventeen is tried that is twice as long.
    expect(first.refused.length).to.be.lessThan(4 + first.given.length / 16);
    expect(first.given.length).to.be.lessThan(2 * 200);
    const second = await readThrough(1_000, 0, 6_000, { size });
    expect(second.refused.length).to.be.lessThan(2);
  });

  it("grows again where a node gives more, and by what the answers hold", async () => {
    const { given } = await readThrough((from) => (from < 3_000 ? 100 : 10_000), 0, 200_000);
    expect(given.at(-2)).to.satisfy(([from, to]: [number, number]) => to - from + 1 === 10_000);
    const full = await readThrough(10_000, 0, 200_000, { fullness: (blocks) => blocks / 400 });
    for (const [from, to] of full.given.slice(5, -1)) expect(to - from + 1).to.be.within(200, 800);
  });

  it("is read in smaller ranges only where these may be given", async () => {
    const rpc = (code: number, message: string) =>
      new InvalidInputRpcError(new RpcRequestError({ body: {}, error: { code, message }, url }));
    for (const [error, asked] of [
      [tooMany, 4],
      [new NodeError("failing", "the answer broke off"), 4],
      [new NodeError("unreachable", "fetch failed"), 1],
      [new NodeError("limited", "too many requests"), 1],
      [new NodeError("behind", "header not found"), 1],
      [rpc(-32_000, "query exceeds max block range 1000"), 4],
      [rpc(-32_000, "missing trie node"), 1],
      [new HttpRequestError({ url, details: "fetch failed" }), 1],
      [new HttpRequestError({ url, details: "Response body too large" }), 4],
      [new HttpRequestError({ url, status: 413, details: "Payload Too Large" }), 4],
      [new HttpRequestError({ url, status: 429, details: "Slow down" }), 1],
      [new TimeoutError({ url, body: {} }), 4],
      [new Error("no"), 4],
    ] as const) {
      let count = 0;
      const reading = inRanges(0, 7, async () => {
        count++;
        throw error;
      });
      expect(await reading.next().catch((thrown: unknown) => thrown)).to.equal(error);
      expect(count, error.message).to.equal(asked);
    }
  });

  it("is read no further once it is told to stop, nor far ahead of who uses it", async () => {
    const stop = new AbortController();
    const size = rangeSize({ first: 10, most: 10 });
    let asked = 0;
    const read = async () => asked++;
    const reading = inRanges(0, 99, read, { size, signal: stop.signal });
    await reading.next();
    expect(asked).to.equal(2);
    stop.abort(new Error("Enough."));
    expect((await reading.next()).value).to.deep.include({ from: 10, to: 19 });
    expect(await reading.next().catch((error: Error) => error.message)).to.equal("Enough.");
    expect(asked).to.equal(2);
  });

  it("is empty where there are no blocks", async () => {
    expect(await readThrough(1, 5, 4)).to.deep.equal({ given: [], refused: [] });
  });
});
