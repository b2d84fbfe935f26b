/** A moment for people and files: `2026-06-01T12:00:00Z`. */
export const isoOf = (unixMs: number): string =>
  new Date(unixMs).toISOString().replace(".000Z", "Z");
