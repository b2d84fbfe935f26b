import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  type Allocation,
  type AllocationKey,
  allocate,
  allocationOfTrades,
  capAtUse,
  compareAllocation,
  differenceText,
  divide,
  type MeteredCommunity,
  participate,
  type ReportedEnergy,
  rename,
  WHOLE,
} from "../../src/allocation/index.ts";

const community = (
  producedWh: Record<string, bigint>,
  usedWh: Record<string, bigint>,
  slot = 0,
): MeteredCommunity => ({
  slotSeconds: 900,
  producedWh: new Map(
    Object.entries(producedWh).map(([name, wh]) => [name, new Map([[slot, wh]])]),
  ),
  usedWh: new Map(Object.entries(usedWh).map(([name, wh]) => [name, new Map([[slot, wh]])])),
});

const totals = ({ shares }: Allocation, by: "producer" | "consumer"): Record<string, bigint> => {
  const wh: Record<string, bigint> = {};
  for (const share of shares) wh[share[by]] = (wh[share[by]] ?? 0n) + share.energyWh;
  return wh;
};

const sum = (wh: Iterable<bigint>): bigint => [...wh].reduce((total, each) => total + each, 0n);

const dynamic: AllocationKey = { kind: "dynamic" };
const parts = (named: Record<string, number>) => new Map(Object.entries(named));

describe("Allocation keys", () => {
  it("divides by use: the dynamic key", () => {
    const shared = allocate(community({ roof: 600n }, { anna: 900n, ben: 300n }), dynamic);
    expect(totals(shared, "consumer")).to.deep.equal({ anna: 450n, ben: 150n });
    const enough = allocate(community({ roof: 5_000n }, { anna: 900n, ben: 300n }), dynamic);
    expect(totals(enough, "consumer")).to.deep.equal({ anna: 900n, ben: 300n });
  });

  it("divides by agreement: what is not used of a static part goes to the grid", () => {
    const key: AllocationKey = { kind: "static", parts: parts({ anna: 500_000, ben: 300_000 }) };
    const shared = allocate(community({ roof: 1_000n }, { anna: 900n, ben: 100n }), key);
    expect(totals(shared, "consumer")).to.deep.equal({ anna: 500n, ben: 100n });
  });

  it("gives a part of 0.3 exactly 30 % (the example of Spanish agreements)", () => {
    const key: AllocationKey = { kind: "static", parts: parts({ home: 300_000 }) };
    expect(
      totals(allocate(community({ roof: 1_000n }, { home: 1_000n }), key), "consumer"),
    ).to.deep.equal({ home: 300n });
  });

  it("divides by agreement first, then by what is still needed: a hybrid key", () => {
    const key: AllocationKey = { kind: "hybrid", parts: parts({ anna: 500_000, ben: 500_000 }) };
    const shared = allocate(
      community({ roof: 1_000n }, { anna: 900n, ben: 100n, carl: 300n }),
      key,
    );
    // 500 and 100 by agreement; 400 are left for the 400 and 300 still needed.
    expect(totals(shared, "consumer")).to.deep.equal({ anna: 729n, ben: 100n, carl: 171n });
  });

  it("lets producers give in proportion to what they produced", () => {
    const shared = allocate(community({ barn: 900n, roof: 300n }, { anna: 400n }), dynamic);
    expect(totals(shared, "producer")).to.deep.equal({ barn: 300n, roof: 100n });
  });

  it("follows the identities of Austrian reports", () => {
    const energy = fc.bigInt(0n, 5_000n);
    fc.assert(
      fc.property(
        fc.tuple(energy, energy),
        fc.array(energy, { minLength: 1, maxLength: 5 }),
        ([p, q], used) => {
          const usedWh = Object.fromEntries(used.map((wh, index) => [`c${index}`, wh]));
          const consumers = totals(allocate(community({ p, q }, usedWh), dynamic), "consumer");
          const producers = totals(allocate(community({ p, q }, usedWh), dynamic), "producer");
          const covered = sum(Object.values(consumers));
          for (const [name, wh] of Object.entries(usedWh)) {
            // G.02 = production x use / all use, G.03 = the lesser of it and the use; whole Wh move each by less than one.
            const share = sum(used) === 0n ? 0 : (Number(p + q) * Number(wh)) / Number(sum(used));
            expect(
              Math.abs(Number(consumers[name] ?? 0n) - Math.min(share, Number(wh))),
            ).to.be.below(1);
          }
          // P.01T = G.01T - all G.03 x own G.01T / all G.01T.
          const given = p + q === 0n ? 0 : (Number(covered) * Number(p)) / Number(p + q);
          expect(Math.abs(Number(producers.p ?? 0n) - given)).to.be.below(1);
        },
      ),
    );
  });

  it("refuses invalid input", () => {
    const home = community({ roof: 1n }, { anna: 1n });
    const withParts = (named: Record<string, number>) => () =>
      allocate(home, { kind: "static", parts: parts(named) });
    expect(withParts({ anna: 1_000_001 })).to.throw(RangeError, "1000001 of 1000000");
    expect(withParts({ anna: 0.5 })).to.throw(RangeError, "whole number of millionths, not 0.5");
    expect(withParts({ zoe: 1 })).to.throw(RangeError, "zoe, which is not a consumer");
    expect(() => allocate(community({ roof: -1n }, {}), dynamic)).to.throw(
      RangeError,
      "roof has -1 Wh",
    );
  });
});

