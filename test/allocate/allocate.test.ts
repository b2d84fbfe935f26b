import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { utils, write } from "@e965/xlsx";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { AllocateError, readOptions } from "../../scripts/allocate/options.ts";
import { runAllocate } from "../../scripts/allocate/run.ts";

const SCRIPT = path.join(import.meta.dirname, "../../scripts/allocate.ts");

const METERED = `slot_start,slot_end,meter,produced_wh,used_wh
2026-06-21T10:00:00Z,2026-06-21T10:15:00Z,ROOF,600,
2026-06-21T10:00:00Z,2026-06-21T10:15:00Z,ANNA,,900
2026-06-21T10:00:00Z,2026-06-21T10:15:00Z,BEN,0,300
2026-06-21T10:15:00Z,2026-06-21T10:30:00Z,ROOF,100,
2026-06-21T10:15:00Z,2026-06-21T10:30:00Z,ANNA,,70
`;
const HEAD = "slot_start,slot_end,producer,consumer,source,energy_wh\n";
const ANNA = "2026-06-21T10:00:00Z,2026-06-21T10:15:00Z,ROOF,ANNA,,450\n";
const BEN = "2026-06-21T10:00:00Z,2026-06-21T10:15:00Z,ROOF,BEN,,150\n";
const LATER = "2026-06-21T10:15:00Z,2026-06-21T10:30:00Z,ROOF,ANNA,,70\n";

const overTheDay = (args: readonly string[]): string[] => {
  const day = ["--from", "2026-06-21T00:00:00+02:00", "--to", "2026-06-22T00:00:00+02:00"];
  return args.includes("--from") ? [...args] : [...args, ...day];
};

