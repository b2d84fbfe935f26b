/** The age of its newest block, in seconds, from which a chain counts as out of reach. */
const OFFLINE_SECONDS = 600;

/** What time it is for a home. */
export interface HomeTime {
  /** Unix seconds: the chain's time, or ours while the chain stands still. */
  readonly nowSeconds: number;
  /** Whether no block has come for long: the node answers as of its last one. */
  readonly isOffline: boolean;
}

/**
 * The chain's time, or ours when its newest block is old.
 * @param nowMs Our clock, Unix milliseconds.
 */
export function homeTime(chainSeconds: number, nowMs: number): HomeTime {
  const ours = Math.floor(nowMs / 1000);
  const isOffline = ours - chainSeconds > OFFLINE_SECONDS;
  return { nowSeconds: isOffline ? ours : chainSeconds, isOffline };
}
