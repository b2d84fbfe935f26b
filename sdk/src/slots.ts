/** Delivery slots are numbered from the Unix epoch: slot = floor(Unix seconds / slotSeconds). */

/** The slot lengths a microgrid may have, in seconds: 5, 15, 30 or 60 minutes. */
export const SLOT_LENGTHS_SECONDS = [300, 900, 1800, 3600] as const;

/** The slot that a Unix time lies in. */
export const slotAt = (unixSeconds: number, slotSeconds: number): number =>
  Math.floor(unixSeconds / slotSeconds);

/** The first second of a slot, Unix time. */
export const slotStart = (slot: number, slotSeconds: number): number => slot * slotSeconds;

/** The first second after a slot, Unix time. */
export const slotEnd = (slot: number, slotSeconds: number): number => (slot + 1) * slotSeconds;
