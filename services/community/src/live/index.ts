/** A community that goes on living on a chain after its first day. */
export { Book } from "./book.ts";
export { Complaints } from "./complaints.ts";
export { Inbox, type WaitingReading } from "./inbox.ts";
export { lifeOf, liveOn } from "./life.ts";
export { openTowns, startOptions } from "./opening.ts";
export { SEEDED_SLOTS, SLOT_SECONDS, START_SLOT } from "./start.ts";
export type { World } from "./town.ts";
