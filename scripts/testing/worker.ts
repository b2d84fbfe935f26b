/**
 * Runs files of TypeScript tests that share a process, one after another, as they are named to it: what they load is loaded
 * once. Says how each went, and ends when it is told to, even when a test has left something open.
 */
import Mocha from "mocha";
import type { Group } from "./groups.ts";
import type { Tally } from "./tally.ts";

/** What is asked of a worker. */
export interface Job {
  readonly file: string;
  readonly loader: Group["loader"];
  readonly hardhatConfig: Group["hardhatConfig"];
  /** Only tests whose full title has these words. */
  readonly words?: string | undefined;
}

/** How a job went. */
export type Outcome = Tally | { readonly broken: string };

process.on("message", (job: Job | "end") => {
  if (job === "end") process.exit();
  run(job).then(
    (tally) => process.send?.(tally),
    (error: unknown) => {
      console.error(error);
      process.send?.({ broken: String(error) } satisfies Outcome);
    },
  );
});

async function run({ file, words, loader, hardhatConfig }: Job): Promise<Tally> {
  if (hardhatConfig !== undefined) process.env.HARDHAT_CONFIG = hardhatConfig;
  const mocha = new Mocha({
    timeout: 60_000,
    forbidOnly: process.env.CI !== undefined,
    color: process.env.FORCE_COLOR !== undefined,
    ...(words === undefined ? {} : { fgrep: words }),
  });
  if (loader === "vite") {
    const { loadAppModule } = await import("./appModules.ts");
    mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_PRE_REQUIRE, globalThis, file, mocha);
    await loadAppModule(file);
  } else {
    mocha.addFile(file);
    await mocha.loadFilesAsync();
  }
  return new Promise((resolve) => {
    const runner = mocha.run(() => {
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
      resolve({ passed: passes, failed: failures, skipped: pending });
    });
  });
}
