import { stringify } from "csv-stringify/sync";
import { SOURCES, type Source } from "../../energyId.ts";
import { slotEnd, slotStart } from "../../slots.ts";
import type { ReportedEnergy } from "../compare.ts";
import type { AllocatedShare, Allocation } from "../types.ts";
import { cellsOf, readTable, slotLength, slotOfTime, whOf, wrong } from "./table.ts";

/*
 * Wattline's own table: a row per slot, pair and source, times in UTC. In a report, producer or consumer may be empty:
 * then the row is what the other one got from, or gave to, the whole community.
 */

const COLUMNS = ["slot_start", "slot_end", "producer", "consumer", "source", "energy_wh"] as const;
type Column = (typeof COLUMNS)[number];

/** An allocation as CSV. A cell that a spreadsheet would read as a formula is preceded by a quotation mark. */
export const allocationToCsv = ({ slotSeconds, shares }: Allocation): string =>
  stringify(
    [
      [...COLUMNS],
      ...shares.map(({ slot, producer, consumer, source, energyWh }) => [
        timeOf(slotStart(slot, slotSeconds)),
        timeOf(slotEnd(slot, slotSeconds)),
        producer,
        consumer,
        source ?? "",
        String(energyWh),
      ]),
    ],
    { escape_formulas: true },
  );

/**
 * Reads the output of {@link allocationToCsv}. The slot length is that of the first row.
 * @param file Names the file in errors.
 * @throws RangeError that names file, line, column and value.
 */
export function allocationFromCsv(text: string, file = "The CSV"): Allocation {
  const { rows, slotSeconds } = readRows(text, file);
  const shares = rows.map((row): AllocatedShare => {
    const source = row.of("source");
    if (source !== "" && !isSource(source)) {
      wrong(file, row.line, "source", source, `one of ${SOURCES.join(", ")}`);
    }
    return {
      slot: row.slot,
      producer: row.named("producer"),
      consumer: row.named("consumer"),
      ...(source !== "" && { source }),
      energyWh: whOf(row.of("energy_wh"), file, row.line, "energy_wh"),
    };
  });
  return { slotSeconds, shares };
}

/**
 * Reads a report in the same columns, in which producer or consumer may be empty. Throws as {@link allocationFromCsv}.
 */
export function reportFromCsv(
  text: string,
  file = "The report",
): { readonly slotSeconds: number; readonly lines: readonly ReportedEnergy[] } {
  const { rows, slotSeconds } = readRows(text, file);
  const lines = rows.map((row): ReportedEnergy => {
    const [producer, consumer] = [row.of("producer"), row.of("consumer")];
    if (producer === "" && consumer === "") row.named("consumer");
    return {
      slot: row.slot,
      ...(producer !== "" && { producer }),
      ...(consumer !== "" && { consumer }),
      energyWh: whOf(row.of("energy_wh"), file, row.line, "energy_wh"),
    };
  });
  return { slotSeconds, lines };
}

function readRows(text: string, file: string) {
  const [head, ...rows] = readTable(text, ",", file);
  const cellOf = cellsOf(head, COLUMNS, file);
  const slotSeconds = slotLength(rows[0], cellOf, file);
  return {
    slotSeconds,
    rows: rows.map((row) => {
      const slot = slotOfTime(cellOf(row, "slot_start"), slotSeconds, file, row.line, "slot_start");
      const end = cellOf(row, "slot_end");
      if (slotOfTime(end, slotSeconds, file, row.line, "slot_end") !== slot + 1) {
        wrong(file, row.line, "slot_end", end, `${slotSeconds / 60} minutes after slot_start`);
      }
      return {
        slot,
        line: row.line,
        of: (column: Column) => cellOf(row, column),
        named: (column: Column): string =>
          cellOf(row, column) || wrong(file, row.line, column, "", "a name"),
      };
    }),
  };
}

const isSource = (text: string): text is Source => SOURCES.some((source) => source === text);

const timeOf = (unixSeconds: number): string =>
  new Date(unixSeconds * 1000).toISOString().replace(".000Z", "Z");
