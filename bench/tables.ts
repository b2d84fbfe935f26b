import { inColumns } from "@wattline/common/columns";
import { ROLLUPS, type Rollup, USUAL_GAS_PRICES } from "@wattline/community/study";
import { compare } from "./alternatives.ts";
import { type Floor, sumOf } from "./cost/floor.ts";
import type { Measured } from "./measure.ts";
import { OUR_SYSTEM, sizeOf } from "./results.ts";

/** Rows of cells under a heading; the first three columns are words, the others figures. */
interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Below the rows. */
  readonly notes?: readonly string[];
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
    ...piped(rollupTable(measured)),
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

/** Ours on rollups: what each asks for gas, and for the bytes by its own formula. */
const rollupTable = (measured: readonly Measured[]): Table => ({
  title: "On rollups",
  head: [
    ...["system", "row", "case", "gas", "signed bytes"],
    ...ROLLUPS.flatMap(({ name }) => [`${name}: gas, gwei`, "bytes, gwei", "together, cents"]),
  ],
  rows: measured
    .filter(({ system }) => system === OUR_SYSTEM)
    .map((row) => [
      ...[row.system, row.name, row.case, figure(row.gas)],
      figure(row.transactions.reduce((sum, { bytes }) => sum + bytes.length, 0)),
      ...ROLLUPS.flatMap((rollup) => rollupCells(row, rollup)),
    ]),
  notes: [
    `Gas is multiplied by what the rollup asks at least, and its bytes are charged by its formula, with Ethereum's gas at ${USUAL_GAS_PRICES.l1Gwei} gwei, a blob's byte at ${USUAL_GAS_PRICES.blobGwei} gwei and ether at ${USUAL_GAS_PRICES.etherPrice.toLocaleString("en")} of the currency: assumptions that change by the hour. Cents are (gas + bytes) / 10^9 × ${USUAL_GAS_PRICES.etherPrice.toLocaleString("en")} × 100. An operation of several transactions is their sum.`,
    "",
    ...ROLLUPS.map(
      ({ name, gwei, formula, source }) =>
        `- ${name}: ${gwei} gwei a gas; bytes: ${formula} (${source})`,
    ),
  ],
});

function rollupCells({ transactions }: Measured, { gwei, dataFee }: Rollup): string[] {
  const forGas = transactions.reduce((sum, { gas }) => sum + Number(gas) * gwei, 0);
  const forBytes = transactions.reduce(
    (sum, { bytes }) => sum + dataFee(bytes, USUAL_GAS_PRICES),
    0,
  );
  const cents = ((forGas + forBytes) / 1e9) * USUAL_GAS_PRICES.etherPrice * 100;
  return [forGas.toFixed(1), forBytes.toFixed(1), cents.toFixed(3)];
}

function aligned({ title, head, rows }: Table): string {
  const lines = inColumns([head, ...rows], WORD_COLUMNS);
  const rule = "─".repeat(lines[0]?.length ?? 0);
  return [title, rule, lines[0], rule, ...lines.slice(1)].join("\n");
}

const piped = ({ title, head, rows, notes = [] }: Table): string[] => [
  "",
  `## ${title}`,
  "",
  ...[head, head.map((_, column) => (column < WORD_COLUMNS ? "---" : "---:")), ...rows].map(
    (row) => `| ${row.join(" | ")} |`,
  ),
  ...(notes.length > 0 ? ["", ...notes] : []),
];

const figure = (value: number | bigint): string =>
  (typeof value === "bigint" ? value : Math.round(value)).toLocaleString("en");

const above = (gas: bigint, floor: bigint): string =>
  `${((Number(gas) / Number(floor) - 1) * 100).toFixed(1)} %`;
