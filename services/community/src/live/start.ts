/** When and where the live community starts: a module without imports, for code that needs only this. */

/** The first day of the weather data. */
export const FIRST_DAY = "2026-06-21";

/** Both towns, and the seeds of their homes and skies. */
export const TOWNS = [
  { name: "Lindental", seed: 1, from: FIRST_DAY },
  { name: "Buchental", seed: 2, from: FIRST_DAY },
] as const;

/** Both microgrids have slots of a quarter of an hour. */
export const SLOT_SECONDS = 900;
export const SLOTS_PER_HOUR = 4;
export const SLOTS_PER_DAY = 96;

/** 08:00 UTC, so that a visitor sees a market in daylight. */
const START_OF_DAY_SLOT = 32;

/** The first played slot. */
export const START_SLOT =
  Date.parse(`${FIRST_DAY}T00:00:00Z`) / 1000 / SLOT_SECONDS + START_OF_DAY_SLOT;

/** How many slots are played at once: a day. */
export const SEEDED_SLOTS = SLOTS_PER_DAY;

/** The grid's tariffs, base units per kWh. */
export const FEED_IN_PER_KWH = 80_000n;
export const RETAIL_PER_KWH = 320_000n;
