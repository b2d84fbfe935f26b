import { expect } from "chai";
import { describe, it } from "mocha";
import {
  meanLoadWatts,
  ownLoadWatts,
  ownUseOf,
  spreadNeed,
  standardLoadWatts,
} from "../../src/need/index.ts";

const QUARTER = 900;
const DAY = 86_400;
/** A Monday. */
const MONDAY = Date.UTC(2026, 5, 1) / 1000;

const inUtc = (unixSeconds: number): number => unixSeconds;
const hourOf = (clock: number): number => Math.floor((clock % DAY) / 3600);
const at = (day: number, hour: number): number => MONDAY + day * DAY + hour * 3600;

/** What a meter counts over whole days from a Monday on, Wh by slot of some seconds. */
function metered(
  days: number,
  wh: (hour: number, day: number) => bigint | undefined,
  { slotSeconds = QUARTER, fromDay = 0 } = {},
): Map<number, bigint> {
  const slots = new Map<number, bigint>();
  const start = MONDAY + fromDay * DAY;
  for (let time = start; time < start + days * DAY; time += slotSeconds) {
    const used = wh(hourOf(time), Math.floor((time - MONDAY) / DAY));
    if (used !== undefined) slots.set(time / slotSeconds, used);
  }
  return slots;
}

function useOf(...given: Parameters<typeof metered>) {
  const own = ownUseOf(metered(...given), given[2]?.slotSeconds ?? QUARTER, inUtc);
  if (own === undefined) throw new Error("Nothing was used.");
  return own;
}

describe("A household's own use", () => {
  it("is the mean at each time of day, of working days and of weekends", () => {
    // 100 Wh a quarter of an hour is 400 W; on weekends half of it, in the evening the double.
    const own = useOf(14, (hour, day) => (day % 7 >= 5 ? 50n : hour === 18 ? 200n : 100n));
    expect(ownLoadWatts(own, at(21, 3))).to.equal(400);
    expect(ownLoadWatts(own, at(21, 18))).to.equal(800);
    expect(ownLoadWatts(own, at(26, 18))).to.equal(200);
    expect(own.untilSeconds).to.equal(at(14, 0));
  });

  it("of every day counts where there are fewer than two working days, or two days of a weekend", () => {
    const own = useOf(6, (_, day) => (day === 5 ? 700n : 100n));
    // Five days with 100 Wh and one with 700.
    expect(ownLoadWatts(own, at(26, 12))).to.equal(800);
    expect(ownLoadWatts(own, at(21, 12))).to.equal(400);
  });

  it("is the standard household's where nothing was metered, as much of it as this one uses", () => {
    const triple = metered(14, () => 0n);
    for (const slot of triple.keys()) {
      const wh = standardLoadWatts(slot * QUARTER) * 3 * 0.25;
      triple.set(slot, BigInt(Math.round(wh * 1000)));
      if (hourOf(slot * QUARTER) === 7) triple.delete(slot);
    }
    // Counted in thousandths, so that rounding does not show.
    const own = ownUseOf(triple, QUARTER, inUtc);
    if (own === undefined) throw new Error("Nothing was used.");
    expect(own.workdays[7 * 4]).to.equal(null);
    const watts = ownLoadWatts(own, at(14, 7)) / 1000;
    expect(watts).to.be.closeTo(3 * standardLoadWatts(at(14, 7)), 0.01);
  });

  it("takes what a full slot can't hold into times without use, and the sum is exact", () => {
    const own = useOf(14, (hour) => (hour >= 18 ? 100n : 0n));
    const stock = new Map([17, 18, 19].map((hour) => [at(15, hour) / QUARTER, 500n] as const));
    const shape = (slot: number) => ownLoadWatts(own, slot * QUARTER);
    expect([...spreadNeed(800n, stock, shape).values()]).to.deep.equal([400n, 400n]);
    expect([...spreadNeed(1_200n, stock, shape).values()]).to.deep.equal([200n, 500n, 500n]);
  });

  it("is of the newest eight weeks", () => {
    const old = metered(28, () => 900n);
    const newer = metered(56, () => 100n, { fromDay: 28 });
    const own = ownUseOf(new Map([...newer, ...old]), QUARTER, inUtc);
    expect(own && ownLoadWatts(own, at(84, 12))).to.equal(400);
  });

  it("is the same from slots of any length", () => {
    for (const slotSeconds of [300, 1800, 3600]) {
      const wh = BigInt((slotSeconds / 3600) * 1200);
      const own = useOf(14, () => wh, { slotSeconds });
      expect(new Set([...own.workdays, ...own.weekends]), String(slotSeconds)).to.deep.equal(
        new Set([1200]),
      );
    }
  });

  it("follows the local clock that is given", () => {
    const slots = metered(14, (hour) => (hour === 18 ? 200n : 100n));
    const own = ownUseOf(slots, QUARTER, (unixSeconds) => unixSeconds + 7200);
    expect(own && ownLoadWatts(own, at(14, 20))).to.equal(800);
  });

  it("is not known where nothing was metered, or nothing used", () => {
    expect(ownUseOf(new Map(), QUARTER, inUtc)).to.equal(undefined);
    expect(
      ownUseOf(
        metered(2, () => 0n),
        QUARTER,
        inUtc,
      ),
    ).to.equal(undefined);
  });
});

describe("The load of a slot", () => {
  it("is the mean of its quarters of an hour", () => {
    const watts = (clock: number) => 100 * (1 + Math.floor((clock % 3600) / QUARTER));
    expect(meanLoadWatts(watts, 7200, 3600)).to.equal(250);
    expect(meanLoadWatts(watts, 7200, 900)).to.equal(100);
    expect(meanLoadWatts(watts, 7500, 300)).to.equal(100);
  });
});
