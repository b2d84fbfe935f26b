/** What a community's transactions cost on rollups, by the formulas that those publish. */
import { brotliCompressSync, constants } from "node:zlib";
import type { SentTransaction } from "./weeks.ts";

/** Prices that change by the minute: what is given here is an assumption. */
export interface GasPrices {
  /** Ethereum's base fee, gwei per gas. */
  readonly l1Gwei: number;
  /** Ethereum's blob base fee, gwei per byte of a blob. */
  readonly blobGwei: number;
  /** In the currency of the study. */
  readonly etherPrice: number;
}

export const USUAL_GAS_PRICES: GasPrices = { l1Gwei: 1, blobGwei: 0.01, etherPrice: 3000 };

/** A rollup, and how it charges. */
export interface Rollup {
  readonly name: string;
  /** For execution, gwei per gas: what the rollup asks at least. */
  readonly gwei: number;
  /** How it counts what a transaction's bytes cost on Ethereum, for people. */
  readonly formula: string;
  readonly source: string;
  /** In gwei. */
  dataFee(bytes: Uint8Array, prices: GasPrices): number;
}

/** What a kind of transaction costs on a rollup, on average. Gwei. */
export interface ActCost {
  readonly act: SentTransaction["act"];
  readonly transactions: number;
  readonly gasUsed: number;
  readonly bytes: number;
  readonly executionGwei: number;
  readonly dataGwei: number;
}

export interface RollupCost {
  readonly rollup: Rollup;
  readonly acts: readonly ActCost[];
  /** In the currency of the study, for each home and year. */
  readonly perHomeAndYear: number;
}

/** Constants of the Fjord upgrade, in millionths. */
const FJORD = { intercept: -42.5856, perByte: 0.8365, leastBytes: 100 } as const;

/**
 * The fee of the OP Stack since Fjord. How far FastLZ compresses is not computed: the upper bound that the oracle itself uses
 * (`getL1FeeUpperBound`) is taken, for bytes that do not compress.
 */
const fjordFee =
  (baseFeeScalar: number, blobFeeScalar: number) =>
  (bytes: Uint8Array, { l1Gwei, blobGwei }: GasPrices): number => {
    const mostBytes = bytes.length + Math.floor(bytes.length / 255) + 16;
    const size = Math.max(FJORD.leastBytes, FJORD.intercept + FJORD.perByte * mostBytes);
    const perByte = (baseFeeScalar * l1Gwei * 16 + blobFeeScalar * blobGwei) / 1e6;
    return size * perByte;
  };

/**
 * Nitro counts the bytes that Brotli leaves at its lowest level. Its price of a byte follows what its batches cost, so that whoever
 * posts them is paid back: taken is what a byte of a blob costs.
 */
const nitroFee = (bytes: Uint8Array, { blobGwei }: GasPrices): number => {
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 0 };
  return brotliCompressSync(bytes, { params: quality }).length * blobGwei;
};

const FJORD_FORMULA =
  "max(100, 0.8365 × bytes by FastLZ, at most - 42.5856) × (base fee scalar × 16 × L1 base fee + blob fee scalar × blob base fee)";
const FJORD_SOURCE = "https://specs.optimism.io/protocol/fjord/exec-engine.html";

export const ROLLUPS: readonly Rollup[] = [
  {
    name: "OP Mainnet",
    gwei: 0.001,
    formula: `${FJORD_FORMULA}; scalars 0.001368 and 0.810949`,
    source: FJORD_SOURCE,
    dataFee: fjordFee(1_368, 810_949),
  },
  {
    name: "Base",
    gwei: 0.005,
    formula: `${FJORD_FORMULA}; scalars 0.002269 and 1.055762`,
    source: FJORD_SOURCE,
    dataFee: fjordFee(2_269, 1_055_762),
  },
  {
    name: "Arbitrum One",
    gwei: 0.01,
    formula: "bytes by Brotli at level 0 × L1 price, taken to be the blob base fee",
    source: "https://docs.arbitrum.io/how-arbitrum-works/deep-dives/gas-and-fees",
    dataFee: nitroFee,
  },
];

const GWEI_PER_ETHER = 1e9;
const DAYS_PER_YEAR = 365;

/** What the transactions of some days of a community cost on every rollup. */
export function rollupCosts(
  transactions: readonly SentTransaction[],
  { homes, days }: { readonly homes: number; readonly days: number },
  prices: GasPrices,
): RollupCost[] {
  return ROLLUPS.map((rollup) => {
    const acts = (["report", "settle"] as const).flatMap((act) => {
      const own = transactions.filter((each) => each.act === act);
      return own.length === 0 ? [] : [costOf(act, own, rollup, prices)];
    });
    const gwei = acts.reduce(
      (sum, each) => sum + each.transactions * (each.executionGwei + each.dataGwei),
      0,
    );
    const perDay = (gwei / GWEI_PER_ETHER) * prices.etherPrice;
    return { rollup, acts, perHomeAndYear: (perDay / days / homes) * DAYS_PER_YEAR };
  });
}

function costOf(
  act: SentTransaction["act"],
  transactions: readonly SentTransaction[],
  rollup: Rollup,
  prices: GasPrices,
): ActCost {
  const mean = (of: (each: SentTransaction) => number) =>
    transactions.reduce((sum, each) => sum + of(each), 0) / transactions.length;
  const gasUsed = mean((each) => Number(each.gasUsed));
  return {
    act,
    transactions: transactions.length,
    gasUsed,
    bytes: mean(({ bytes }) => bytes.length),
    executionGwei: gasUsed * rollup.gwei,
    dataGwei: mean(({ bytes }) => rollup.dataFee(bytes, prices)),
  };
}
