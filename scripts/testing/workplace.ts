/** What all processes of one test run share: a folder, and environment variables about it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { compiled } from "../processes.ts";
import { ROOT } from "./groups.ts";

/** The folder of npm's programs, so that scripts find them when they are run without npm. */
const TOOLS = path.join(ROOT, "node_modules/.bin");

/**
 * Creates the folder; it is deleted when this process ends.
 * @param isLive Whether processes write directly to the terminal: when no two run at a time.
 */
export function openWorkplace(isLive: boolean) {
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-test-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    isLive,
    env: {
      ...compiled,
      // Services take a quarter less of the processor than with as little memory as they usually take.
      NODE_OPTIONS: "--max-semi-space-size=16",
      ...process.env,
      PATH: [TOOLS, process.env.PATH].join(path.delimiter),
      WATTLINE_TEST_APP: path.join(folder, "app"),
      // Output is collected in files, for which programs would not use colours.
      ...(process.stdout.isTTY && process.env.NO_COLOR === undefined && { FORCE_COLOR: "1" }),
    },
  };
}

export type Workplace = ReturnType<typeof openWorkplace>;
