/** When the community's life begins: a light module, for those who need no more than that. */

/** The first day of the towns' weather. */
export const FIRST_DAY = "2026-06-21";

/** Both towns trade by the quarter of an hour. */
export const SLOT_SECONDS = 900;

/** 08:00 UTC: whoever comes meets a market in the sun. */
const START_OF_DAY_SLOT = 32;

/** The first slot that is played. */
export const START_SLOT =
  Date.parse(`${FIRST_DAY}T00:00:00Z`) / 1000 / SLOT_SECONDS + START_OF_DAY_SLOT;

/** How many are played at once: a day. */
export const SEEDED_SLOTS = 96;
