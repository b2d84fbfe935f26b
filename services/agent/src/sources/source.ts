import type { Sample } from "../metering/sample.ts";

/** Where a meter's samples come from. */
export interface MeterSource {
  /** The samples as they come, until the source ends or `signal` says stop. It mends its connections itself. */
  samples(signal: AbortSignal): AsyncIterable<Sample>;
}

/** What every source is given. */
export interface SourceContext {
  /** Our clock, Unix milliseconds. */
  readonly now: () => number;
  /** Is told what is wrong and when it is well again. */
  readonly report: (message: string) => void;
}
