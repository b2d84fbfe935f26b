/** What all processes of one run of the tests share: a folder, and the environment that tells them of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "./groups.ts";

/** Where npm puts the programs that it installs: `npm test` finds them there, and so does who runs the script itself. */
const TOOLS = path.join(ROOT, "node_modules/.bin");

/**
 * Opens the folder; it is gone when this process ends.
 * @param isLive Whether processes write straight to the terminal: when no two run at a time.
 */
export function openWorkplace(isLive: boolean) {
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-test-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    isLive,
    env: {
      ...process.env,
      PATH: [TOOLS, process.env.PATH].join(path.delimiter),
      WATTLINE_TEST_APP: path.join(folder, "app"),
      // Output goes by way of files, where programs would leave out their colours.
      ...(process.stdout.isTTY && process.env.NO_COLOR === undefined && { FORCE_COLOR: "1" }),
    },
  };
}

export type Workplace = ReturnType<typeof openWorkplace>;
