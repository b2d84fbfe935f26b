import { expect } from "chai";
import { describe, it } from "mocha";
import { dayKindOf, dynamisation, seasonOf, standardLoadWatts } from "../../src/need/loadShape.ts";
import { STANDARD_LOAD_WATTS } from "../../src/need/standardLoad.ts";

const clock = (moment: string): number => Date.parse(`${moment}Z`) / 1000;

function wattHours(from: string, to: string, stepSeconds = 900): number {
  let sum = 0;
  for (let now = clock(from); now < clock(to); now += stepSeconds) {
    sum += (standardLoadWatts(now) * stepSeconds) / 3600;
  }
  return sum;
}

/**
 * Dynamised H0, each hour's sum of four quarter-hourly W, one day for each season and kind of day.
 * An independent copy of the published figures: h0_dyn_1999_stdlich.csv of
 * kralo/stromdaten-deutschland-standardlastprofile, which rounds each quarter hour to 0.1.
 */
const PUBLISHED: Readonly<Record<string, readonly number[]>> = {
  "1996-06-01": [
    282, 218.5, 177.8, 170, 171.5, 175.4, 216.4, 316.2, 436.2, 529.1, 560, 581.3, 618.7, 597.9, 534,
    504.1, 492, 506.1, 565.7, 612.8, 587.3, 522.5, 504.9, 423.5,
  ],
  "1996-06-02": [
    303.5, 225.7, 184.6, 171.4, 169.3, 165.2, 173.8, 235.4, 380.9, 542.8, 632, 696.8, 709.5, 594,
    488, 421.3, 367.1, 371, 429, 514.8, 540, 509.7, 474.9, 366.1,
  ],
  "1996-06-03": [
    248.6, 185.2, 168.1, 158.3, 164.8, 200.1, 330.7, 438.2, 478.3, 486.5, 470.3, 479.4, 532.9,
    515.7, 445.1, 401.1, 387.7, 413.7, 480.2, 557.7, 562.6, 532, 488.1, 378.5,
  ],
  "1996-10-19": [
    289.4, 222.7, 183.8, 173.1, 170.6, 178.6, 231.6, 368.8, 512.9, 594.8, 645.8, 679.6, 717.4,
    701.9, 637.9, 588.1, 579.6, 630.4, 725, 783.4, 713.4, 582.6, 548.1, 460.8,
  ],
  "1996-10-20": [
    334.7, 247, 194.1, 175.9, 171.5, 171.9, 181.6, 260.3, 441.6, 633.6, 735, 814.8, 825.3, 669.5,
    541.1, 480.6, 426, 443.7, 546.2, 639, 614.5, 571.6, 506.8, 373.2,
  ],
  "1996-10-21": [
    265.5, 195.9, 176.7, 172, 175.8, 209.7, 370.5, 517.3, 548.3, 542.2, 526.6, 531.4, 596.4, 580.7,
    505.5, 452, 423.4, 463.7, 577.5, 685.4, 670, 621.8, 541, 399.7,
  ],
  "1996-12-07": [
    317.8, 250.7, 199.6, 188.2, 182.4, 189.9, 251.6, 388.5, 567.4, 671.7, 700.8, 734.7, 789.8,
    786.1, 727.5, 681.5, 686.1, 855.7, 992.7, 996, 815, 635.6, 580.7, 492.7,
  ],
  "1996-12-08": [
    371.7, 267.6, 214.3, 195.6, 184.1, 183.6, 194.7, 237.7, 420.9, 658.5, 828.2, 964.2, 982.9,
    822.7, 647.2, 554.4, 507.4, 597.6, 743.7, 838.2, 761.4, 644.4, 545.7, 402.4,
  ],
  "1996-12-09": [
    278.1, 205.7, 188.6, 183.7, 186.7, 223.6, 429.5, 617.1, 636.6, 587.7, 554.2, 564.3, 623.3,
    617.4, 550.2, 499.9, 501.8, 613.6, 792.5, 892, 802.2, 672.3, 556.5, 412,
  ],
};

describe("the standard load profile", () => {
  it("has a quarter hour for each of 96 on nine kinds of day", () => {
    const shapes = Object.values(STANDARD_LOAD_WATTS).flatMap((days) => Object.values(days));
    expect(shapes.map((shape) => shape.length)).to.deep.equal(Array(9).fill(96));
  });

  it("is the published one", () => {
    for (const [day, hours] of Object.entries(PUBLISHED)) {
      for (const [hour, published] of hours.entries()) {
        const start = clock(`${day}T00:00`) + hour * 3600;
        const sum = [0, 900, 1800, 2700].reduce((all, s) => all + standardLoadWatts(start + s), 0);
        expect(sum, `${day}, hour ${hour}`).to.be.closeTo(published, 0.2);
      }
    }
  });

  it("makes 1,000 kWh a year", () => {
    for (const year of [1999, 2024, 2025, 2026]) {
      const kWh = wattHours(`${year}-01-01T00:00`, `${year + 1}-01-01T00:00`) / 1000;
      expect(kWh, String(year)).to.be.closeTo(1000, 3);
    }
  });

  it("is constant within a quarter hour", () => {
    const level = standardLoadWatts(clock("2025-06-21T12:15"));
    expect(standardLoadWatts(clock("2025-06-21T12:29:59"))).to.equal(level);
    expect(standardLoadWatts(clock("2025-06-21T12:30"))).not.to.equal(level);
  });

  it("changes seasons on the published days", () => {
    expect([seasonOf(3, 20), seasonOf(3, 21)]).to.deep.equal(["winter", "transition"]);
    expect([seasonOf(5, 14), seasonOf(5, 15)]).to.deep.equal(["transition", "summer"]);
    expect([seasonOf(9, 14), seasonOf(9, 15)]).to.deep.equal(["summer", "transition"]);
    expect([seasonOf(10, 31), seasonOf(11, 1)]).to.deep.equal(["transition", "winter"]);
    expect([seasonOf(12, 31), seasonOf(1, 1)]).to.deep.equal(["winter", "winter"]);
  });

  it("takes the two eves for Saturdays, unless they are Sundays", () => {
    expect(dayKindOf(12, 24, 3)).to.equal("saturday");
    expect(dayKindOf(12, 31, 0)).to.equal("sunday");
    expect(dayKindOf(12, 30, 3)).to.equal("workday");
    expect(dayKindOf(6, 21, 6)).to.equal("saturday");
  });

  it("is dynamised between 0.78 in July and 1.26 in January", () => {
    const factors = Array.from({ length: 366 }, (_, day) => dynamisation(day + 1));
    expect(Math.min(...factors)).to.be.closeTo(0.785, 0.001);
    expect(Math.max(...factors)).to.be.closeTo(1.26, 0.001);
    expect(factors.indexOf(Math.min(...factors))).to.be.within(181, 212);
  });

  it("refuses an invalid time", () => {
    expect(() => standardLoadWatts(Number.NaN)).to.throw(RangeError, "NaN is not a local time");
  });
});
