import { unpackProfile } from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { profilesOf, within } from "./retire.ts";

const FIRST_SLOT = 1_900_000;
const energies = fc
  .uniqueArray(fc.tuple(fc.nat(40_000), fc.bigInt(1n, 9_999n)), {
    minLength: 1,
    selector: ([slot]) => slot,
  })
  .map((entries) => new Map(entries.map(([slot, wh]) => [FIRST_SLOT + slot, wh])));

describe("Retirements for a delivery statement", () => {
  it("retire every Wh once, in calls that are not too long", () => {
    fc.assert(
      fc.property(energies, (energyWh) => {
        const profiles = profilesOf(energyWh);
        for (const { words } of profiles) expect(words.length).to.be.within(1, 128);
        const packed = profiles.flatMap((profile) => [...unpackProfile(profile)]);
        expect(packed).to.deep.equal([...energyWh].toSorted(([a], [b]) => a - b));
      }),
    );
  });

  it("are one call for a day, and leave out days without energy", () => {
    const day = Array.from({ length: 96 }, (_, slot) => [FIRST_SLOT + slot, 1n] as const);
    expect(profilesOf(new Map(day))).to.have.lengthOf(1);
    const weekLater = [FIRST_SLOT + 7 * 96, 1n] as const;
    expect(profilesOf(new Map([...day, weekLater]))).to.have.lengthOf(2);
  });

  it("take no more than is held", () => {
    const due = new Map([1, 2, 3].map((slot) => [slot, 100n]));
    const held = new Map([
      [1, 30n],
      [2, 500n],
    ]);
    expect([...within(due, held)]).to.deep.equal([
      [1, 30n],
      [2, 100n],
    ]);
  });
});
