/** What a household needs over time, and which slots cover it. */
export {
  dayKindOf,
  dynamisation,
  meanLoadWatts,
  seasonOf,
  standardLoadWatts,
} from "./loadShape.ts";
export { type OwnUse, ownLoadWatts, ownUseOf } from "./ownUse.ts";
export { soonestNeed, spreadNeed } from "./spread.ts";
