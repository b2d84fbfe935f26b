import { detect } from "./detect.ts";
import { type MeterSource, openFile } from "./input.ts";
import type { Reading, ReadMeterFile, ReadOptions } from "./readers/reader.ts";
import type { MeterFormat } from "./types.ts";

/** Each format's reader, loaded when a file needs it. */
const READERS: Readonly<Record<MeterFormat, () => Promise<{ readonly read: ReadMeterFile }>>> = {
  austria: () => import("./readers/austria.ts"),
  edaReport: () => import("./readers/edaReport.ts"),
  fluvius: () => import("./readers/fluvius.ts"),
  eDistribuzione: () => import("./readers/eDistribuzione.ts"),
  enedis: () => import("./readers/enedis.ts"),
  datadis: () => import("./readers/datadis.ts"),
  dsmrReader: () => import("./readers/dsmrReader.ts"),
  greenButton: () => import("./readers/greenButton.ts"),
  nem12: () => import("./readers/nem12.ts"),
  enphase: () => import("./readers/enphase.ts"),
  p1: () => import("./readers/p1.ts"),
  csv: () => import("./readers/csv.ts"),
};

/** `format`: to read the file as that, whatever its content looks like. */
export interface ReadFileOptions extends ReadOptions {
  readonly format?: MeterFormat;
}

/**
 * Reads a meter file of any format. Where the reading has questions, it has no series: show them with the
 * preview, and read again with the answers.
 *
 * @throws MeterFileError naming file, row, column, value and what was expected; then nothing is imported.
 */
export async function readMeterFile(
  source: MeterSource,
  options: ReadFileOptions = {},
): Promise<Reading> {
  const file = await openFile(source, options.signal);
  const { read } = await READERS[options.format ?? detect(file)]();
  return read(file, options);
}
