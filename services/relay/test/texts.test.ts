import { tmpdir } from "node:os";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { NOWHERE, type Place, Texts } from "../src/store/texts.ts";

describe("Texts at hand", () => {
  it("are what was put, the newest of them always, and never something else", () => {
    const [capacity, longest, most] = [200, 6, 4];
    // Some letters take two bytes.
    const text = fc.string({ minLength: 1, maxLength: longest, unit: fc.constantFrom("a", "é") });
    const batches = fc.array(fc.array(text, { maxLength: most }), { maxLength: 60, size: "max" });
    /** What a batch that no longer fits before the file's end may leave unused. */
    const unused = 2 * longest * most;
    fc.assert(
      fc.property(batches, (putTogether) => {
        const texts = new Texts(tmpdir(), expect.fail, capacity);
        const put: { text: string; place: Place }[] = [];
        for (const batch of putTogether) {
          const places = texts.put(batch);
          put.push(...batch.map((text, i) => ({ text, place: places[i] ?? NOWHERE })));
          let since = 0;
          for (const { text, place } of put.toReversed()) {
            const read = texts.read(place)?.toString();
            since += Buffer.byteLength(text);
            const isNewest = since <= capacity - unused;
            expect(read).to.be.oneOf(isNewest ? [text] : [text, undefined]);
          }
        }
        texts.close();
      }),
    );
  });

  it("are none where they have no room, which is said once", () => {
    const said: string[] = [];
    const texts = new Texts("/nowhere/at/all", (message) => said.push(message));
    const [place = NOWHERE] = texts.put(["text"]);
    expect(texts.read(place)).to.equal(undefined);
    texts.close();
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/^Orders can't be kept at hand \(ENOENT/);
  });

  it("are none when they are too long for the file, or closed", () => {
    const texts = new Texts(tmpdir(), expect.fail, 10);
    expect(texts.put(["12345678901"])).to.deep.equal([NOWHERE]);
    const [place = NOWHERE] = texts.put(["1234567890"]);
    expect(texts.read(place)?.toString()).to.equal("1234567890");
    texts.close();
    expect(texts.read(place)).to.equal(undefined);
  });
});
