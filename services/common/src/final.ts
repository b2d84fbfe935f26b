/** A block so deep below the newest one stays: 26 minutes of blocks of 12 s. */
export const FINAL_BLOCKS = 128;

/**
 * Whether what was done on the chain can't be taken back any more. Until then it is looked at whenever blocks come, and done
 * again when it is gone.
 * @param block In which it was done, or as of which it was seen done.
 * @param head The newest block.
 */
export const isFinal = (block: number, head: number): boolean => head - block >= FINAL_BLOCKS;