/** What the command throws, in this process. */
async function attempt(args: readonly string[]): Promise<unknown> {
  try {
    const command = readOptions(args);
    if (command !== "help") await runAllocate(command, new AbortController().signal);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("npm run allocate", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "wattline-allocate-"));
    const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
    write("metered.csv", METERED);
    write("broken.csv", METERED.replace("900", "0.9"));
    write("dynamic.json", '{"key": "dynamic"}');
    write("half.json", '{"key": "dynamic", "participation": {"ROOF": 50}}');
    write("static.json", '{"key": "static", "percent": {"ANNA": "12.5", "BEN": 50}}');
    write("unknown.json", '{"key": "dynamic", "parts": {}}');
    write("shares.csv", HEAD + ANNA + BEN + LATER);
    write(
      "report.csv",
      `${HEAD}${ANNA.replace("ROOF", "")}${BEN.replace("ROOF", "").replace("150", "149")}`,
    );
    write(
      "names.csv",
      "name,metering_point\nROOF,ES0021000000000001AA\nANNA,ES0021000000000002BB\nBEN,ES0021000000000003CC\n",
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the command in the folder, over the day unless told otherwise. */
  async function run(
    ...args: string[]
  ): Promise<{ code: number | null; out: string; error: string }> {
    const child = spawn(process.execPath, [SCRIPT, ...overTheDay(args)], { cwd: folder });
    let [out, error] = ["", ""];
    child.stdout.on("data", (data: Buffer) => {
      out += data.toString();
    });
    child.stderr.on("data", (data: Buffer) => {
      error += data.toString();
    });
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, out, error };
  }
  const text = (...names: string[]): string => readFileSync(path.join(folder, ...names), "utf8");
  const keyed = ["--metered", "metered.csv", "--key", "dynamic.json"];

  it("divides what meters counted by the community's key", async () => {
    const { code, out } = await run(...keyed, "--format", "csv", "--out", "a");
    expect(out).to.contain("670 Wh in 3 shares");
    expect(code).to.equal(0);
    expect(text("a", "allocation.csv")).to.equal(HEAD + ANNA + BEN + LATER);
  });

  it("leaves out what lies outside of the period", async () => {
    await run(
      ...keyed,
      "--format",
      "csv",
      "--out",
      "b",
      "--from",
      "2026-06-21T10:15:00Z",
      "--to",
      "2026-06-21T11:00:00Z",
    );
    expect(text("b", "allocation.csv")).to.equal(HEAD + LATER);
  });

  it("knows participation factors and agreed parts", async () => {
    const half = await run(
      "--metered",
      "metered.csv",
      "--key",
      "half.json",
      "--format",
      "csv",
      "--out",
      "c",
    );
    expect(half.out).to.contain("350 Wh");
    const agreed = await run(
      "--metered",
      "metered.csv",
      "--key",
      "static.json",
      "--format",
      "csv",
      "--out",
      "d",
    );
    // 75 and 300 of 600 Wh, then 12 or 13 of 100.
    expect(agreed.out).to.match(/38[78] Wh/);
  });

  it("writes the French and the Spanish files, with the operator's names", async () => {
    const french = await run(...keyed, "--format", "fr", "--out", "fr");
    expect(french.code).to.equal(0);
    expect(readdirSync(path.join(folder, "fr"))).to.include("ROOF.csv");
    expect(text("fr", "ROOF.csv")).to.contain("2026-06-21T10:00:00Z;75,0;25,0");
    const spanish = [
      "--format",
      "es-constant",
      "--cau",
      "ES0021000000000001AAA000",
      "--names",
      "names.csv",
    ];
    await run(...keyed, ...spanish, "--out", "es");
    expect(text("es", "ES0021000000000001AAA000_2026.txt")).to.match(
      /^ES0021000000000002BB;0,776119\nES0021000000000003CC;0,223881$/,
    );
  });

  it("names every slot in which the operator's report differs", async () => {
    const { code, out } = await run(
      ...keyed,
      "--format",
      "json",
      "--out",
      "e",
      "--compare",
      "report.csv",
    );
    expect(code).to.equal(1);
    expect(out).to.contain("2026-06-21T10:00:00.000Z to BEN: 150 Wh here, 149 Wh in the report");
    expect(out).to.contain("2026-06-21T10:15:00.000Z to ANNA: 70 Wh here, not in the report");
    expect(out).to.contain("report.csv differs in 2 lines.");
    const same = await run(
      "--allocation",
      path.join("e", "allocation.json"),
      "--format",
      "csv",
      "--out",
      "f",
      "--compare",
      "shares.csv",
    );
    expect([same.code, same.out.includes("agrees in all of its 3 lines")]).to.deep.equal([0, true]);
  });

  it("compares with a community's report as EDA gives it", async () => {
    // Excel counts days; the report is in Vienna's wall time.
    const noon = Date.UTC(2026, 5, 21, 12) / 86_400_000 + 25_569;
    const rows = [
      ["This report is without guarantee."],
      ["MeteringpointID", "ANNA", "ANNA", "ANNA", "ANNA", "ROOF", "ROOF", "ROOF", "ROOF"],
      [
        "Energy direction",
        "CONSUMPTION",
        "",
        "CONSUMPTION",
        "",
        "GENERATION",
        "",
        "GENERATION",
        "",
      ],
      [
        "Metercode",
        "Total consumption [KWH]",
        "",
        "Own coverage [KWH]",
        "",
        "Total production [KWH]",
        "",
        "Surplus not used by the community [KWH]",
        "",
      ],
      [noon, 0.9, "L1", 0.45, "L1", 0.6, "L1", 0, "L1"],
      [noon + 1 / 96, 0.07, "L1", 0.07, "L1", 0.1, "L1", 0.031, "L1"],
    ];
    const book = utils.book_new();
    utils.book_append_sheet(book, utils.aoa_to_sheet(rows), "Energy data");
    writeFileSync(path.join(folder, "eda.xlsx"), write(book, { type: "buffer", bookType: "xlsx" }));
    const { out, error } = await run(
      ...keyed,
      "--format",
      "csv",
      "--out",
      "eda",
      "--compare",
      "eda.xlsx",
    );
    expect(error).to.equal("");
    expect(out).to.contain("2026-06-21T10:15:00.000Z from ROOF: 70 Wh here, 69 Wh in the report");
    expect(out).to.contain("2026-06-21T10:00:00.000Z to BEN: 150 Wh here, not in the report");
    expect(out).to.contain("eda.xlsx differs in 2 lines.");
  });

  it("compares with a report whose registers have names, which the caller knows", async () => {
    const row = (ean: string, from: string, to: string, register: string, kWh: string) =>
      `21-06-2026;${from}:00;21-06-2026;${to}:00;="${ean}";1SAG;Digitale Meter;${register};${kWh};kWh;Gevalideerd`;
    const quarters = [
      ["12:00", "12:15", "0,900", "0,450", "0,600", "0,000"],
      ["12:15", "12:30", "0,070", "0,070", "0,100", "0,031"],
    ] as const;
    const rows = quarters.flatMap(([from, to, used, got, produced, left]) => [
      row("ANNA", from, to, "Afname Dag", used),
      row("ANNA", from, to, "Afname Dag uit energiedelen", got),
      row("ROOF", from, to, "Injectie Dag", produced),
      row("ROOF", from, to, "Injectie Dag rest", left),
    ]);
    const head =
      "Van datum;Van tijdstip;Tot datum;Tot tijdstip;EAN;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus";
    writeFileSync(path.join(folder, "fluvius.csv"), [head, ...rows].join("\r\n"));
    const args = [...keyed, "--format", "csv", "--out", "fluvius", "--compare", "fluvius.csv"];
    const surplus = ["--surplus", "Injectie Dag rest"];
    const { out, error } = await run(
      ...args,
      "--coverage",
      "Afname Dag uit energiedelen",
      ...surplus,
    );
    expect(error).to.equal("");
    expect(out).to.contain("2026-06-21T10:15:00.000Z from ROOF: 70 Wh here, 69 Wh in the report");
    expect(out).to.contain("2026-06-21T10:00:00.000Z to BEN: 150 Wh here, not in the report");
    expect(out).to.contain("fluvius.csv differs in 2 lines.");
    const wrongly = await run(...args, ...surplus, "--coverage", "Afname Nacht");
    expect(wrongly.error).to.contain('fluvius.csv: expected a register named "Afname Nacht"');
  });

  it("counts what was bought as far as it was used", async () => {
    const { out } = await run(
      "--allocation",
      "shares.csv",
      "--metered",
      "metered.csv",
      "--format",
      "csv",
      "--out",
      "g",
    );
    expect(out).to.contain("670 Wh");
  });

  const wrong: [string, string[], string][] = [
    [
      "no input",
      ["--format", "csv"],
      "Give one of --metered with --key, --indexer or --allocation",
    ],
    ["a key alone", ["--key", "dynamic.json", "--format", "csv"], "--key needs --metered"],
    [
      "an unknown format",
      [...keyed, "--format", "pdf"],
      '--format must be one of csv, json, fr, es-constant, es-hourly, not "pdf"',
    ],
    [
      "a Spanish file without its code",
      [...keyed, "--format", "es-hourly"],
      "--cau must be letters and digits",
    ],
    [
      "a wall time",
      [...keyed, "--format", "csv", "--from", "2026-06-21", "--to", "2026-06-22T00:00:00Z"],
      "--from must be a time with its offset",
    ],
    [
      "a period the wrong way round",
      [
        ...keyed,
        "--format",
        "csv",
        "--from",
        "2026-06-23T00:00:00Z",
        "--to",
        "2026-06-22T00:00:00Z",
      ],
      "is not before",
    ],
    [
      "a period without energy",
      [
        ...keyed,
        "--format",
        "csv",
        "--from",
        "2020-06-23T00:00:00Z",
        "--to",
        "2020-06-24T00:00:00Z",
      ],
      "no file was written",
    ],
    [
      "a broken table",
      ["--metered", "broken.csv", "--key", "dynamic.json", "--format", "csv"],
      'broken.csv, line 3, used_wh: "0.9" is not whole Wh',
    ],
    [
      "an unknown member of a key",
      ["--metered", "metered.csv", "--key", "unknown.json", "--format", "csv"],
      "unknown.json has the unknown member parts",
    ],
    [
      "a file that is not there",
      ["--allocation", "nowhere.csv", "--format", "csv"],
      "nowhere.csv can't be read",
    ],
    [
      "a microgrid without a number",
      ["--indexer", "http://127.0.0.1:1", "--format", "csv"],
      "--microgrid must be a microgrid's number",
    ],
  ];
  for (const [what, args, message] of wrong) {
    it(`refuses ${what}`, async () => {
      const within = args.map((arg) => {
        const file = path.join(folder, arg);
        return existsSync(file) ? file : arg;
      });
      const out = path.join(folder, "refused");
      const refusal = await attempt([...overTheDay(within), "--out", out]);
      expect(refusal).to.satisfy((error: unknown) =>
        [AllocateError, RangeError].some((kind) => error instanceof kind),
      );
      expect(refusal).to.have.property("message").that.contains(message);
      expect(existsSync(out)).to.equal(false);
    });
  }

  it("ends with 2 when it refuses", async () => {
    const { code, error } = await run("--format", "csv");
    expect(error).to.contain("Give one of");
    expect(code).to.equal(2);
  });

  it("says when the indexer does not answer", async () => {
    const { code, error } = await run(
      "--indexer",
      "http://127.0.0.1:1",
      "--microgrid",
      "1",
      "--format",
      "csv",
      "--out",
      "h",
    );
    expect(error).to.contain("The indexer at http://127.0.0.1:1 can't be reached");
    expect(code).to.equal(3);
  });
});
