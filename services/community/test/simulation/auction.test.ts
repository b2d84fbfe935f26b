import { expect } from "chai";
import { describe, it } from "mocha";
import { batchesOf, clearByMerit, gasOf } from "../../src/simulation/auction.ts";
import { type Match, matchByMerit } from "../../src/simulation/merit.ts";

const NONE = undefined;

/** Who gets how much from whom, as "seller>buyer Wh Wh …". */
const shown = (matches: readonly Match[]): string[] =>
  matches.map(({ seller, buyer, sentWh }) => `${seller}>${buyer} ${sentWh.join(" ")}`);

/** The same pairs with other energy. */
const lanesOf = (matches: readonly Match[], energyWh: bigint[]): Match[] =>
  matches.map((match) => ({ ...match, sentWh: energyWh, arrivedWh: energyWh }));

describe("The simulated auctioneer", () => {
  it("gives the cheapest offers to the highest bids, slot by slot", () => {
    const offered = [[50n, 10n], [50n, 0n], [], []];
    const needed = [[], [], [60n, 60n], [60n, 60n]];
    const matches = clearByMerit(offered, needed, [20n, 10n, NONE, NONE], [NONE, NONE, 30n, 40n]);
    expect(shown(matches)).to.have.members(["1>3 50 0", "0>3 10 10", "0>2 40 0"]);
  });

  it("leaves an offer above a bid alone", () => {
    const matches = clearByMerit(
      [[50n], [50n], []],
      [[], [], [80n]],
      [20n, 31n, NONE],
      [NONE, NONE, 30n],
    );
    expect(shown(matches)).to.deep.equal(["0>2 50"]);
  });

  it("splits what does not fit a transaction, between slots while it can", () => {
    const homes = Array.from({ length: 40 }, (_, home) => home);
    const matches = homes.flatMap((seller) =>
      homes.map((buyer) => {
        const energyWh = [1n, 2n, 0n, 3n];
        return { seller, buyer: 40 + buyer, sentWh: energyWh, arrivedWh: energyWh };
      }),
    );
    const batches = batchesOf(matches);
    expect(batches.length).to.be.above(1);
    for (const batch of batches) expect(gasOf(batch)).to.be.at.most(14_000_000);
    const lanes = batches.flat().map(({ sentWh }) => sentWh);
    for (const [slot, wh] of [1n, 2n, 0n, 3n].entries()) {
      expect(lanes.reduce((sum, sentWh) => sum + (sentWh[slot] ?? 0n), 0n)).to.equal(wh * 1600n);
    }
    const small = matches.slice(0, 100);
    expect(batchesOf(small)).to.deep.equal([small]);
    const early = lanesOf(matches.slice(0, 150), [1n, 0n]);
    const late = lanesOf(matches.slice(150, 300), [0n, 1n]);
    expect(batchesOf([...early, ...late])).to.deep.equal([early, late]);
  });
});

describe("The simulated tie line", () => {
  const line = { lossBps: 300n, capacityWh: 100n, wheelingPerKwh: 0n };

  it("carries no more than its capacity, loses its share, and sends nothing in vain", () => {
    const [match, ...rest] = matchByMerit([[500n]], [[500n]], [0], [0], line);
    expect(rest).to.deep.equal([]);
    // The loss is rounded down: 97 Wh arrive of 99 as of 100.
    expect(match).to.deep.include({ sentWh: [99n], arrivedWh: [97n] });
  });

  it("brings a buyer what it needs and not a Wh more", () => {
    for (let needed = 1n; needed < 98n; needed++) {
      const [match] = matchByMerit([[500n]], [[needed]], [0], [0], line);
      const sent = match?.sentWh[0] ?? 0n;
      expect(match?.arrivedWh).to.deep.equal([needed]);
      expect(sent - (sent * 300n) / 10_000n).to.equal(needed);
    }
  });
});
