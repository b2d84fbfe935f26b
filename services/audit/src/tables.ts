import {
  type ReadingRow,
  type SettlementRow,
  SOURCES,
  type StorageRow,
  slotEnd,
  slotStart,
} from "@wattline/sdk";

/* The tables that an audit writes, wherever it runs. */

/** Heads of the table of settlements; "millis" are thousandths of a base unit. */
export const SETTLEMENT_COLUMNS = [
  "type",
  "block",
  "time",
  "transaction",
  "log_index",
  "seller",
  "buyer",
  "from_microgrid",
  "to_microgrid",
  "source",
  "first_slot_start",
  "last_slot_end",
  "currency",
  "sent_wh",
  "arrived_wh",
  "cost_millis",
  "charge_millis",
  "refund_millis",
  "bond_millis",
  "order_hashes",
  "signers",
];

/** Heads of the table of readings. */
export const READING_COLUMNS = [
  "block",
  "time",
  "transaction",
  "meter",
  "owner",
  "microgrid",
  "source",
  "capacity_w",
  "slot",
  "slot_start",
  "slot_end",
  "exported_wh",
  "kept_for_forwards_wh",
  "signature",
  "sun_most_wh",
];

export const settlementCells = (row: Omit<SettlementRow, "kind">): string[] => [
  row.type,
  String(row.block),
  isoOf(row.time),
  row.transaction,
  String(row.logIndex),
  row.seller,
  row.buyer,
  String(row.from),
  String(row.to),
  SOURCES[row.source] ?? String(row.source),
  isoOf(slotStart(row.firstSlot, row.slotSeconds)),
  isoOf(slotEnd(row.lastSlot, row.slotSeconds)),
  row.currency,
  String(row.sentWh),
  String(row.arrivedWh),
  String(row.costMillis),
  String(row.chargeMillis),
  String(row.refundMillis),
  String(row.bondMillis),
  row.orders.join(" "),
  row.signers.join(" "),
];

export const readingCells = (row: ReadingRow): string[] => [
  String(row.block),
  isoOf(row.time),
  row.transaction,
  row.meter,
  row.owner,
  String(row.microgrid),
  SOURCES[row.source] ?? String(row.source),
  String(row.capacityW),
  String(row.slot),
  isoOf(slotStart(row.slot, row.slotSeconds)),
  isoOf(slotEnd(row.slot, row.slotSeconds)),
  String(row.exportedWh),
  String(row.keptWh),
  row.signature,
  row.sunMostWh === undefined ? "" : String(row.sunMostWh),
];

/** Heads of the table of what batteries exported. */
export const STORAGE_COLUMNS = [
  "meter",
  "microgrid",
  "slot",
  "slot_start",
  "slot_end",
  "exported_wh",
  "retired_to_charge_wh",
  "renewable_wh",
  "not_renewable_wh",
];

export const storageCells = (row: StorageRow): string[] => [
  row.meter,
  String(row.microgrid),
  String(row.slot),
  isoOf(slotStart(row.slot, row.slotSeconds)),
  isoOf(slotEnd(row.slot, row.slotSeconds)),
  String(row.exportedWh),
  String(row.chargedWh),
  String(row.renewableWh),
  String(row.exportedWh - row.renewableWh),
];

const isoOf = (unixSeconds: number): string => {
  const time = new Date(unixSeconds * 1000);
  return Number.isNaN(time.getTime()) ? String(unixSeconds) : time.toISOString();
};
