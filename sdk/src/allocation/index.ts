/**
 * Who gave whom how much, by allocation key or by the market, and the files in which grid operators accept and report
 * it. It has its own entry point, so that programs without such files do not load the readers.
 */
export * from "./compare.ts";
export { divide, type Part } from "./divide.ts";
export { allocationFromCsv, allocationToCsv, reportFromCsv } from "./formats/csv.ts";
export * from "./formats/france.ts";
export { allocationFromJson, allocationToJson } from "./formats/json.ts";
export * from "./formats/metered.ts";
export * from "./formats/names.ts";
export * from "./formats/report.ts";
export * from "./formats/spain.ts";
export * from "./keys.ts";
export * from "./market.ts";
export * from "./types.ts";
