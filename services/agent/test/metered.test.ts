import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Journal } from "../src/journal/journal.ts";
import { pastOf } from "../src/trading/metered.ts";
import { Household } from "./support/folder.ts";

const METERS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

describe("What a home has metered", () => {
  let household: Household;
  beforeEach(() => {
    household = new Household();
  });
  afterEach(() => household.remove());

  it("is read from all files of its journal, whole slots of all meters, in order", () => {
    const folder = household.place("journal");
    const header = { home: "Jane", slotSeconds: 900, chainId: 1, metersContract: METERS } as const;
    const journal = Journal.open({ folder, header, fileBytes: 400 });
    const count = (slot: number, meter: string, quality: "measured" | "left out" = "measured") =>
      journal.append({
        kind: "slot",
        meter,
        slot,
        importWh: 1n,
        exportWh: BigInt(slot),
        quality,
      });
    for (let slot = 1; slot <= 20; slot++) {
      count(slot, "grid");
      if (slot !== 7) count(slot, "shed", slot === 9 ? "left out" : "measured");
      journal.book.forget(slot - 2);
    }
    journal.close();
    const past = pastOf(folder, ["grid", "shed"], 5);
    const slots = [5, 6, 8, ...Array.from({ length: 11 }, (_, i) => i + 10)];
    expect(past).to.deep.equal(
      slots.map((slot) => ({ slot, importedWh: 2n, exportedWh: BigInt(2 * slot) })),
    );
  });
});
