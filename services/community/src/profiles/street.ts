/** Homes made from physics, one by one: runs in a browser too. */
export { liveUnder, USUAL_PLACE, type Weather } from "./generate.ts";
export { type Home, homeOf } from "./homes.ts";
export type { HouseholdSeries } from "./series.ts";
