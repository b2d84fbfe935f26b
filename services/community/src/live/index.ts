/** A community that keeps trading on a chain after its first day. */

export { publishDirectories } from "./directory.ts";
export { FailureLog } from "./failureLog.ts";
export type { LiveContext } from "./liveCommunity.ts";
export { openCommunities, startOptions } from "./opening.ts";
export { OrderBook } from "./orderBook.ts";
export { playerOf, playForever } from "./play.ts";
export { SEEDED_SLOTS, SLOT_SECONDS, START_SLOT } from "./start.ts";
export { type WaitingReading, WaitingReadings } from "./waitingReadings.ts";
