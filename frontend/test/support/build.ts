import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "vite";

export const ROOT = path.join(import.meta.dirname, "../..");

let built: Promise<string> | undefined;

/**
 * The folder with the built app. Don't write into it. `npm test` has built it once for all processes and names it by
 * `WATTLINE_TEST_APP`; else it is built once in a process, and gone with it.
 */
export function builtApp(): Promise<string> {
  const { WATTLINE_TEST_APP: folder } = process.env;
  built ??= folder === undefined ? buildForThisProcess() : Promise.resolve(folder);
  return built;
}

/** Builds the app into a folder of tests. */
export async function buildApp(outDir: string): Promise<void> {
  await build({ root: ROOT, logLevel: "error", build: { outDir, emptyOutDir: true } });
}

async function buildForThisProcess(): Promise<string> {
  const outDir = mkdtempSync(path.join(tmpdir(), "wattline-build-"));
  process.once("exit", () => rmSync(outDir, { recursive: true, force: true }));
  await buildApp(outDir);
  return outDir;
}
