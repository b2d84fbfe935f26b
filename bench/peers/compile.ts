import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Artifact } from "../chain/chain.ts";
import { BenchFailure, reasonOf } from "../failure.ts";
import { artifactOf, isRecord } from "./artifact.ts";
import { ArtifactCache, digestOf } from "./cache.ts";

/** Contracts that are compiled separately from Wattline's own, so that the build stays fast. */
export interface Compilation {
  /** Names the cached file. */
  readonly name: string;
  /** The npm package of the compiler. */
  readonly compiler: string;
  readonly settings: object;
  /** Which contract of which source, by import path. */
  readonly contracts: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = new ArtifactCache(join(root, "cache", "bench"));
const require = createRequire(import.meta.url);
const OUTPUT = ["abi", "evm.bytecode.object"];

/** The compiled contracts by name, from the cache when no input has changed. */
export async function compile(compilation: Compilation): Promise<ReadonlyMap<string, Artifact>> {
  const { name, compiler, contracts } = compilation;
  const input = JSON.stringify(inputOf(compilation));
  const { version } = require(`${compiler}/package.json`);
  const key = digestOf(`${compiler} ${version} ${input}`);
  const cached = cache.read(name, key);
  const output = cached ?? (await compiled(compiler, name, input));
  const artifacts = new Map(
    Object.entries(contracts).map(([contract, source]) => [
      contract,
      artifactOf(output, source, contract),
    ]),
  );
  if (cached === undefined) cache.write(name, key, output);
  return artifacts;
}

/** Standard JSON input with every source that the contracts import. */
function inputOf({ settings, contracts }: Compilation) {
  const sources: Record<string, { content: string }> = {};
  const add = (source: string): void => {
    if (sources[source] !== undefined) return;
    const content = readSource(source);
    sources[source] = { content };
    for (const [, imported = ""] of content.matchAll(/(?:from|import)\s+"([^"]+)"/g)) {
      add(imported.startsWith(".") ? posix.join(posix.dirname(source), imported) : imported);
    }
  };
  for (const source of Object.values(contracts)) add(source);

  const outputSelection: Record<string, Record<string, string[]>> = {};
  for (const [contract, source] of Object.entries(contracts)) {
    outputSelection[source] = { ...outputSelection[source], [contract]: OUTPUT };
  }
  return { language: "Solidity", sources, settings: { ...settings, outputSelection } };
}

/** Our sources are in the repository, all others in packages. */
function readSource(source: string): string {
  const file = /^(bench|contracts)\//.test(source)
    ? join(root, source)
    : join(root, "node_modules", source);
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new BenchFailure(`The source ${source} is missing: run npm ci.`);
  }
}

async function compiled(compiler: string, name: string, input: string): Promise<unknown> {
  console.error(`Compiling ${name} with ${compiler}, once: up to two minutes.`);
  const printed = await runOn(require.resolve(`${compiler}/solc.js`), input).catch(
    (error: unknown) => {
      throw new BenchFailure(`${compiler} failed on ${name}: ${reasonOf(error)}`);
    },
  );
  // The compiler's script prints a note about SMT solvers first.
  const output: unknown = JSON.parse(printed.slice(printed.indexOf("{")));
  refuseErrors(output, name);
  return isRecord(output) ? { contracts: output.contracts } : output;
}

/** What the compiler's script prints for an input: from a file, since older ones can't wait for a pipe. */
async function runOn(script: string, input: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "wattline-solc-"));
  try {
    const file = join(folder, "input.json");
    writeFileSync(file, input);
    const stdin = openSync(file, "r");
    try {
      const child = spawn(process.execPath, [script, "--standard-json"], {
        stdio: [stdin, "pipe", "inherit"],
      });
      if (child.stdout === null) throw new Error("its output can't be read.");
      const [printed, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
      if (code !== 0) throw new Error(`it ended with code ${code}.`);
      return printed;
    } finally {
      closeSync(stdin);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function refuseErrors(output: unknown, name: string): void {
  const errors = isRecord(output) && Array.isArray(output.errors) ? output.errors : [];
  const severe = errors.filter((error) => isRecord(error) && error.severity === "error");
  if (severe.length === 0) return;
  throw new BenchFailure(
    `${name} does not compile: ${severe.map((error) => error.formattedMessage).join("\n")}`,
  );
}
