import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "vite";

export const ROOT = path.join(import.meta.dirname, "../..");

let built: Promise<string> | undefined;

/**
 * The folder of the built app; read-only. `npm test` builds it once for all processes and names it in
 * `WATTLINE_TEST_APP`; otherwise it is built once per process and removed at its end.
 */
export function builtApp(): Promise<string> {
  const { WATTLINE_TEST_APP: folder } = process.env;
  built ??= folder === undefined ? buildForThisProcess() : Promise.resolve(folder);
  return built;
}

/** Builds the app into a folder, for tests. */
export async function buildApp(outDir: string): Promise<void> {
  await build({ root: ROOT, logLevel: "error", build: { outDir, emptyOutDir: true } });
}

async function buildForThisProcess(): Promise<string> {
  const outDir = mkdtempSync(path.join(tmpdir(), "wattline-build-"));
  process.once("exit", () => rmSync(outDir, { recursive: true, force: true }));
  await buildApp(outDir);
  return outDir;
}