const anyCommunity = fc.record({
  produced: fc.array(fc.array(fc.bigInt(0n, 3_000n), { minLength: 3, maxLength: 3 }), {
    maxLength: 4,
  }),
  used: fc.array(fc.array(fc.bigInt(0n, 3_000n), { minLength: 3, maxLength: 3 }), {
    minLength: 1,
    maxLength: 5,
  }),
  weights: fc.array(fc.nat(1_000), { minLength: 6, maxLength: 6 }),
  kind: fc.constantFrom("dynamic" as const, "static" as const, "hybrid" as const),
  isWhole: fc.boolean(),
});

describe("The allocation of any community", () => {
  const metered = (rows: readonly (readonly bigint[])[], letter: string) =>
    new Map(
      rows.map((row, index) => [`${letter}${index}`, new Map(row.map((wh, slot) => [slot, wh]))]),
    );

  it("adds up exactly, and gives nobody more than it used, nor from anybody more than it produced", () => {
    fc.assert(
      fc.property(anyCommunity, ({ produced, used, weights, kind, isWhole }) => {
        const names = used.map((_, index) => ({
          name: `c${index}`,
          weight: BigInt(weights[index] ?? 0),
        }));
        // Parts of 100 % together, or of less.
        const rest = { name: "", weight: isWhole ? 0n : BigInt(weights.at(-1) ?? 0) };
        const agreed = new Map(
          divide(BigInt(WHOLE), [...names, rest], 0)
            .slice(0, names.length)
            .map((part, index) => [`c${index}`, Number(part)]),
        );
        const key: AllocationKey = kind === "dynamic" ? dynamic : { kind, parts: agreed };
        const home = {
          slotSeconds: 900,
          producedWh: metered(produced, "p"),
          usedWh: metered(used, "c"),
        };
        const { shares } = allocate(home, key);
        for (let slot = 0; slot < 3; slot++) {
          const inSlot = {
            slotSeconds: 900,
            shares: shares.filter((share) => share.slot === slot),
          };
          const [gives, gets] = [totals(inSlot, "producer"), totals(inSlot, "consumer")];
          for (const [name, wh] of Object.entries(gives)) {
            expect(wh <= (home.producedWh.get(name)?.get(slot) ?? 0n)).to.equal(true);
          }
          for (const [name, wh] of Object.entries(gets)) {
            expect(wh <= (home.usedWh.get(name)?.get(slot) ?? 0n)).to.equal(true);
          }
          const [allProduced, allUsed] = [
            sum(produced.map((row) => row[slot] ?? 0n)),
            sum(used.map((row) => row[slot] ?? 0n)),
          ];
          const most = allProduced < allUsed ? allProduced : allUsed;
          // Static parts leave unused what others need; the others don't.
          if (kind === "static") expect(sum(Object.values(gets)) <= most).to.equal(true);
          else expect(sum(Object.values(gets))).to.equal(most);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("does not depend on the order of names", () => {
    fc.assert(
      fc.property(anyCommunity, ({ produced, used }) => {
        const home = {
          slotSeconds: 900,
          producedWh: metered(produced, "p"),
          usedWh: metered(used, "c"),
        };
        const other = {
          slotSeconds: 900,
          producedWh: new Map([...home.producedWh].reverse()),
          usedWh: new Map([...home.usedWh].reverse()),
        };
        expect(allocate(other, dynamic)).to.deep.equal(allocate(home, dynamic));
      }),
    );
  });
});

describe("Participation in several communities", () => {
  it("divides what was counted by factors, to the Wh", () => {
    expect(
      participate(
        1_001n,
        new Map([
          ["hill", 60],
          ["town", 40],
        ]),
        0,
      ),
    ).to.satisfy(
      (shares: Map<string, bigint>) =>
        sum(shares.values()) === 1_001n && shares.get("hill") === 601n,
    );
    expect(participate(1_000n, new Map([["hill", 60]]), 0)).to.deep.equal(
      new Map([["hill", 600n]]),
    );
  });

  it("divides all of it when factors come to 100 %, and never more", () => {
    const factors = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(factors, fc.bigInt(0n, 10_000n), fc.nat(100), (percents, energyWh, slot) => {
        const named = new Map(percents.map((percent, index) => [`community ${index}`, percent]));
        const total = percents.reduce((a, b) => a + b, 0);
        expect(sum(participate(energyWh, named, slot).values()) <= energyWh).to.equal(true);
        const whole = new Map(named).set("community 0", (percents[0] ?? 0) + 100 - total);
        expect(sum(participate(energyWh, whole, slot).values())).to.equal(energyWh);
      }),
    );
  });

  it("refuses factors beyond 100 % and parts of a percent", () => {
    expect(() =>
      participate(
        1n,
        new Map([
          ["hill", 60],
          ["town", 41],
        ]),
        0,
      ),
    ).to.throw(RangeError, "101 % (hill, town)");
    expect(() => participate(1n, new Map([["hill", 0]]), 0)).to.throw(
      RangeError,
      "hill: a factor is 1 to 100",
    );
    expect(() => participate(1n, new Map([["hill", 1.5]]), 0)).to.throw(RangeError, "not 1.5");
  });
});

describe("A settled market as an allocation", () => {
  const trades = [
    {
      seller: "jane",
      buyer: "anna",
      source: "Solar" as const,
      energyWh: new Map([
        [1, 100n],
        [2, 50n],
      ]),
    },
    { seller: "jane", buyer: "anna", source: "Solar" as const, energyWh: new Map([[1, 20n]]) },
    { seller: "otto", buyer: "anna", source: "Wind" as const, energyWh: new Map([[1, 60n]]) },
  ];
  const market = allocationOfTrades(trades, 900);

  it("adds up what one gave the other in a slot", () => {
    expect(market.shares).to.deep.equal([
      { slot: 1, producer: "jane", consumer: "anna", source: "Solar", energyWh: 120n },
      { slot: 1, producer: "otto", consumer: "anna", source: "Wind", energyWh: 60n },
      { slot: 2, producer: "jane", consumer: "anna", source: "Solar", energyWh: 50n },
    ]);
  });

  it("counts for the utility as far as it was used", () => {
    const used = capAtUse(
      market,
      new Map([
        [
          "anna",
          new Map([
            [1, 90n],
            [2, 500n],
          ]),
        ],
      ]),
    );
    expect(used.shares.map(({ energyWh }) => energyWh)).to.deep.equal([60n, 30n, 50n]);
    expect(capAtUse(market, new Map()).shares).to.deep.equal([]);
  });

  it("takes the operator's names, and says which are missing", () => {
    const names = new Map([
      ["jane", "AT001"],
      ["anna", "AT002"],
    ]);
    expect(() => rename(market, names)).to.throw(
      RangeError,
      "No metering point is given for otto.",
    );
    expect(totals(rename(market, names.set("otto", "AT001")), "producer")).to.deep.equal({
      AT001: 230n,
    });
  });
});

describe("The comparison with an operator's report", () => {
  const ours: Allocation = {
    slotSeconds: 900,
    shares: [
      { slot: 1, producer: "p", consumer: "a", energyWh: 10n },
      { slot: 1, producer: "q", consumer: "a", energyWh: 5n },
      { slot: 2, producer: "p", consumer: "b", energyWh: 7n },
    ],
  };

  it("finds nothing where all is the same, by pair, consumer or producer", () => {
    const pairs: ReportedEnergy[] = [...ours.shares];
    const consumers = [
      { slot: 1, consumer: "a", energyWh: 15n },
      { slot: 2, consumer: "b", energyWh: 7n },
    ];
    expect(compareAllocation(ours, pairs)).to.deep.equal([]);
    expect(compareAllocation(ours, [...pairs, ...consumers])).to.deep.equal([]);
  });

  it("names every slot that differs, with both values", () => {
    const report = [
      { slot: 1, consumer: "a", energyWh: 14n },
      { slot: 3, consumer: "c", energyWh: 2n },
      { slot: 3, consumer: "d", energyWh: 0n },
    ];
    const found = compareAllocation(ours, report);
    expect(found).to.deep.equal([
      { slot: 1, consumer: "a", oursWh: 15n, theirsWh: 14n, isMissing: false },
      { slot: 2, consumer: "b", oursWh: 7n, theirsWh: 0n, isMissing: true },
      { slot: 3, consumer: "c", oursWh: 0n, theirsWh: 2n, isMissing: false },
    ]);
    expect(found.map((each) => differenceText(each, String))).to.deep.equal([
      "1 to a: 15 Wh here, 14 Wh in the report",
      "2 to b: 7 Wh here, not in the report",
      "3 to c: 0 Wh here, 2 Wh in the report",
    ]);
    expect(compareAllocation(ours, report, 7n)).to.deep.equal([]);
  });

  it("names exactly the lines that were changed", () => {
    const change = fc.record({ at: fc.nat(), by: fc.bigInt(1n, 9n) });
    fc.assert(
      fc.property(change, ({ at, by }) => {
        const index = at % ours.shares.length;
        const report = ours.shares.map((share, each) =>
          each === index ? { ...share, energyWh: share.energyWh + by } : share,
        );
        const [found, ...others] = compareAllocation(ours, report);
        expect(others).to.deep.equal([]);
        expect(found?.slot).to.equal(ours.shares[index]?.slot);
        expect((found?.theirsWh ?? 0n) - (found?.oursWh ?? 0n)).to.equal(by);
      }),
    );
  });
});
