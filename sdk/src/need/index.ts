/** What a household needs over time, and which slots cover it. */
export { dayKindOf, dynamisation, seasonOf, standardLoadWatts } from "./loadShape.ts";
export { soonestNeed, spreadNeed } from "./spread.ts";
