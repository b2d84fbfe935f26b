const deep = process.env.WATTLINE_DEEP !== undefined;

/** How long a property may take. */
export const PATIENCE_MS = deep ? 1_800_000 : 300_000;

/** How often a property is tried: enough to find what is near, or many times over when asked to look deeper. */
export const runs = (usual: number) => ({
  numRuns: deep ? 20 * usual : usual,
  seed: 20270607,
  // The search for a small counterexample must end within the test runner's time limit, or it is never shown.
  interruptAfterTimeLimit: 0.8 * PATIENCE_MS,
  markInterruptAsFailure: true,
});
