/** What homes gain by trading with each other, over all the time that their meters know. */
export { studyJson } from "./json.ts";
export { readStudyOptions, type StudyOptions, USAGE } from "./options.ts";
export { studyPage } from "./page.ts";
export { type GasPrices, ROLLUPS, type Rollup, USUAL_GAS_PRICES } from "./rollups.ts";
export { runStudy, type Study } from "./run.ts";
export { summaryOf } from "./summary.ts";
export { UnequalError } from "./weeks.ts";
