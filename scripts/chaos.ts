/** `npm run test:chaos`: a day of many homes in which everything goes wrong, drawn by a seed. */
import { spawn } from "node:child_process";
import path from "node:path";
import { readFlags } from "@wattline/common/flags";
import { OptionsError, wholeNumber } from "@wattline/common/options";
import { ownGroup, stopGroup, takeAlong } from "./processes.ts";
import { ROOT } from "./testing/groups.ts";

const USAGE = `npm run test:chaos -- [options]

  --seed N       what goes wrong, and when (default 1)
  --minutes N    how long the day takes (default 60); less than 16 is a part of a day
  --homes N      how many homes (default 50)
  --help         this text

Prints each fault as it happens. The same seed, minutes and homes draw the same faults.`;

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof OptionsError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

function main(argv: readonly string[]): void {
  const flag = { type: "string" } as const;
  const values = readFlags(argv, { seed: flag, minutes: flag, homes: flag });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const env = {
    ...process.env,
    WATTLINE_CHAOS_SEED: String(wholeNumber("--seed", values.seed ?? "1")),
    WATTLINE_CHAOS_MINUTES: String(atLeast(1, "--minutes", values.minutes ?? "60")),
    WATTLINE_CHAOS_HOMES: String(atLeast(3, "--homes", values.homes ?? "50")),
  };
  const args = [path.join(ROOT, "scripts/test.ts"), "test/chaos/chaos.test.ts"];
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: "inherit", ...ownGroup });
  takeAlong(child);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stopGroup(child, signal));
  }
  child.once("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}

function atLeast(least: number, name: string, text: string): number {
  const number = wholeNumber(name, text);
  if (number < least) throw new OptionsError(`${name} must be at least ${least}.`);
  return number;
}
