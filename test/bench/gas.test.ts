import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { readBaseline } from "../../bench/baseline.ts";
import { findWorse } from "../../bench/check.ts";
import { BenchFailure } from "../../bench/failure.ts";
import { measureSystem } from "../../bench/measure.ts";
import { ArtifactCache } from "../../bench/peers/cache.ts";
import { OUR_SYSTEM, type Result, resultOf } from "../../bench/results.ts";
import type { System } from "../../bench/row.ts";
import { wattline } from "../../bench/wattline/system.ts";

const BASELINE = fileURLToPath(new URL("../../bench/gas.json", import.meta.url));
const ENTRY = fileURLToPath(new URL("../../bench/gas.ts", import.meta.url));

describe("Gas benchmark", function () {
  this.timeout(300_000);
  let committed: Result[];
  let measured: Result[];

  before(async () => {
    committed = readBaseline(BASELINE, "bench/gas.json");
    measured = (await measureSystem(wattline)).map(resultOf);
  });

  it("finds our rows no worse than committed", () => {
    expect(findWorse(committed, measured)).to.deep.equal([]);
  });

  it("names a row that got worse, with old and new", () => {
    const [row, ...others] = measured;
    if (row === undefined) throw new Error("Nothing was measured.");
    const tampered = [{ ...row, gas: Math.floor(row.gas / 1.02) }, ...others];
    const [sentence, ...more] = findWorse(tampered, measured);
    expect(more).to.deep.equal([]);
    expect(sentence)
      .to.include(row.name)
      .and.include(`${Math.floor(row.gas / 1.02)} to ${row.gas}`);
  });

  it("lets a figure rise by less than one per cent, or fall", () => {
    const near = measured.map((row, i) => ({
      ...row,
      gas: Math.ceil(row.gas * (i % 2 === 0 ? 0.995 : 1.2)),
    }));
    expect(findWorse(near, measured)).to.deep.equal([]);
  });

  it("names a row that is missing on either side", () => {
    const [row, ...others] = measured;
    expect(findWorse(measured, others)).to.deep.equal([
      `Wattline: "${row?.name}" (${row?.case}) is in the baseline, but was not measured.`,
    ]);
    expect(findWorse(others, measured)).to.deep.equal([
      `Wattline: "${row?.name}" (${row?.case}) was measured, but is not in the baseline.`,
    ]);
  });

  it("says that every row lies above its floor", () => {
    for (const { gas, floor, name } of committed) expect(gas, name).to.be.at.least(floor);
    expect(measured.every(({ system }) => system === OUR_SYSTEM)).to.equal(true);
  });

  it("names a missing or broken baseline", () => {
    expect(() => readBaseline(`${BASELINE}.gone`, "bench/gas.json")).to.throw(
      BenchFailure,
      "The baseline bench/gas.json is missing",
    );
    expect(() => readBaseline(ENTRY, "bench/gas.ts")).to.throw(BenchFailure, "is no JSON");
  });

  it("names a cached artifact that is not what was compiled", () => {
    const folder = mkdtempSync(join(tmpdir(), "wattline-bench-"));
    try {
      const cache = new ArtifactCache(folder);
      const key = "0123456789abcdef0123";
      expect(cache.read("peer", key)).to.equal(undefined);
      cache.write("peer", key, { code: "aa" });
      expect(cache.read("peer", key)).to.deep.equal({ code: "aa" });

      const file = join(folder, "peer-0123456789abcdef.json");
      writeFileSync(file, readFileSync(file, "utf8").replace("aa", "ab"));
      expect(() => cache.read("peer", key)).to.throw(
        BenchFailure,
        "The artifact cache/bench/peer-0123456789abcdef.json does not match",
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("fails on a row that can't be measured, and names it", async () => {
    const broken: System = {
      name: "Broken",
      open: async () => [
        {
          name: "nothing",
          work: "mint energy",
          slots: 1,
          case: "cold",
          prepare: async () => [],
        },
      ],
    };
    const failure: unknown = await measureSystem(broken).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(BenchFailure);
    expect(String(failure)).to.include('Broken: "nothing" (cold) can\'t be measured');
  });

  it("names an unknown option", () => {
    const { status, stderr } = spawnSync(process.execPath, [ENTRY, "--chek"], { encoding: "utf8" });
    expect(status).to.equal(1);
    expect(stderr).to.include("--chek");
  });
});
