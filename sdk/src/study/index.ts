/** What a year with neighbours, or with a battery, would have brought to homes whose meters were read. */
export type { Battery } from "../battery/index.ts";
export { type WithBattery, withBattery } from "./battery.ts";
export { isWorthwhile, study, tradesOf } from "./study.ts";
export {
  gainMillis,
  type HomeStudy,
  type HomeTrades,
  type StudiedHome,
  type StudyLevel,
  type StudyMonth,
  type StudySums,
  type StudyTerms,
} from "./types.ts";
