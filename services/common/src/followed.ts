/** How far a service has followed the chain. */
export interface Followed {
  /** The newest block that it has seen. */
  readonly head: number;
  /** The newest block that it has read, and its time in Unix seconds; undefined before the first. */
  readonly block: number;
  readonly blockTime: number | undefined;
  readonly reorganisations: Reorganisations;
}

/** The reorganisations that a process has followed. */
export interface Reorganisations {
  readonly total: number;
  /** How many of the blocks that were read the last one has replaced, at most. */
  readonly lastBlocks: number;
}

export const NO_REORGANISATIONS: Reorganisations = { total: 0, lastBlocks: 0 };

/** One more reorganisation. */
export const reorganised = ({ total }: Reorganisations, lastBlocks: number): Reorganisations => ({
  total: total + 1,
  lastBlocks,
});
