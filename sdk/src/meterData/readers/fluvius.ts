import { sniffMark } from "../sniff.ts";
import type { RegisterMeaning } from "../table.ts";
import { headerOf, type LayoutOf, tableReader, zoneFor } from "./reader.ts";

/**
 * Fluvius (Flanders): a row for each register and quarter-hour, with start and end; volumes are empty where
 * nothing was used. In Dutch, French or English. Description and sample: Home-Assistant-Import-Energy-Data, folder
 * Fluvius (MIT licence).
 */
const COLUMNS = {
  startDate: /^(?:van|du|from) \(?dat(?:um|e)\)?$/i,
  startTime: /^(?:van \(?tijdstip|du \(?heure|from \(?time)\)?$/i,
  endDate: /^(?:tot|au|until) \(?dat(?:um|e)\)?$/i,
  endTime: /^(?:tot \(?tijdstip|au \(?heure|until \(?time)\)?$/i,
  meter: /^(?:code )?EAN(?:[- ]code)?$/i,
  register: /^regist(?:er|re)$/i,
  volume: /^volume$/i,
  unit: /^(?:eenheid|unit[ée]?)$/i,
  quality: /^(?:validatiestatus|validation status|.*validation)$/i,
} as const;

const NOTHING_USED = /geen verbruik|pas de consommation|no consumption/i;

export const layout: LayoutOf = (head, answers) => {
  const wanted =
    "Van (datum), Van (tijdstip), Tot (datum), Tot (tijdstip), EAN, Register, Volume, Eenheid";
  const isHeader = (cells: readonly string[]): boolean =>
    [COLUMNS.startDate, COLUMNS.startTime, COLUMNS.register, COLUMNS.volume].every((pattern) =>
      cells.some((cell) => pattern.test(cell)),
    );
  const { header, body } = headerOf(head, isHeader, wanted);
  const at = (pattern: RegExp): number => header.cells.findIndex((cell) => pattern.test(cell));
  const volume = at(COLUMNS.volume);
  const quality = at(COLUMNS.quality);
  const ean = at(COLUMNS.meter);
  return {
    headerRow: header.row,
    columns: header.cells,
    values: [
      {
        index: volume,
        time: {
          start: { date: at(COLUMNS.startDate), time: at(COLUMNS.startTime) },
          end: { date: at(COLUMNS.endDate), time: at(COLUMNS.endTime) },
        },
        kind: "energy",
        milli: 1e6,
        meterId: "meter",
        direction: "import",
        quantity: "energy",
        ...(quality >= 0 && { quality }),
      },
    ],
    zone: zoneFor(head.file, answers, "Europe/Brussels"),
    dateOrder: "dmy",
    decimalMark: sniffMark(body, [volume]) ?? ",",
    seconds: undefined,
    ...(ean >= 0 && { meterColumn: ean }),
    unitColumn: at(COLUMNS.unit),
    registerColumn: at(COLUMNS.register),
    meaningOf,
    emptyIsZero: (cells) => NOTHING_USED.test(cells[quality] ?? ""),
  };
};

export const read = tableReader("fluvius", layout);

function meaningOf(register: string): RegisterMeaning {
  if (/afname|pr[ée]l[èe]vement|offtake/i.test(register)) return { direction: "import", register };
  return /injecti/i.test(register) ? { direction: "export", register } : undefined;
}
