import { expect } from "chai";
import fc from "fast-check";
import { createClient, custom, HttpRequestError } from "viem";
import { readInRanges } from "./ranges.ts";

const newClient = () =>
  createClient({ transport: custom({ request: () => Promise.reject(new Error("Not asked.")) }) });
const blocks = (from: bigint, to: bigint) =>
  Array.from({ length: Number(to - from) + 1 }, (_, index) => from + BigInt(index));

describe("Blocks that are read in ranges", () => {
  it("are each read once and in order, whatever a node gives at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(40_000),
        fc.nat(30_000),
        fc.integer({ min: 1, max: 20_000 }),
        async (first, count, most) => {
          const [from, to] = [BigInt(first), BigInt(first + count)];
          const read = await readInRanges(newClient(), from, to, async (start, end) => {
            if (end - start >= BigInt(most))
              throw new Error("query returned more than 10000 results");
            return most < 50 ? [start, end] : blocks(start, end);
          });
          if (most >= 50) expect(read).to.deep.equal(blocks(from, to));
          expect(read[0]).to.equal(from);
          expect(read.at(-1)).to.equal(to);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("are given up where not even one is given, and at once where no node is", async () => {
    let asked = 0;
    const failing = (error: Error) => async () => {
      asked++;
      throw error;
    };
    const refused = await readInRanges(newClient(), 0n, 7n, failing(new Error("no"))).catch(String);
    expect([refused, asked]).to.deep.equal(["Error: no", 4]);
    asked = 0;
    const gone = new HttpRequestError({ url: "http://127.0.0.1:1", details: "fetch failed" });
    expect(await readInRanges(newClient(), 0n, 7n, failing(gone)).catch((error) => error)).to.equal(
      gone,
    );
    expect(asked).to.equal(1);
  });

  it("are as many from the start as the same node has given before", async () => {
    const client = newClient();
    let refused = 0;
    const read = async (start: bigint, end: bigint) => {
      if (end - start < 700n) return [end];
      refused++;
      throw new Error("range too large");
    };
    await readInRanges(client, 0n, 3_000n, read);
    expect(refused).to.equal(3);
    await readInRanges(client, 0n, 3_000n, read);
    expect(refused).to.equal(3);
  });
});
