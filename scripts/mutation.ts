/**
 * `npm run test:mutation`: changes the contracts in small ways, one at a time, and counts how many of the changes the
 * contract tests find.
 */
import { globSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import { readFlags } from "@wattline/common/flags";
import { OptionsError, wholeNumber } from "@wattline/common/options";
import { Progress } from "@wattline/common/progress";
import { drawMutants, mutated } from "./mutation/choose.ts";
import { type Code, CompileError, compile, readSources, type Sources } from "./mutation/compile.ts";
import type { Numbered } from "./mutation/guard.ts";
import { Kills } from "./mutation/kills.ts";
import { Project, type Verdict } from "./mutation/project.ts";
import { wilson } from "./mutation/score.ts";
import { ROOT } from "./testing/groups.ts";

const USAGE = `npm run test:mutation -- [options]

  --mutants N    how many changes are tried, if the time allows (default 200)
  --seed N       which (default 1)
  --minutes N    no change is begun later than this (default 180)
  --jobs N       how many at a time (default: one per core)
  --help         this text

Writes .wattline/mutation/seed-N.json.`;

const TESTS = ["meters", "energy", "market", "attacks", "model"];
/** Of the time that a file of tests takes with the sound contracts. */
const PATIENCE = 5;
const LEAST_MS = 60_000;
/** How many mutants are compiled at once. */
const TOGETHER = 50;

interface Build {
  readonly batch: readonly Numbered[];
  readonly code: Code;
}

interface Tried extends Numbered {
  readonly outcome: Verdict;
}

const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("Stopped.")));

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (stop.signal.aborted || error instanceof OptionsError) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } else throw error;
}

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  if (options === "help") {
    console.log(USAGE);
    return;
  }
  const { count, seed, minutes, jobs } = options;
  const end = performance.now() + minutes * 60_000;
  const sources = readSources();
  console.error("Drawing mutants that compile.");
  const mutants = drawMutants(sources, count, seed);
  const projects = Array.from({ length: jobs }, () => new Project());
  try {
    const file = path.join(ROOT, `.wattline/mutation/seed-${seed}.json`);
    mkdirSync(path.dirname(file), { recursive: true });
    // After each, so that a run that is stopped leaves what it has found.
    const keep = (tried: readonly Tried[]) =>
      writeWhole(file, `${JSON.stringify(tried, null, 2)}\n`);
    const tried = await tryAll(sources, mutants, projects, end, keep);
    console.log(`${report(tried, mutants.length)}\n\n${file}`);
  } finally {
    for (const project of projects) project.close();
  }
}

function readOptions(argv: readonly string[]) {
  const values = readFlags(argv, {
    mutants: { type: "string" },
    seed: { type: "string" },
    minutes: { type: "string" },
    jobs: { type: "string" },
  });
  if (values.help) return "help";
  const count = wholeNumber("--mutants", values.mutants ?? "200");
  const jobs = wholeNumber("--jobs", values.jobs ?? String(availableParallelism()));
  if (count < 1) throw new OptionsError("--mutants must be at least 1.");
  if (jobs < 1) throw new OptionsError("--jobs must be at least 1.");
  const seed = wholeNumber("--seed", values.seed ?? "1");
  return { count, seed, jobs, minutes: wholeNumber("--minutes", values.minutes ?? "180") };
}

/** Tries mutants until the time is over. */
async function tryAll(
  sources: Sources,
  mutants: readonly Numbered[],
  projects: readonly Project[],
  end: number,
  keep: (tried: readonly Tried[]) => void,
): Promise<Tried[]> {
  const kills = new Kills();
  const tried: Tried[] = [];
  const progress = new Progress("Mutants", mutants.length);
  let files: ReadonlyMap<string, number> | undefined;

  for (const { batch, code } of builds(sources, mutants)) {
    for (const project of projects) project.take(code);
    const [first] = projects;
    if (first === undefined || performance.now() > end) break;
    files ??= await soundFiles(first, stop.signal);
    const times = files;
    const waiting = [...batch];
    const work = async (project: Project): Promise<void> => {
      for (;;) {
        const mutant = performance.now() < end ? waiting.shift() : undefined;
        if (mutant === undefined) return;
        const mostMs = PATIENCE * Math.max(LEAST_MS, ...times.values());
        const order = kills.order(mutant.file, [...times.keys()]);
        const outcome = await project.try(mutant.number, order, mostMs, stop.signal);
        if (outcome.verdict === "killed") kills.add(mutant.file, outcome.by);
        tried.push({ ...mutant, outcome });
        keep(tried);
        progress.show(tried.length);
      }
    };
    await Promise.all(projects.map(work));
  }
  return tried.sort((a, b) => a.number - b.number);
}

/** The contracts with as many mutants at a time as compile: with too many guards, functions run out of stack. */
function* builds(sources: Sources, mutants: readonly Numbered[]): Generator<Build> {
  for (let start = 0; start < mutants.length; start += TOGETHER) {
    yield* build(sources, mutants.slice(start, start + TOGETHER));
  }
}

function* build(sources: Sources, batch: readonly Numbered[]): Generator<Build> {
  console.error(`Compiling ${batch.length} mutants together: a minute or two.`);
  try {
    yield { batch, code: compile(mutated(sources, batch)) };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const half = Math.ceil(batch.length / 2);
    if (half === batch.length) return console.error(`Left out: ${error.message}`);
    yield* build(sources, batch.slice(0, half));
    yield* build(sources, batch.slice(half));
  }
}

/** The files that pass with the sound contracts, the shortest first, and how long each takes in ms. */
async function soundFiles(project: Project, signal: AbortSignal): Promise<Map<string, number>> {
  const all = TESTS.flatMap((folder) => globSync(`test/${folder}/*.test.ts`, { cwd: ROOT })).sort();
  const times: [string, number][] = [];
  for (const file of all) {
    const start = performance.now();
    const { verdict } = await project.try(0, [file], 10 * LEAST_MS, signal);
    if (verdict === "survived") times.push([file, performance.now() - start]);
    else console.error(`${file} fails with the guards, and is left out.`);
  }
  return new Map(times.sort(([, a], [, b]) => a - b));
}

function report(tried: readonly Tried[], drawn: number): string {
  const survivors = tried.filter(({ outcome }) => outcome.verdict === "survived");
  const killed = tried.length - survivors.length;
  const { low, high } = wilson(killed, tried.length);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `${killed} of ${tried.length} mutants are found (${percent(killed / tried.length)}, 95 % confidence ${percent(low)} to ${percent(high)}); ${drawn - tried.length} of the draw were not tried.`,
    ...survivors.map(
      ({ file, line, original, mutated }) =>
        `survived: ${file}:${line}: ${oneLine(original)} → ${oneLine(mutated) || "nothing"}`,
    ),
  ].join("\n");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
