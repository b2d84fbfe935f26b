import { expect } from "chai";
import { describe, it } from "mocha";
import {
  addDays,
  clockSecondsOf,
  localDayOf,
  localTimeOf,
  slotAt,
  slotCount,
  slotLabel,
  slotStart,
  slotsIn,
  slotsLabel,
  slotsOfDay,
  slotsOfWindow,
  slotsUtc,
} from "../src/slots.ts";

const QUARTER = 900;
const BERLIN = "Europe/Berlin";

/** The Unix time of a moment in UTC. */
const utc = (moment: string): number => Date.parse(`${moment}:00Z`) / 1000;

describe("The slots of a local day", () => {
  it("are those between two local midnights", () => {
    const day = slotsOfDay("2026-06-21", BERLIN, QUARTER);
    expect(slotStart(day.firstSlot, QUARTER)).to.equal(utc("2026-06-20T22:00"));
    expect(slotStart(day.lastSlot, QUARTER)).to.equal(utc("2026-06-21T21:45"));
    expect(slotCount(day)).to.equal(96);
  });

  it("are 92 in spring and 100 in autumn, when the clocks change", () => {
    expect(slotCount(slotsOfDay("2026-03-29", BERLIN, QUARTER))).to.equal(92);
    expect(slotCount(slotsOfDay("2026-10-25", BERLIN, QUARTER))).to.equal(100);
    expect(slotCount(slotsOfDay("2026-10-25", BERLIN, 3600))).to.equal(25);
  });

  it("follow one another without a gap, whatever the clocks do", () => {
    for (const timeZone of [
      BERLIN,
      "America/New_York",
      "Australia/Lord_Howe",
      "America/Santiago",
    ]) {
      let day = "2026-01-01";
      let next = slotsOfDay(day, timeZone, 300).firstSlot;
      for (let count = 0; count < 365; count++) {
        const { firstSlot, lastSlot } = slotsOfDay(day, timeZone, 300);
        expect(firstSlot, `${day} ${timeZone}`).to.equal(next);
        next = lastSlot + 1;
        day = addDays(day, 1);
      }
    }
  });

  it("begin when the day does where midnight is skipped", () => {
    // Chile puts its clocks forward at midnight.
    const { firstSlot } = slotsOfDay("2026-09-06", "America/Santiago", QUARTER);
    expect(localTimeOf(slotStart(firstSlot, QUARTER), "America/Santiago")).to.equal("01:00");
  });

  it("begin with the first that starts on the day where slots and midnight disagree", () => {
    // Nepal is 5:45 ahead of UTC.
    const { firstSlot, lastSlot } = slotsOfDay("2026-06-21", "Asia/Kathmandu", 3600);
    expect(slotStart(firstSlot, 3600)).to.equal(utc("2026-06-20T19:00"));
    expect(lastSlot - firstSlot).to.equal(23);
  });

  it("refuses an invalid day or time zone", () => {
    for (const day of ["2026-02-30", "2026-2-3", "today", ""]) {
      expect(() => slotsOfDay(day, BERLIN, QUARTER)).to.throw(RangeError, `"${day}" is not a day`);
    }
    expect(() => slotsOfDay("2026-06-21", "Europe/Kassel", QUARTER)).to.throw(
      RangeError,
      "Europe/Kassel",
    );
    expect(() => slotsOfDay("2011-12-30", "Pacific/Apia", QUARTER)).to.throw(
      RangeError,
      "skipped the day 2011-12-30",
    );
  });
});

