import type { AllocatedShare, Allocation } from "./types.ts";

/**
 * A row of an operator's report. With producer and consumer: what the producer gave the consumer. With a consumer
 * alone: what it got from the whole community. With a producer alone: what it gave to the community.
 */
export interface ReportedEnergy {
  readonly slot: number;
  readonly producer?: string;
  readonly consumer?: string;
  readonly energyWh: bigint;
}

/** A slot in which two allocations differ. */
export interface AllocationDifference {
  readonly slot: number;
  readonly producer?: string;
  readonly consumer?: string;
  /** 0 where our allocation has nothing. */
  readonly oursWh: bigint;
  /** 0 where the report has nothing. */
  readonly theirsWh: bigint;
  /** True where the report has no row at all, which differs from a row of 0. */
  readonly isMissing: boolean;
}

/**
 * Lists every slot in which an operator's report differs from our allocation, by pair, by consumer and by producer, for
 * the kinds of row that the report has; sorted by slot, then by name. Sources are added up.
 */
export function compareAllocation(
  ours: Allocation,
  theirs: readonly ReportedEnergy[],
  toleranceWh = 0n,
): AllocationDifference[] {
  const reported = linesOf(theirs);
  const kinds = new Set(theirs.map(kindOf));
  const own = linesOf(
    ours.shares.flatMap((share) => views(share).filter((view) => kinds.has(kindOf(view)))),
  );
  const differences: AllocationDifference[] = [];
  for (const key of new Set([...own.keys(), ...reported.keys()])) {
    const [mine, other] = [own.get(key), reported.get(key)];
    const [oursWh, theirsWh] = [mine?.energyWh ?? 0n, other?.energyWh ?? 0n];
    const line = mine ?? other;
    const difference = oursWh < theirsWh ? theirsWh - oursWh : oursWh - theirsWh;
    if (line === undefined || difference <= toleranceWh) continue;
    const { energyWh: _, ...place } = line;
    differences.push({ ...place, oursWh, theirsWh, isMissing: other === undefined });
  }
  return differences.sort(byPlace);
}

/** A difference in words. */
export function differenceText(
  { slot, producer, consumer, oursWh, theirsWh, isMissing }: AllocationDifference,
  timeOf: (slot: number) => string,
): string {
  const who =
    producer !== undefined && consumer !== undefined
      ? `${producer} to ${consumer}`
      : consumer !== undefined
        ? `to ${consumer}`
        : `from ${producer}`;
  const other = isMissing ? "not in the report" : `${theirsWh} Wh in the report`;
  return `${timeOf(slot)} ${who}: ${oursWh} Wh here, ${other}`;
}

const kindOf = ({ producer, consumer }: ReportedEnergy): string =>
  `${producer !== undefined} ${consumer !== undefined}`;

const views = ({ slot, producer, consumer, energyWh }: AllocatedShare): ReportedEnergy[] => [
  { slot, producer, consumer, energyWh },
  { slot, consumer, energyWh },
  { slot, producer, energyWh },
];

function linesOf(lines: readonly ReportedEnergy[]): Map<string, ReportedEnergy> {
  const added = new Map<string, ReportedEnergy>();
  for (const line of lines) {
    const { slot, producer, consumer, energyWh } = line;
    if (producer === undefined && consumer === undefined) {
      throw new RangeError(`A row of slot ${slot} names neither producer nor consumer.`);
    }
    const key = JSON.stringify([slot, producer ?? null, consumer ?? null]);
    added.set(key, {
      slot,
      ...(producer !== undefined && { producer }),
      ...(consumer !== undefined && { consumer }),
      energyWh: (added.get(key)?.energyWh ?? 0n) + energyWh,
    });
  }
  return added;
}

const byPlace = (a: AllocationDifference, b: AllocationDifference): number =>
  a.slot - b.slot ||
  compareNames(a.consumer ?? "", b.consumer ?? "") ||
  compareNames(a.producer ?? "", b.producer ?? "");

const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
