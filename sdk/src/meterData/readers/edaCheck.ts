import type { Collector } from "../collector.ts";
import type { Direction, Quantity } from "../types.ts";

/** A column of an energy community's report, one entry per quarter-hour. */
export interface CommunityColumn {
  readonly meterId: string;
  readonly direction: Direction;
  readonly quantity: Quantity;
  readonly milliWh: (number | undefined)[];
  readonly rows: number[];
}

/** One decimal of kWh less than the report has is a rounding. */
const SMALLEST_MILLI_WH = 1.5;

/**
 * Checks what must hold in each quarter-hour of a community's report, and names the quarters in which it fails:
 * share = the community's production x key, coverage = the lesser of consumption and share. The key is the
 * meter's part of the community's consumption (dynamic); where that explains fewer quarters than a fixed key
 * does, it is the meter's share of the whole production (static).
 */
export function checkCommunity(columns: readonly CommunityColumn[], into: Collector): void {
  const production = columns.filter(
    (each) => each.quantity === "energy" && each.direction === "export",
  );
  const members = columns
    .filter((each) => each.quantity === "energy" && each.direction === "import")
    .map((consumption) => ({
      consumption,
      share: partner(columns, consumption, "communityShare"),
      coverage: partner(columns, consumption, "ownCoverage"),
    }));
  const quarters = columns[0]?.rows.length ?? 0;
  const tolerance = toleranceOf(columns);
  const sums = Array.from({ length: quarters }, (_, at) => ({
    produced: sumAt(production, at),
    consumed: sumAt(
      members.map(({ consumption }) => consumption),
      at,
    ),
  }));

  const expectations = members.map(({ consumption, share }) => {
    const total = sums.reduce((sum, { produced }) => sum + (produced ?? 0), 0);
    const fixedKey =
      share && total > 0
        ? share.milliWh.reduce<number>((sum, each) => sum + (each ?? 0), 0) / total
        : 0;
    const dynamic = (at: number): number | undefined => {
      const { produced, consumed } = sums[at] ?? {};
      const own = consumption.milliWh[at];
      if (produced === undefined || consumed === undefined || own === undefined) return undefined;
      return consumed === 0 ? 0 : (produced * own) / consumed;
    };
    const fixed = (at: number): number | undefined => {
      const produced = sums[at]?.produced;
      return produced === undefined ? undefined : produced * fixedKey;
    };
    return { dynamic, fixed };
  });
  const shareFails = (at: number, kind: "dynamic" | "fixed"): boolean =>
    members.some(({ share }, index) => {
      const expected = expectations[index]?.[kind](at);
      const stated = share?.milliWh[at];
      return (
        expected !== undefined && stated !== undefined && Math.abs(expected - stated) > tolerance
      );
    });
  const hasShares = members.some(({ share }) => share);
  if (!hasShares) return;
  const all = Array.from({ length: quarters }, (_, at) => at);
  const wrongIf = (kind: "dynamic" | "fixed"): number =>
    production.length === 0 ? 0 : all.filter((at) => shareFails(at, kind)).length;
  const kind = wrongIf("dynamic") <= wrongIf("fixed") ? "dynamic" : "fixed";
  for (const at of all) {
    const wrongShare = production.length > 0 && shareFails(at, kind);
    const wrongCoverage = members.some(({ consumption, share, coverage }) => {
      const [own, offered, covered] = [
        consumption.milliWh[at],
        share?.milliWh[at],
        coverage?.milliWh[at],
      ];
      if (own === undefined || offered === undefined || covered === undefined) return false;
      return Math.abs(Math.min(own, offered) - covered) > tolerance;
    });
    if (!wrongShare && !wrongCoverage) continue;
    const row = columns[0]?.rows[at] ?? 0;
    const message = wrongShare
      ? `a share is not the community's production x its ${kind} key`
      : "a coverage is not the lesser of consumption and share";
    into.find({ kind: "community", row, lastRow: row, count: 1, message });
  }
}

const partner = (
  columns: readonly CommunityColumn[],
  { meterId }: CommunityColumn,
  quantity: Quantity,
): CommunityColumn | undefined =>
  columns.find((each) => each.meterId === meterId && each.quantity === quantity);

/** The sum of a quarter; undefined when a value is missing. */
function sumAt(columns: readonly CommunityColumn[], at: number): number | undefined {
  let sum = 0;
  for (const { milliWh } of columns) {
    const value = milliWh[at];
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}

/** What rounding to the report's decimals can make: a step of its last decimal and a half. */
function toleranceOf(columns: readonly CommunityColumn[]): number {
  for (const step of [1000, 100, 10]) {
    const rounded = columns.every(({ milliWh }) =>
      milliWh.every(
        (each) => each === undefined || Math.abs(each / step - Math.round(each / step)) < 1e-6,
      ),
    );
    if (rounded) return step * 1.5;
  }
  return SMALLEST_MILLI_WH;
}
