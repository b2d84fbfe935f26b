import { i18n } from "@lingui/core";
import { expect } from "chai";
import { clocksOf, rangeOf } from "./axis.ts";

const QUARTER = 900;
const NOON = Date.UTC(2026, 5, 21, 12) / 1000;

describe("Axes", () => {
  beforeEach(() => i18n.loadAndActivate({ locale: "en", messages: {} }));

  it("show a single slot as wide as it is, and the last one of many whole", () => {
    const times = { time: true, bars: true, step: QUARTER };
    expect(rangeOf([NOON], times)).to.deep.equal([NOON, NOON + QUARTER]);
    expect(rangeOf([NOON, NOON + 7_200], times)).to.deep.equal([NOON, NOON + 7_200 + QUARTER]);
    expect(rangeOf([NOON, NOON + QUARTER], { time: true, bars: false })).to.deep.equal([
      NOON,
      NOON + 2 * QUARTER,
    ]);
  });

  it("show the first and the last bar whole, and add nothing to curves", () => {
    expect(rangeOf([1, 2, 3], { time: false, bars: true })).to.deep.equal([0.5, 3.5]);
    expect(rangeOf([0, 250, 900], { time: false, bars: false })).to.deep.equal([0, 900]);
    expect(rangeOf([5], { time: false, bars: false })).to.deep.equal([4.5, 5.5]);
  });

  it("tell times of one day apart, and say the day where there are several", () => {
    const quarters = [0, 1, 2, 3].map((index) => NOON + index * QUARTER);
    expect(new Set(clocksOf(quarters)).size).to.equal(4);
    expect(clocksOf(quarters).join()).not.to.include("Jun");
    const midnight = new Date(NOON * 1000).setHours(24, 0, 0, 0) / 1000;
    expect(clocksOf([midnight - 7_200, midnight - 3_600, midnight]).at(-1)).to.equal("24:00");
    const days = clocksOf([NOON, NOON + 3_600, NOON + 86_400, NOON + 93_600]);
    expect(days.map((text) => text.includes("\n"))).to.deep.equal([true, false, true, false]);
    expect(new Set(days).size).to.equal(4);
  });
});
