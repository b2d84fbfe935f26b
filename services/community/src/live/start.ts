/** When the live community starts: a module without imports, for code that needs only this. */

/** The first day of the weather data. */
export const FIRST_DAY = "2026-06-21";

/** Both microgrids have slots of a quarter of an hour. */
export const SLOT_SECONDS = 900;

/** 08:00 UTC, so that a visitor sees a market in daylight. */
const START_OF_DAY_SLOT = 32;

/** The first played slot. */
export const START_SLOT =
  Date.parse(`${FIRST_DAY}T00:00:00Z`) / 1000 / SLOT_SECONDS + START_OF_DAY_SLOT;

/** How many slots are played at once: a day. */
export const SEEDED_SLOTS = 96;