describe("A window of a local day", () => {
  const timesOf = (day: string, from: string, to: string): string[] =>
    slotsIn(slotsOfWindow(day, from, to, BERLIN, QUARTER)).map((slot) =>
      localTimeOf(slotStart(slot, QUARTER), BERLIN),
    );

  it("has the slots that start in it", () => {
    expect(timesOf("2026-06-21", "11:50", "12:31")).to.deep.equal(["12:00", "12:15", "12:30"]);
    expect(timesOf("2026-06-21", "23:30", "24:00")).to.deep.equal(["23:30", "23:45"]);
  });

  it("has an hour twice that comes twice, and skips one that the clock skips", () => {
    expect(timesOf("2026-10-25", "02:00", "03:00").length).to.equal(8);
    expect(() => timesOf("2026-03-29", "02:00", "03:00")).to.throw(RangeError, "No slot");
    expect(timesOf("2026-03-29", "01:45", "03:15")).to.deep.equal(["01:45", "03:00"]);
  });

  it("refuses an invalid time", () => {
    for (const time of ["6:30", "24:01", "12:60", "noon"]) {
      expect(() => timesOf("2026-06-21", time, "24:00")).to.throw(RangeError, "not a time of day");
    }
    expect(() => timesOf("2026-06-21", "12:00", "12:00")).to.throw(RangeError, "No slot");
  });
});

describe("A slot's label", () => {
  const clock = { timeZone: BERLIN };

  it("shows local day and time", () => {
    expect(slotLabel(slotAt(utc("2026-06-21T10:00"), QUARTER), QUARTER, clock)).to.equal(
      "21 Jun 2026, 12:00–12:15",
    );
    expect(slotLabel(slotAt(utc("2026-06-21T21:45"), QUARTER), QUARTER, clock)).to.equal(
      "21 Jun 2026, 23:45–24:00",
    );
  });

  it("names both days of a run over midnight", () => {
    const [firstSlot, lastSlot] = ["2026-06-21T20:00", "2026-06-22T03:45"].map((moment) =>
      slotAt(utc(moment), QUARTER),
    );
    expect(
      slotsLabel({ firstSlot: firstSlot ?? 0, lastSlot: lastSlot ?? 0 }, QUARTER, clock),
    ).to.equal("21 Jun 2026, 22:00–22 Jun 2026, 06:00");
  });

  it("distinguishes the two hours that the clock shows twice", () => {
    const labels = ["2026-10-25T00:00", "2026-10-25T01:00"].map((moment) =>
      slotLabel(slotAt(utc(moment), QUARTER), QUARTER, clock),
    );
    expect(labels).to.deep.equal([
      "25 Oct 2026, 02:00 GMT+2–02:15",
      "25 Oct 2026, 02:00 GMT+1–02:15",
    ]);
  });

  it("is in the reader's language", () => {
    const slot = slotAt(utc("2026-06-21T10:00"), QUARTER);
    expect(slotLabel(slot, QUARTER, { ...clock, locale: "de" })).to.contain(
      "Juni 2026, 12:00–12:15",
    );
  });

  it("in UTC is an ISO interval", () => {
    const slot = slotAt(utc("2026-06-21T10:00"), QUARTER);
    expect(slotsUtc({ firstSlot: slot, lastSlot: slot + 3 }, QUARTER)).to.equal(
      "2026-06-21T10:00Z/2026-06-21T11:00Z",
    );
  });
});

describe("The local clock", () => {
  it("shows its own time, in seconds as if it were UTC, before and after it is put forward", () => {
    const shown = (moment: string) =>
      new Date(clockSecondsOf(utc(moment) + 7, BERLIN) * 1000).toISOString().slice(0, 19);
    expect(shown("2026-03-29T00:59")).to.equal("2026-03-29T01:59:07");
    expect(shown("2026-03-29T01:00")).to.equal("2026-03-29T03:00:07");
  });

  it("shows the day and the time of a place", () => {
    expect(localDayOf(utc("2026-06-21T22:30"), BERLIN)).to.equal("2026-06-22");
    expect(localTimeOf(utc("2026-06-21T22:30"), BERLIN)).to.equal("00:30");
    expect(localDayOf(utc("2026-06-21T22:30"), "Asia/Bangkok")).to.equal("2026-06-22");
  });

  it("counts days over the ends of months and years", () => {
    expect(addDays("2026-12-31", 1)).to.equal("2027-01-01");
    expect(addDays("2028-03-01", -1)).to.equal("2028-02-29");
  });
});
