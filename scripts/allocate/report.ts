import { readFileSync } from "node:fs";
import { type ReportedEnergy, reportFromCsv, reportFromSeries } from "@wattline/sdk/allocation";
import { MeterFileError, type NamedRegister, readMeterFile } from "@wattline/sdk/meterData";
import { readText } from "./inputs.ts";
import { AllocateError } from "./options.ts";

/** Wattline's own columns are recognised by the first one. */
const OWN_TABLE = /^\uFEFF?"?slot_start\b/;

/** Reads an operator's report: in Wattline's columns, or in the operator's own format. */
export async function readReport(
  file: string,
  slotSeconds: number,
  registers: readonly NamedRegister[],
  signal: AbortSignal,
): Promise<readonly ReportedEnergy[]> {
  const text = readText(file);
  if (OWN_TABLE.test(text)) {
    const report = reportFromCsv(text, file);
    if (report.slotSeconds === slotSeconds) return report.lines;
    throw new AllocateError(
      `${file} has slots of ${report.slotSeconds / 60} minutes, the allocation of ${slotSeconds / 60}.`,
    );
  }
  try {
    const { series, questions } = await readMeterFile(
      { name: file, bytes: readFileSync(file) },
      { registers, signal },
    );
    if (questions.length === 0) return reportFromSeries(series, slotSeconds);
    throw new AllocateError(
      `${file} leaves open: ${questions.map((question) => question.text).join(" ")}`,
    );
  } catch (error) {
    throw error instanceof MeterFileError ? new AllocateError(error.message) : error;
  }
}
