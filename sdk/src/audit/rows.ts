import type { Address, Hex } from "viem";

/** The audit's record of one slot of a reading. */
export interface ReadingRow {
  readonly kind: "reading";
  readonly block: number;
  readonly time: number;
  readonly transaction: Hex;
  readonly meter: Address;
  readonly owner: Address;
  readonly microgrid: number;
  readonly source: number;
  readonly capacityW: number;
  readonly slot: number;
  readonly slotSeconds: number;
  readonly exportedWh: bigint;
  /** The part of it that was owed to forwards. */
  readonly keptWh: bigint;
  readonly signature: "valid" | "invalid" | "not seen" | "not checked";
  /** The most that the sun can have produced of it; undefined for other sources. */
  readonly sunMostWh?: bigint | undefined;
}

/** The audit's record of one settlement: a trade, a match of a batch, a reservation or a release. */
export interface SettlementRow {
  readonly kind: "settlement";
  readonly type: "accept" | "settle" | "reserve" | "release";
  readonly block: number;
  readonly time: number;
  readonly transaction: Hex;
  readonly logIndex: number;
  readonly seller: Address;
  readonly buyer: Address;
  readonly from: number;
  readonly to: number;
  readonly source: number;
  readonly firstSlot: number;
  readonly lastSlot: number;
  readonly slotSeconds: number;
  readonly currency: Address;
  readonly sentWh: bigint;
  readonly arrivedWh: bigint;
  /** Thousandths of a base unit that the buyer paid, or locked for a reservation; the charge is what went to DSOs. */
  readonly costMillis: bigint;
  readonly chargeMillis: bigint;
  readonly refundMillis: bigint;
  /** What a seller locked for a reservation, or forfeited by a release. */
  readonly bondMillis: bigint;
  readonly orders: readonly Hex[];
  /** Who signed: the maker, its lock's signer, a delegate or a wallet, one word per order; "not seen" without calldata. */
  readonly signers: readonly string[];
}

/** The audit's record of a retirement. */
export interface RetirementRow {
  readonly kind: "retirement";
  readonly block: number;
  readonly time: number;
  readonly transaction: Hex;
  readonly logIndex: number;
  readonly holder: Address;
  readonly beneficiary: Address;
  readonly purpose: string;
  readonly microgrid: number;
  readonly microgridName: string;
  readonly latitudeTenths: number;
  readonly longitudeTenths: number;
  readonly source: number;
  readonly slotSeconds: number;
  /** Wh by slot. */
  readonly energyWh: readonly (readonly [slot: number, wh: bigint])[];
}

export type AuditRow = ReadingRow | SettlementRow | RetirementRow;
