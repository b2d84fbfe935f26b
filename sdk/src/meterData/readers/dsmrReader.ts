import { sniffMark, sniffOffset, sniffSeconds, zoneQuestion } from "../sniff.ts";
import type { ValueColumn } from "../table.ts";
import { headerOf, type LayoutOf, tableReader, zoneFor } from "./reader.ts";

/**
 * DSMR-reader's export of hours (the Netherlands): two tariffs in each direction, in kWh, stamped at their start
 * with the offset. Sample: Home-Assistant-Import-Energy-Data, folder DSMR-reader (MIT licence).
 */
const ENERGY = /^electricity (\d)( returned)?/i;
const START = /^hour start$/i;

export const layout: LayoutOf = (head, answers, into) => {
  const { header, body } = headerOf(
    head,
    (cells) => cells.some((cell) => START.test(cell)) && cells.some((cell) => ENERGY.test(cell)),
    "Hour Start, Electricity 1 …",
  );
  const names = header.cells;
  const time = { start: { date: names.findIndex((name) => START.test(name)) } };
  const values = names
    .map((name, index): ValueColumn | undefined => {
      const found = ENERGY.exec(name);
      const direction = found?.[2] ? "export" : "import";
      return found
        ? {
            index,
            time,
            kind: "energy",
            milli: 1e6,
            meterId: "meter",
            direction,
            quantity: "energy",
            register: found[1] ?? "",
          }
        : undefined;
    })
    .filter((value) => value !== undefined);
  const offsets = sniffOffset(body, time, "ymd");
  const zone = offsets && !answers.timeZone ? undefined : zoneFor(head.file, answers);
  if (!offsets && !zone) into.ask(zoneQuestion("Hour Start"));
  return {
    headerRow: header.row,
    columns: names,
    values,
    zone,
    dateOrder: "ymd",
    decimalMark:
      sniffMark(
        body,
        values.map(({ index }) => index),
      ) ?? ".",
    seconds: sniffSeconds(body, time, "ymd") ?? 3600,
  };
};

export const read = tableReader("dsmrReader", layout);
