/** The benchmark can't run as requested; the message names the option, file, artifact or row. */
export class BenchFailure extends Error {}

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
