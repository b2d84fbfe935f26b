import { expect } from "chai";
import { describe, it } from "mocha";
import { generateCommunity } from "../../src/profiles/generate.ts";
import { openChain } from "../../src/simulation/chain.ts";
import { openSimulation } from "../../src/simulation/opening.ts";
import { declarationsOf, roundsOf } from "../../src/simulation/rounds.ts";
import { schedulesOf } from "../../src/simulation/tariffs.ts";

const series = generateCommunity({ seed: 5, from: "2026-06-21", days: 2 });
const { firstSlot, slots, slotSeconds } = series;
/** Dearer from the 13th slot on. */
const retailPerKwh = Array.from({ length: slots }, (_, slot) => (slot < 12 ? 300_000n : 350_000n));
const tariffs = { feedInPerKwh: 80_000n, retailPerKwh };

describe("The rounds of a run", () => {
  const outage = { firstSlot: firstSlot + 20, endSlot: firstSlot + 29 };
  const rounds = roundsOf(series, outage, retailPerKwh);

  it("hold every slot once, none more than a block, a period or a price", () => {
    expect(rounds.flatMap((round) => round.slots)).to.deep.equal(
      Array.from({ length: slots }, (_, index) => firstSlot + index),
    );
    const starts = rounds.slice(0, 6).map((round) => (round.slots[0] ?? 0) - firstSlot);
    expect(starts).to.deep.equal([0, 8, 12, 16, 20, 24]);
  });

  it("belong to periods of one day, price and state of the outage", () => {
    const periods = [...new Set(rounds.map(({ period }) => period))];
    expect(
      periods.map((period) => [
        period.firstSlot - firstSlot,
        period.lastSlot - firstSlot,
        period.retailPerKwh,
        period.islanded,
      ]),
    ).to.deep.equal([
      [0, 11, 300_000n, false],
      [12, 19, 350_000n, false],
      [20, 28, 350_000n, true],
      [29, 95, 350_000n, false],
      [96, 191, 350_000n, false],
    ]);
  });
});

describe("What an operator declares about an outage", () => {
  const at = (slot: number): number => (firstSlot + slot) * slotSeconds;

  it("is its first slot and its last, in which the end is declared", () => {
    const outage = { firstSlot: firstSlot + 20, endSlot: firstSlot + 29 };
    expect(declarationsOf(outage, series)).to.deep.equal([
      { at: at(20), islanded: true },
      { at: at(28), islanded: false },
    ]);
  });

  it("is no end when the data end first", () => {
    const outage = { firstSlot: firstSlot + 20, endSlot: firstSlot + slots };
    expect(declarationsOf(outage, series)).to.deep.equal([{ at: at(20), islanded: true }]);
  });
});

describe("Schedules of a run", () => {
  it("change with the retail tariff, and have a level for each price of the day", () => {
    const byHour = Array.from({ length: 24 }, (_, hour) => (hour < 6 ? 150_000n : 200_000n));
    const planned = schedulesOf({ ...tariffs, communityPerKwh: byHour }, series);
    expect(planned.map((schedule) => schedule.firstSlot)).to.deep.equal([0, firstSlot + 12]);
    const [, later] = planned;
    expect(later?.levels.map(({ price, retail }) => [price, retail])).to.deep.equal([
      [150_000n, 350_000n],
      [200_000n, 350_000n],
    ]);
    // Two bits an hour: level 0 before six, then level 1.
    expect(later?.levelOfHour).to.equal(BigInt(`0b${"01".repeat(18)}${"00".repeat(6)}`));
  });

  it("are refused where it is too late to announce them", async () => {
    const startsAt = firstSlot * slotSeconds;
    const chain = await openChain(undefined, startsAt);
    try {
      await chain.passTo(startsAt - 86_400);
      const played = { market: "accept", isPlanned: true } as const;
      const options = { communities: [series], tariffs, ...played } as const;
      const { signal } = new AbortController();
      const failure: unknown = await openSimulation(chain, options, signal).catch(
        (error: unknown) => error,
      );
      expect(String(failure)).to.contain("announced seven days ahead");
      expect(String(failure)).to.contain("2026-06-21T03:00:00");
    } finally {
      await chain.close();
    }
  }).timeout(180_000);
});
