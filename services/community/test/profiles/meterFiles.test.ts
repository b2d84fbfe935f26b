import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { filesIn, type MeterFilesOptions, readMeterFiles } from "../../src/profiles/meterFiles.ts";
import { ProfilesFileError } from "../../src/profiles/profilesError.ts";

const SAMPLES = fileURLToPath(new URL("../../../../../shared/data/meter-files/", import.meta.url));
const sum = (wh: readonly bigint[] = []): bigint => wh.reduce((all, one) => all + one, 0n);

const usual: MeterFilesOptions = {
  answers: {},
  decisions: {},
  days: 1,
  flagOf: (id) => `--${id}`,
};

/** Two days of quarters from local midnight in Vienna's summer. */
function quarters(header: string, row: (quarter: number) => string, end = ""): string {
  const rows = Array.from({ length: 192 }, (_, quarter) => {
    const at = new Date(Date.UTC(2024, 5, 20) + quarter * 900_000).toISOString().slice(0, 16);
    return `${at}${end},${row(quarter)}`;
  });
  return [`start,${header}`, ...rows].join("\n");
}

describe("meter files of homes", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "wattline-meters-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function put(name: string, text: string): string {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  }

  async function refusal(files: readonly string[], options: Partial<MeterFilesOptions> = {}) {
    try {
      await readMeterFiles(files, { ...usual, ...options });
    } catch (error) {
      if (error instanceof ProfilesFileError) return error.message;
      throw error;
    }
    throw new Error("the files were read without complaint");
  }

  it("are one home each, named by its file: net import is load, net export is production", async () => {
    const street = join(folder, "street");
    mkdirSync(street);
    const both = quarters(
      "import_kwh,export_kwh",
      (q) => `0.25,${q % 4 === 0 ? "1.25" : "0"}`,
      "+02:00",
    );
    writeFileSync(join(street, "Anna Ö.csv"), both);
    writeFileSync(
      join(street, "ben.csv"),
      quarters("import_wh", () => "100.5", "+02:00"),
    );
    const files = filesIn([street]);
    const series = await readMeterFiles(files, { ...usual, from: "2024-06-21" });
    expect(series.firstSlot * 900).to.equal(Date.UTC(2024, 5, 20, 22) / 1000);
    expect(series).to.include({ slotSeconds: 900, slots: 96 });
    const [anna, ben] = series.households;
    expect(anna).to.include({ name: "Anna Ö", capacityW: 5000 });
    expect(sum(anna?.exportedWh)).to.equal(24_000n);
    expect(sum(anna?.importedWh)).to.equal(18_000n);
    expect(anna?.producedWh).to.deep.equal(anna?.exportedWh);
    expect(anna?.loadWh).to.deep.equal(anna?.importedWh);
    expect(ben).to.include({ name: "ben", capacityW: 0 });
    expect(sum(ben?.importedWh)).to.equal(9_648n);
    const plain = await readMeterFiles(files, { ...usual, consumers: ["Anna Ö"] });
    expect(plain.households[0]?.capacityW).to.equal(0);
    expect(sum(plain.households[0]?.exportedWh)).to.equal(0n);
  });

  it("with production beside import and export know load and roof", async () => {
    const text = quarters("import_wh,export_wh,production_wh", () => "0,200,500", "Z");
    const [home] = (await readMeterFiles([put("roof.csv", text)], usual)).households;
    expect(home).to.include({ name: "roof", capacityW: 2000 });
    expect(sum(home?.loadWh)).to.equal(28_800n);
    expect(sum(home?.producedWh)).to.equal(48_000n);
    const noExport = quarters("import_wh,production_wh", () => "0,500", "Z");
    expect(await refusal([put("half.csv", noExport)])).to.contain("fed into the grid is not in");
  });

  it("may hold many meters", async () => {
    const text = quarters("import a_wh,import b_wh", () => "10,20", "Z");
    const { households } = await readMeterFiles([put("many.csv", text)], usual);
    expect(households.map(({ name }) => name)).to.deep.equal(["import a_wh", "import b_wh"]);
    expect(sum(households[1]?.importedWh)).to.equal(1920n);
  });

  it("are refused by the flag that answers what they don't say, and read with the answer", async () => {
    const file = put(
      "bare.csv",
      quarters("value", () => "1"),
    );
    const said = await refusal([file]);
    for (const flag of ["--timeZone", "--unit", "--direction"]) expect(said).to.contain(flag);
    const answers = { timeZone: "Europe/Vienna", unit: "Wh", direction: "import" };
    const series = await readMeterFiles([file], { ...usual, answers });
    expect(series.firstSlot * 900).to.equal(Date.UTC(2024, 5, 19, 22) / 1000);
    expect(sum(series.households[0]?.importedWh)).to.equal(96n);
  });

  it("are refused for negative and overlapping rows, naming the flag that decides", async () => {
    const negative = quarters("import_wh", (q) => (q === 5 ? "-4" : "4"), "Z");
    const file = put("negative.csv", negative);
    expect(await refusal([file])).to.match(/row 7 is negative.*--negative/);
    const decisions = { negative: "asZero" } as const;
    const { households } = await readMeterFiles([file], { ...usual, decisions });
    expect(sum(households[0]?.importedWh)).to.equal(380n);
    const twice = `${negative.replace("-4", "4")}\n2024-06-20T01:00Z,4`;
    expect(await refusal([put("twice.csv", twice)])).to.match(/overlaps another.*--overlaps/);
  });

  it("are refused where a slot of the run is not known, and for a name that is there twice", async () => {
    const file = put(
      "gap.csv",
      quarters("import_wh", () => "4", "Z").replace(/2024-06-20T10:00.*\n/, ""),
    );
    expect(await refusal([file])).to.contain("slot from 2024-06-20T10:00 UTC");
    await readMeterFiles([file], { ...usual, from: "2024-06-21" });
    expect(await refusal([file, file], { from: "2024-06-21" })).to.contain("already");
    expect(await refusal([join(folder, "none.csv")])).to.contain("cannot be read");
  });

  const itReal = existsSync(SAMPLES) ? it : it.skip;
  itReal("of grid operators and inverters become homes", async () => {
    for (const [name, importedWh] of [
      ["at-wienernetze-summer-time.csv", 6761n],
      ["it-e-distribuzione.csv", 11_613n],
      ["nem12-month-solar.csv", 8576n],
    ] as const) {
      const { households } = await readMeterFiles([join(SAMPLES, name)], usual);
      expect(sum(households[0]?.importedWh), name).to.equal(importedWh);
    }
  });
});
