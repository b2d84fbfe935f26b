import { stringify } from "csv-stringify/sync";
import type { EnergyBySlot } from "../../profile.ts";
import { slotStart } from "../../slots.ts";
import type { Allocation } from "../types.ts";
import { readTable, slotOfTime, wrong } from "./table.ts";

/*
 * Coefficients of French collective self-consumption, "full dynamique": per producer and interval, the part of that
 * producer's export that each consumer gets (Code de l'énergie, art. D315-6; Enedis, "Modalités de mise en œuvre d'une
 * opération d'autoconsommation collective", Enedis-OPE-CF_07E). The organiser (PMO) sends them every month: one CSV per
 * producer, named by its metering point, `Horodate` and the consumers' metering points as heads, a row per interval,
 * percent with a decimal comma and one decimal, rounded down so that no row exceeds 100.
 *
 * This shape is that of a public tool's files for such organisers; Enedis' own description of the file could not be
 * checked. The time stamp is the interval's start in ISO 8601 with its offset, which is never ambiguous.
 */

/** Tenths of a percent. */
const WHOLE = 1000n;

/** A producer's coefficients: by slot, tenths of a percent by consumer. */
export interface FrenchCoefficients {
  /** The producer's metering point. */
  readonly producer: string;
  readonly slotSeconds: number;
  readonly consumers: readonly string[];
  /** By slot, in the order of `consumers`. */
  readonly tenthsOfPercent: ReadonlyMap<number, readonly number[]>;
}

/**
 * The part of each producer's export that each consumer got, rounded down.
 * @param producedWh What producers exported, Wh per slot: slots in it without a share become rows of zeros.
 * @throws RangeError when more was allocated than produced.
 */
export function frenchCoefficients(
  { slotSeconds, shares }: Allocation,
  producedWh: ReadonlyMap<string, EnergyBySlot>,
): FrenchCoefficients[] {
  const consumers = [...new Set(shares.map(({ consumer }) => consumer))].sort();
  const given = new Map<string, bigint>();
  for (const { slot, producer, consumer, energyWh } of shares) {
    if (producedWh.get(producer)?.has(slot) !== true) {
      throw new RangeError(
        `${producer} gave energy in slot ${slot}, but its export in that slot is not given.`,
      );
    }
    const key = JSON.stringify([producer, slot, consumer]);
    given.set(key, (given.get(key) ?? 0n) + energyWh);
  }
  return [...producedWh].map(([producer, bySlot]) => ({
    producer,
    slotSeconds,
    consumers,
    tenthsOfPercent: new Map(
      [...bySlot]
        .sort(([a], [b]) => a - b)
        .map(([slot, producedInSlot]) => {
          const parts = consumers.map(
            (consumer) => given.get(JSON.stringify([producer, slot, consumer])) ?? 0n,
          );
          const total = parts.reduce((sum, wh) => sum + wh, 0n);
          if (total > producedInSlot) {
            throw new RangeError(
              `${producer} gave ${total} Wh of ${producedInSlot} Wh in slot ${slot}.`,
            );
          }
          return [slot, parts.map((wh) => (wh === 0n ? 0 : Number((wh * WHOLE) / producedInSlot)))];
        }),
    ),
  }));
}

/** A producer's file and its name. */
export function frenchFile({
  producer,
  slotSeconds,
  consumers,
  tenthsOfPercent,
}: FrenchCoefficients): {
  readonly name: string;
  readonly text: string;
} {
  const rows = [...tenthsOfPercent].map(([slot, tenths]) => [
    new Date(slotStart(slot, slotSeconds) * 1000).toISOString().replace(".000Z", "Z"),
    ...tenths.map((part) => `${Math.floor(part / 10)},${part % 10}`),
  ]);
  const text = stringify([["Horodate", ...consumers], ...rows], { delimiter: ";" });
  return { name: `${producer}.csv`, text };
}

/**
 * Reads such a file.
 * @param name The file's name, which contains the producer.
 * @throws RangeError that names file, line and column.
 */
export function readFrenchFile(
  name: string,
  text: string,
  slotSeconds: number,
): FrenchCoefficients {
  const [, producer = ""] = /^(?:.*[/\\])?([^/\\]+)\.csv$/.exec(name) ?? [];
  if (producer === "")
    throw new RangeError(`${name}: the name must be PRM.csv, the producer's metering point.`);
  const [head, ...rows] = readTable(text, ";", name);
  const [stamp, ...consumers] = head?.cells ?? [];
  if (stamp !== "Horodate" || consumers.length === 0) {
    throw new RangeError(`${name}: the first line must be Horodate;PRM;PRM;… .`);
  }
  const tenthsOfPercent = new Map<number, number[]>();
  for (const { line, cells } of rows) {
    const [time = "", ...parts] = cells;
    const slot = slotOfTime(time, slotSeconds, name, line, "Horodate");
    if (tenthsOfPercent.has(slot)) wrong(name, line, "Horodate", time, "there once only");
    const tenths = consumers.map((consumer, index) => {
      const text = parts[index] ?? "";
      const [, whole, tenth = "0"] = /^(\d{1,3})(?:,(\d))?$/.exec(text) ?? [];
      return whole === undefined
        ? wrong(name, line, consumer, text, "percent such as 12,5")
        : Number(whole) * 10 + Number(tenth);
    });
    const total = tenths.reduce((sum, part) => sum + part, 0);
    if (total > Number(WHOLE))
      throw new RangeError(`${name}, line ${line}: ${total / 10} % is more than 100 %.`);
    tenthsOfPercent.set(slot, tenths);
  }
  return { producer, slotSeconds, consumers, tenthsOfPercent };
}
