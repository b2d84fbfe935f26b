/**
 * How long tests of pages wait. A wait that ends well ends as soon as it can, so these are for the slowest machine: none is
 * reached unless something is broken.
 */

/** For one thing in a page to come about, milliseconds. */
export const WAIT_MS = 120_000;

/** For a whole test, or what has to be set up before: several waits, so that the one that fails is named. Milliseconds. */
export const TEST_MS = 720_000;
