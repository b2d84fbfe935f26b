/** Meter files of any format, read to series of intervals and split into delivery slots. */
export {
  energyIn,
  flowsOf,
  type HomeFlows,
  type HomeInFile,
  type HomePart,
  homesIn,
  slotSecondsFor,
} from "./homes.ts";
export type { MeterSource } from "./input.ts";
export { type ReadFileOptions, readMeterFile } from "./read.ts";
export type { Reading, ReadOptions } from "./readers/reader.ts";
export { MeterSeries, type SeriesKey } from "./series.ts";
export { type Decisions, resolve, type SlotSeries, toSlots } from "./slots.ts";
export type { NamedRegister } from "./table.ts";
export {
  type Answers,
  type Direction,
  type Finding,
  type FindingKind,
  type Interval,
  MeterFileError,
  type MeterFormat,
  type Preview,
  type Quality,
  type Quantity,
  type Question,
  type QuestionId,
} from "./types.ts";
