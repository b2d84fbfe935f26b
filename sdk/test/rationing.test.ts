import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type HouseholdClaim, rationEqually } from "../src/rationing.ts";

const SLOT = 1_980_072;

const claimsOf = (...energyWh: bigint[]): HouseholdClaim[] =>
  energyWh.map((wh, index) => ({ household: `0xHome${index}`, energyWh: wh }));

const sum = (energyWh: readonly bigint[]): bigint => energyWh.reduce((a, b) => a + b, 0n);

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

const scarcity = fc
  .record({
    asked: fc.array(fc.bigInt(0n, 50n), { minLength: 1, maxLength: 12 }),
    availableWh: fc.bigInt(0n, 300n),
    slot: fc.nat(2 ** 32 - 1),
  })
  .map(({ asked, ...rest }) => ({ claims: claimsOf(...asked), ...rest }));

describe("Equal rationing of a slot", () => {
  it("gives everybody up to a common level", () => {
    expect(rationEqually(claimsOf(100n, 900n, 900n), 1_100n, SLOT)).to.deep.equal([
      100n,
      500n,
      500n,
    ]);
  });

  it("gives everybody all when there is enough", () => {
    expect(rationEqually(claimsOf(100n, 900n), 5_000n, SLOT)).to.deep.equal([100n, 900n]);
  });

  it("gives the last Wh by household and slot", () => {
    const claims = claimsOf(10n, 10n, 10n);
    const wins = [0, 0, 0];
    for (let slot = 0; slot < 96; slot++) {
      const winner = rationEqually(claims, 10n, slot).indexOf(4n);
      wins[winner] = (wins[winner] ?? 0) + 1;
    }
    // By chance alone each would have 32.
    for (const won of wins) expect(won).to.be.at.least(16);
  });

  it("serves all that it can, to the Wh, and nobody beyond the request", () => {
    fc.assert(
      fc.property(scarcity, ({ claims, availableWh, slot }) => {
        const given = rationEqually(claims, availableWh, slot);
        expect(sum(given)).to.equal(
          least(availableWh, sum(claims.map(({ energyWh }) => energyWh))),
        );
        for (const [index, { energyWh }] of claims.entries()) {
          expect(given[index] !== undefined && given[index] <= energyWh).to.equal(true);
        }
      }),
    );
  });

  it("leaves nobody who wants more behind another by more than a Wh", () => {
    fc.assert(
      fc.property(scarcity, ({ claims, availableWh, slot }) => {
        const given = rationEqually(claims, availableWh, slot);
        for (const [index, { energyWh }] of claims.entries()) {
          const own = given[index] ?? 0n;
          if (own === energyWh) continue;
          for (const other of given) expect(other <= own + 1n).to.equal(true);
        }
      }),
    );
  });

  it("does not depend on the order of the list, nor on the case of a name", () => {
    fc.assert(
      fc.property(scarcity, fc.infiniteStream(fc.nat()), ({ claims, availableWh, slot }, keys) => {
        const key = new Map(claims.map((claim) => [claim, keys.next().value ?? 0]));
        const shuffled = claims.toSorted((a, b) => (key.get(a) ?? 0) - (key.get(b) ?? 0));
        const other = shuffled.map((claim) => ({
          ...claim,
          household: claim.household.toUpperCase(),
        }));
        const given = rationEqually(other, availableWh, slot);
        const here = rationEqually(claims, availableWh, slot);
        for (const [index, claim] of claims.entries()) {
          expect(given[shuffled.indexOf(claim)]).to.equal(here[index]);
        }
      }),
    );
  });

  it("leaves nobody better off for a false request", () => {
    fc.assert(
      fc.property(scarcity, fc.nat(), fc.bigInt(0n, 400n), (scene, pick, said) => {
        const { claims, availableWh, slot } = scene;
        const liar = pick % claims.length;
        const needWh = claims[liar]?.energyWh ?? 0n;
        const lies = claims.map((claim, index) =>
          index === liar ? { ...claim, energyWh: said } : claim,
        );
        const honest = rationEqually(claims, availableWh, slot)[liar] ?? 0n;
        const lying = rationEqually(lies, availableWh, slot)[liar] ?? 0n;
        // What is beyond the need is of no use.
        expect(least(lying, needWh) <= honest).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it("names what is invalid", () => {
    expect(() => rationEqually(claimsOf(1n), -1n, SLOT)).to.throw(RangeError, "-1 Wh");
    expect(() => rationEqually(claimsOf(-5n), 1n, SLOT)).to.throw(RangeError, "claims -5 Wh");
    const twice = [...claimsOf(1n), { household: "0xhome0", energyWh: 1n }];
    expect(() => rationEqually(twice, 1n, SLOT)).to.throw(RangeError, "two claims");
    expect(() => rationEqually(claimsOf(2n ** 53n), 1n, SLOT)).to.throw(RangeError, "exactly");
  });
});
