/**
 * `npm run bench:meter-data`: the time to read meter files. Each file is made in memory and streamed to a process of
 * its own, whose time and maximum memory are measured.
 */
import { spawnSync } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readMeterFile } from "@wattline/sdk/meterData";

const QUARTER = 900;
const DAYS_PER_YEAR = 365;
const QUARTERS_PER_DAY = 96;
const START = Date.UTC(2015, 0, 1) / 1000;

interface Case {
  readonly name: string;
  readonly years: number;
  readonly meters: number;
  readonly mostMs: number;
  readonly mostMegabytes: number;
}

const CASES: readonly Case[] = [
  { name: "a year of a meter", years: 1, meters: 1, mostMs: 300, mostMegabytes: 200 },
  { name: "ten years of ten meters", years: 10, meters: 10, mostMs: 10_000, mostMegabytes: 200 },
];

/** A table of quarter-hours in standard time, a column for each meter. */
function table({ years, meters }: Case): string {
  const names = Array.from({ length: meters }, (_, meter) => `meter ${meter + 1} import (kWh)`);
  const lines = [["start", ...names].join(";")];
  for (let quarter = 0; quarter < years * DAYS_PER_YEAR * QUARTERS_PER_DAY; quarter++) {
    const stamp = new Date((START + quarter * QUARTER) * 1000).toISOString().slice(0, 16);
    const values = names.map(
      (_, meter) => `0,${String((quarter * (meter + 7)) % 1000).padStart(3, "0")}`,
    );
    lines.push([stamp, ...values].join(";"));
  }
  return `${lines.join("\n")}\n`;
}

/** In a process of its own: reads the file and prints time and memory. */
async function readOne(file: string): Promise<void> {
  const before = performance.now();
  const cpuBefore = process.cpuUsage();
  const reading = await readMeterFile(
    { name: file, bytes: createReadStream(file) },
    { answers: { timeZone: "+01:00" } },
  );
  const milliseconds = performance.now() - before;
  const cpu = process.cpuUsage(cpuBefore);
  const intervals = reading.series.reduce((sum, { length }) => sum + length, 0);
  const megabytes = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(
    JSON.stringify({ milliseconds, cpuMs: (cpu.user + cpu.system) / 1000, intervals, megabytes }),
  );
}

const [argument] = process.argv.slice(2);
if (argument) await readOne(argument);
else {
  const folder = mkdtempSync(join(tmpdir(), "wattline-meter-data-"));
  try {
    for (const each of CASES) {
      const file = join(folder, "meters.csv");
      writeFileSync(file, table(each));
      const size = (statSync(file).size / 1e6).toFixed(1);
      const run = spawnSync(process.execPath, [import.meta.filename, file], { encoding: "utf8" });
      if (run.status !== 0) throw new Error(`${each.name} failed: ${run.stderr}`);
      const { milliseconds, cpuMs, intervals, megabytes } = JSON.parse(run.stdout);
      console.log(
        `${each.name} (${size} MB, ${intervals} intervals): ${milliseconds.toFixed(0)} ms ` +
          `(${cpuMs.toFixed(0)} ms of processor), ${megabytes.toFixed(0)} MB at most; ` +
          `wanted ${each.mostMs} ms, ${each.mostMegabytes} MB`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
