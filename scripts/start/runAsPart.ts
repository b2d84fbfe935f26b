/**
 * Runs a part's work until it is asked to stop, and ends the process.
 * @param expected Errors whose message is sufficient, without a stack trace.
 */
export async function runAsPart(
  expected: readonly (new (message?: string) => Error)[],
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<never> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => stop.abort(new Error("Stopped.")));
  }
  try {
    await work(stop.signal);
    process.exit(0);
  } catch (error) {
    if (stop.signal.aborted) process.exit(0);
    const isExpected = error instanceof Error && expected.some((kind) => error instanceof kind);
    console.error(isExpected ? error.message : error);
    process.exit(1);
  }
}

/** Resolves when the process is asked to stop; asked twice, it stops at once. */
export function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        resolve();
        process.once(signal, () => process.exit(130));
      });
    }
  });
}
