import { BenchFailure } from "./failure.ts";
import { OUR_SYSTEM, type Result, titleOf } from "./results.ts";

/** How much worse a figure may get before the check fails, as a fraction of the committed one. */
const TOLERANCE = 0.01;
const FIGURES = ["gas", "calldataBytes", "repricedGas"] as const;

/** Figures that are worse than committed, a sentence each: our rows only. */
export function findWorse(committed: readonly Result[], measured: readonly Result[]): string[] {
  const now = byTitle(measured);
  const before = byTitle(committed.filter(({ system }) => system === OUR_SYSTEM));
  const missing = [...before.keys()]
    .filter((title) => !now.has(title))
    .map((title) => `${title} is in the baseline, but was not measured.`);

  const worse = [...now].flatMap(([title, row]) => {
    const old = before.get(title);
    if (old === undefined) return [`${title} was measured, but is not in the baseline.`];
    return FIGURES.filter((figure) => row[figure] > old[figure] * (1 + TOLERANCE)).map(
      (figure) =>
        `${title}: ${figure} went up by ${percent(old[figure], row[figure])} from ${old[figure]} to ${row[figure]}.`,
    );
  });
  return [...missing, ...worse];
}

function byTitle(rows: readonly Result[]): ReadonlyMap<string, Result> {
  const titled = new Map<string, Result>();
  for (const row of rows) {
    const title = titleOf(row);
    if (titled.has(title)) throw new BenchFailure(`There are two rows of ${title}.`);
    titled.set(title, row);
  }
  return titled;
}

const percent = (old: number, now: number): string => `${((now / old - 1) * 100).toFixed(1)} %`;
