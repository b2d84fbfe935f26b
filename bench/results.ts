import { sumOf } from "./cost/floor.ts";
import type { Measured } from "./measure.ts";
import type { Case } from "./row.ts";

/** A row of gas.json. */
export interface Result {
  readonly name: string;
  readonly system: string;
  readonly slots: number;
  readonly pairs?: number;
  readonly case: Case;
  readonly gas: number;
  readonly gasPerSlot: number;
  readonly calldataBytes: number;
  readonly calldataFloor: number;
  readonly floor: number;
  readonly repricedGas: number;
}

export const OUR_SYSTEM = "Wattline";

/** The number of slots of energy that a row moves. */
export const sizeOf = ({ slots, pairs = 1 }: { slots: number; pairs?: number }): number =>
  slots * pairs;

export const resultOf = (row: Measured): Result => ({
  name: row.name,
  system: row.system,
  slots: row.slots,
  ...(row.pairs !== undefined && { pairs: row.pairs }),
  case: row.case,
  gas: Number(row.gas),
  gasPerSlot: Math.round(Number(row.gas) / sizeOf(row)),
  calldataBytes: row.calldataBytes,
  calldataFloor: Number(row.calldataFloor),
  floor: Number(sumOf(row.floor)),
  repricedGas: Number(row.repricedGas),
});

/** What identifies a row. */
export const titleOf = ({ system, name, case: state }: Result): string =>
  `${system}: "${name}" (${state})`;
