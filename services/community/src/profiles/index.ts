/** Consumption and production of homes: from a file, or made from physics. */
export { generateCommunity } from "./generate.ts";
export { filesIn, type MeterFilesOptions, readMeterFiles } from "./meterFiles.ts";
export { ProfilesFileError } from "./profilesError.ts";
export { readProfilesFile } from "./profilesFile.ts";
export { type Random, seededRandom } from "./random.ts";
export type { CommunitySeries, HouseholdSeries } from "./series.ts";
