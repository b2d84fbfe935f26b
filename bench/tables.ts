import { inColumns } from "@wattline/common/columns";
import { compare } from "./alternatives.ts";
import { type Floor, sumOf } from "./cost/floor.ts";
import type { Measured } from "./measure.ts";
import { OUR_SYSTEM, sizeOf } from "./results.ts";

/** Rows of cells under a heading; the first three columns are words, the others figures. */
interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const WORD_COLUMNS = 3;

/** For the terminal. */
export const textOf = (measured: readonly Measured[]): string =>
  comparisonsOf(measured).map(aligned).join("\n\n");

/** gas.md. */
export const markdownOf = (measured: readonly Measured[]): string =>
  [
    "# Gas, side by side",
    "",
    "Written by `npm run bench:gas`; what the columns mean, and what to make of them, is in [README.md](README.md).",
    ...comparisonsOf(measured).flatMap(piped),
    ...piped(floorTable(measured)),
    "",
  ].join("\n");

/** A table per work: ours first, then the peers'. */
function comparisonsOf(measured: readonly Measured[]): Table[] {
  const works = [...new Set(measured.map(({ work }) => work))];
  return works.map((work) => ({
    title: `To ${work}`,
    head: [
      "system",
      "row",
      "case",
      "gas",
      "per slot",
      "calldata B/slot",
      "calldata floor",
      "of the best alternative",
      "repriced",
      "repriced, of the best",
      "floor",
      "above floor",
    ],
    rows: measured
      .filter((row) => row.work === work)
      .sort((a, b) => rank(a) - rank(b) || sizeOf(a) - sizeOf(b))
      .map((row) => rowOf(row, measured)),
  }));
}

const rank = ({ system }: Measured): number => (system === OUR_SYSTEM ? 0 : 1);

function rowOf(row: Measured, all: readonly Measured[]): string[] {
  const comparison = compare(row, all);
  const times = (ratio: number | undefined) => (ratio === undefined ? "" : `${ratio.toFixed(2)} ×`);
  const best = comparison === undefined ? "" : ` ${comparison.best.system}`;
  return [
    row.system,
    row.name,
    row.case,
    figure(row.gas),
    figure(Number(row.gas) / sizeOf(row)),
    figure(row.calldataBytes / sizeOf(row)),
    figure(row.calldataFloor),
    `${times(comparison?.ratio)}${best}`,
    figure(row.repricedGas),
    times(comparison?.repricedRatio),
    figure(sumOf(row.floor)),
    above(row.gas, sumOf(row.floor)),
  ];
}

const ITEMS: readonly (keyof Floor)[] = ["intrinsic", "calldata", "signatures", "storage", "logs"];

const floorTable = (measured: readonly Measured[]): Table => ({
  title: "The floor, item by item",
  head: ["system", "row", "case", ...ITEMS, "floor", "gas", "above floor"],
  rows: measured.map(({ system, name, case: state, gas, floor }) => [
    system,
    name,
    state,
    ...ITEMS.map((item) => figure(floor[item])),
    figure(sumOf(floor)),
    figure(gas),
    above(gas, sumOf(floor)),
  ]),
});

function aligned({ title, head, rows }: Table): string {
  const lines = inColumns([head, ...rows], WORD_COLUMNS);
  const rule = "─".repeat(lines[0]?.length ?? 0);
  return [title, rule, lines[0], rule, ...lines.slice(1)].join("\n");
}

const piped = ({ title, head, rows }: Table): string[] => [
  "",
  `## ${title}`,
  "",
  ...[head, head.map((_, column) => (column < WORD_COLUMNS ? "---" : "---:")), ...rows].map(
    (row) => `| ${row.join(" | ")} |`,
  ),
];

const figure = (value: number | bigint): string =>
  (typeof value === "bigint" ? value : Math.round(value)).toLocaleString("en");

const above = (gas: bigint, floor: bigint): string =>
  `${((Number(gas) / Number(floor) - 1) * 100).toFixed(1)} %`;
