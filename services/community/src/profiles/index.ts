/** Consumption and production of homes: from a file, or made from physics. */
export { generateCommunity } from "./generate.ts";
export { ProfilesFileError, readProfilesFile } from "./profilesFile.ts";
export { type Random, seededRandom } from "./random.ts";
export type { CommunitySeries, HouseholdSeries } from "./series.ts";
