import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { slotStart } from "@wattline/sdk";
import {
  type Allocation,
  addedUp,
  allocationToCsv,
  allocationToJson,
  capAtUse,
  compareAllocation,
  constantCoefficients,
  differenceText,
  frenchCoefficients,
  frenchFile,
  hourlyCoefficients,
  type MeteredCommunity,
  namesFromCsv,
  rename,
  spanishFile,
} from "@wattline/sdk/allocation";
import { readInput, readText } from "./inputs.ts";
import { type AllocateCommand, AllocateError } from "./options.ts";
import { readReport } from "./report.ts";

/** The result of the command. */
export interface Told {
  readonly lines: readonly string[];
  /** False when an operator's report differs. */
  readonly isSame: boolean;
}

/**
 * Computes the allocation, writes its files and compares it with the report. Nothing is written before all is computed.
 * @throws as `readInput`, and RangeError where the format can't represent the allocation.
 */
export async function runAllocate(command: AllocateCommand, signal: AbortSignal): Promise<Told> {
  const { input, from, to, out } = command;
  const source = await readInput(input, from, to, signal);
  const { slotSeconds } = source.allocation;
  const isWithin = (slot: number): boolean => {
    const start = slotStart(slot, slotSeconds);
    return start >= from && start < to;
  };
  const metered = source.metered && within(source.metered, isWithin);
  if (metered !== undefined && metered.slotSeconds !== slotSeconds) {
    throw new AllocateError(
      `${input.metered} has slots of ${metered.slotSeconds / 60} minutes, the allocation of ${slotSeconds / 60}.`,
    );
  }
  const names =
    command.names === undefined ? undefined : namesFromCsv(readText(command.names), command.names);
  const allocation = finish(
    { slotSeconds, shares: source.allocation.shares.filter(({ slot }) => isWithin(slot)) },
    input.kind === "key" ? undefined : metered,
    names,
  );
  if (allocation.shares.length === 0) {
    throw new AllocateError("Nothing was allocated between --from and --to; no file was written.");
  }
  const files = filesOf(command, allocation, metered);
  const compared = await compare(command, allocation, isWithin, signal);
  signal.throwIfAborted();
  mkdirSync(out, { recursive: true });
  for (const { name, text } of files) writeFileSync(path.join(out, name), text);
  const energyWh = allocation.shares.reduce((total, share) => total + share.energyWh, 0n);
  return {
    lines: [
      `${energyWh} Wh in ${allocation.shares.length} shares: ${files.map(({ name }) => path.join(out, name)).join(", ")}`,
      ...(source.crossed > 0 ? [`${source.crossed} trades over tie lines are not included.`] : []),
      ...compared.lines,
    ],
    isSame: compared.isSame,
  };
}

/** With metering points as names, and bought energy only up to the metered use. */
function finish(
  allocation: Allocation,
  metered: MeteredCommunity | undefined,
  names: ReadonlyMap<string, string> | undefined,
): Allocation {
  const named = names === undefined ? addedUp(allocation) : rename(allocation, names);
  return metered === undefined ? named : capAtUse(named, metered.usedWh);
}

function filesOf(
  { format, cau = "", from }: AllocateCommand,
  allocation: Allocation,
  metered: MeteredCommunity | undefined,
): { readonly name: string; readonly text: string }[] {
  switch (format) {
    case "csv":
      return [{ name: "allocation.csv", text: allocationToCsv(allocation) }];
    case "json":
      return [{ name: "allocation.json", text: allocationToJson(allocation) }];
    case "fr":
      return frenchCoefficients(allocation, metered?.producedWh ?? new Map()).map(frenchFile);
    default: {
      const coefficients = format === "es-constant" ? constantCoefficients : hourlyCoefficients;
      const year = Number(
        new Intl.DateTimeFormat("en", { timeZone: "Europe/Madrid", year: "numeric" }).format(
          from * 1000,
        ),
      );
      return [spanishFile(coefficients(allocation, cau, year))];
    }
  }
}

async function compare(
  { compare: file, registers, toleranceWh }: AllocateCommand,
  allocation: Allocation,
  isWithin: (slot: number) => boolean,
  signal: AbortSignal,
): Promise<Told> {
  if (file === undefined) return { lines: [], isSame: true };
  const { slotSeconds } = allocation;
  const reported = (await readReport(file, slotSeconds, registers, signal)).filter(({ slot }) =>
    isWithin(slot),
  );
  const timeOf = (slot: number): string =>
    new Date(slotStart(slot, slotSeconds) * 1000).toISOString();
  const differences = compareAllocation(allocation, reported, toleranceWh);
  return {
    lines: [
      ...differences.map((difference) => differenceText(difference, timeOf)),
      differences.length === 0
        ? `${file} agrees in all of its ${reported.length} lines.`
        : `${file} differs in ${differences.length} lines.`,
    ],
    isSame: differences.length === 0,
  };
}

function within(
  { slotSeconds, producedWh, usedWh }: MeteredCommunity,
  isWithin: (slot: number) => boolean,
): MeteredCommunity {
  const cut = (energy: MeteredCommunity["usedWh"]): MeteredCommunity["usedWh"] =>
    new Map(
      [...energy].map(([name, bySlot]) => [
        name,
        new Map([...bySlot].filter(([slot]) => isWithin(slot))),
      ]),
    );
  return { slotSeconds, producedWh: cut(producedWh), usedWh: cut(usedWh) };
}
