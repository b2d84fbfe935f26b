/**
 * Runs files of TypeScript tests that share a process, one after another, as they are requested: their imports are
 * loaded once. Reports each file's result, and ends when asked to, even when a test has left something open.
 */
import Mocha from "mocha";
import type { Counts } from "./counts.ts";
import type { Group } from "./groups.ts";

/** A job for a worker. */
export interface Job {
  readonly file: string;
  readonly loader: Group["loader"];
  /** Only tests whose full title has these words. */
  readonly words?: string | undefined;
  /** Whether the first failure ends the file. */
  readonly bail?: boolean;
}

/** A job's result. */
export type Outcome = Counts | { readonly broken: string };

process.on("message", (job: Job | "end") => {
  if (job === "end") process.exit();
  run(job).then(
    (counts) => process.send?.(counts),
    (error: unknown) => {
      console.error(error);
      process.send?.({ broken: String(error) } satisfies Outcome);
    },
  );
});

async function run({ file, words, loader, bail = false }: Job): Promise<Counts> {
  const mocha = new Mocha({
    timeout: 180_000,
    bail,
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
