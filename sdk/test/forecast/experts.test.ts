import { expect } from "chai";
import { describe, it } from "mocha";
import { EXPERTS, excessOf, opinionsOf } from "../../src/forecast/experts.ts";

const PER_DAY = 24;
const ORIGIN = 10 * PER_DAY;

describe("Persistence", () => {
  it("goes on with what the last three hours were beyond their usual, and fades within hours", () => {
    const past = {
      slotsPerDay: PER_DAY,
      originSlot: ORIGIN,
      at: (slot: number) => (slot < ORIGIN - 3 ? 100 : slot < ORIGIN ? 200 : undefined),
    };
    for (const leadHours of [1, 4, 12]) {
      const opinions = opinionsOf(past, ORIGIN + leadHours - 1, excessOf(past));
      expect(opinions).to.have.length(EXPERTS);
      expect(opinions.at(-1)).to.be.closeTo(100 + 100 * Math.exp(-leadHours / 4), 1e-9);
    }
  });
});
