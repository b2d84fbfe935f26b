import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "vite";

export const ROOT = path.join(import.meta.dirname, "../..");

let built: Promise<string> | undefined;

/** The folder with the built app: built once in a process, and gone with it. Don't write into it. */
export function builtApp(): Promise<string> {
  built ??= buildApp();
  return built;
}

async function buildApp(): Promise<string> {
  const outDir = mkdtempSync(path.join(tmpdir(), "wattline-build-"));
  process.once("exit", () => rmSync(outDir, { recursive: true, force: true }));
  await build({ root: ROOT, logLevel: "error", build: { outDir, emptyOutDir: true } });
  return outDir;
}
