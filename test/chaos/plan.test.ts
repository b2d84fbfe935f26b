import { LANES } from "@wattline/sdk";
import { expect } from "chai";
import { describe, it } from "mocha";
import { planOutages } from "./plan.ts";

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);
/** In the middle of a block of slots, as plays begin. */
const FIRST_SLOT = 5;
const [SHORTEST, DAY] = [19, 95];

describe("The outages of a play", () => {
  const outagesOf = (seed: number, slots: number) =>
    planOutages(seed, FIRST_SLOT, slots).filter(({ fault }) => fault.name === "outage");

  it("come in every play, also in the shortest, and four times a day", () => {
    for (const seed of SEEDS) {
      expect(outagesOf(seed, SHORTEST)).to.have.length(1);
      expect(outagesOf(seed, DAY)).to.have.length(4);
    }
  });

  it("hold the end of a block of slots, and are over, with what settles their promises, before the play is", () => {
    for (const seed of SEEDS) {
      for (const slots of [SHORTEST, DAY]) {
        let free = 0;
        for (const { slot, length } of planOutages(seed, FIRST_SLOT, slots)) {
          expect(slot >= free && slot + length <= slots).to.equal(true);
          free = slot + length;
        }
        for (const { slot, length } of outagesOf(seed, slots)) {
          expect(length).to.be.within(6, 9);
          const end = Array.from({ length }, (_, i) => slot + i).find(
            (each) => (FIRST_SLOT + each) % LANES === 0,
          );
          expect(end).to.be.within(slot + 3, slot + length - 3);
        }
      }
    }
  });

  it("are the same for the same seed", () => {
    const of = (seed: number) => outagesOf(seed, DAY).map(({ slot, length }) => [slot, length]);
    expect(of(1)).to.deep.equal(of(1));
    expect(of(1)).not.to.deep.equal(of(2));
  });
});
