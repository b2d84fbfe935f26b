import { parseAmount } from "../../units.ts";
import type { AllocationKey, MeteredCommunity, Millionths } from "../types.ts";
import { cellsOf, readTable, slotLength, slotOfTime, whOf, wrong } from "./table.ts";

const COLUMNS = ["slot_start", "slot_end", "meter", "produced_wh", "used_wh"] as const;

/**
 * Reads what a community's meters counted: a row per slot and meter, in whole Wh. An empty cell means that the meter
 * does not count that direction.
 * @param file Names the file in errors.
 * @throws RangeError that names file, line, column and value.
 */
export function meteredFromCsv(text: string, file = "The CSV"): MeteredCommunity {
  const [head, ...rows] = readTable(text, ",", file);
  const cellOf = cellsOf(head, COLUMNS, file);
  const slotSeconds = slotLength(rows[0], cellOf, file);
  const [producedWh, usedWh] = [
    new Map<string, Map<number, bigint>>(),
    new Map<string, Map<number, bigint>>(),
  ];
  for (const row of rows) {
    const slot = slotOfTime(cellOf(row, "slot_start"), slotSeconds, file, row.line, "slot_start");
    const meter = cellOf(row, "meter") || wrong(file, row.line, "meter", "", "a name");
    for (const [column, energy] of [
      ["produced_wh", producedWh],
      ["used_wh", usedWh],
    ] as const) {
      const cell = cellOf(row, column);
      if (cell === "") continue;
      const bySlot = energy.get(meter) ?? new Map<number, bigint>();
      energy.set(meter, bySlot);
      if (bySlot.has(slot))
        wrong(file, row.line, "slot_start", cellOf(row, "slot_start"), `there once for ${meter}`);
      bySlot.set(slot, whOf(cell, file, row.line, column));
    }
  }
  return { slotSeconds, producedWh, usedWh };
}

/** A community's allocation key, and its meters' participation factors. */
export interface KeyFile {
  readonly key: AllocationKey;
  /** Whole percent by meter; 100 for a meter that is missing. */
  readonly participation: ReadonlyMap<string, number>;
}

/**
 * Reads a key: `{"key": "static", "percent": {"METER": "12.5"}, "participation": {"METER": 60}}`.
 * @param file Names the file in errors.
 * @throws RangeError that names file, member and value.
 */
export function keyFromJson(text: string, file = "The key"): KeyFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`${file} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  const members = new Map(Object.entries(json ?? {}));
  for (const member of members.keys()) {
    if (["key", "percent", "participation"].includes(member)) continue;
    throw new RangeError(
      `${file} has the unknown member ${member}; allowed are key, percent and participation.`,
    );
  }
  const kind: unknown = members.get("key");
  const participation = new Map<string, number>();
  for (const [meter, percent] of Object.entries(members.get("participation") ?? {})) {
    if (typeof percent !== "number" || !Number.isInteger(percent) || percent < 1 || percent > 100) {
      throw new RangeError(
        `${file}: participation of ${meter} is ${JSON.stringify(percent)}, not 1 to 100 whole percent.`,
      );
    }
    participation.set(meter, percent);
  }
  if (kind === "dynamic") return { key: { kind }, participation };
  if (kind !== "static" && kind !== "hybrid") {
    throw new RangeError(`${file}: key is ${JSON.stringify(kind)}, not dynamic, static or hybrid.`);
  }
  const parts = new Map<string, Millionths>();
  for (const [meter, percent] of Object.entries(members.get("percent") ?? {})) {
    parts.set(meter, Number(parseAmount(String(percent), 4, `${file}: the percent of ${meter}`)));
  }
  if (parts.size === 0) throw new RangeError(`${file}: a ${kind} key needs percent by meter.`);
  return { key: { kind, parts }, participation };
}
