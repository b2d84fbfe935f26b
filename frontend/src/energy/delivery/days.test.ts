import type { CountedSlot } from "@wattline/sdk/statements";
import { expect } from "chai";
import { sumOfDays, sumsByDay } from "./days.ts";

/** Quarter-hours from 28 March 2026, 22:00 UTC on: in Vienna the last hour of that day, then the day of 23 hours. */
const FIRST_SLOT = Date.UTC(2026, 2, 28, 22) / 1000 / 900;
const slots = Array.from(
  { length: 4 + 92 + 1 },
  (_, index): CountedSlot => ({
    slot: FIRST_SLOT + index,
    start: "",
    importedWh: 4n,
    boughtWh: 3n,
    retiredWh: 2n,
    countsWh: 1n,
  }),
);

describe("The days of a delivery statement", () => {
  it("are local ones, also where the clock changes", () => {
    const days = sumsByDay({ slots, slotSeconds: 900 }, "Europe/Vienna");
    expect([...days].map(([day, { countsWh }]) => [day, countsWh])).to.deep.equal([
      ["2026-03-28", 4n],
      ["2026-03-29", 92n],
      ["2026-03-30", 1n],
    ]);
    expect(sumOfDays(days.values())).to.deep.equal({
      importedWh: 388n,
      boughtWh: 291n,
      retiredWh: 194n,
      countsWh: 97n,
    });
  });
});
