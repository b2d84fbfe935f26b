/** The homes that the page has at hand for people without a file: with a roof, or without. */
export const SAMPLES = ["roof", "noRoof"] as const;
export type Sample = (typeof SAMPLES)[number];
