import { mkdirSync } from "node:fs";
import path from "node:path";
import {
  type AuditRow,
  CERTIFICATE_STANDARD,
  type CertificateIssuer,
  certificatesOf,
  freeze,
  type ReadingRow,
  type SettlementRow,
  SOURCES,
  slotEnd,
  slotStart,
  thaw,
} from "@wattline/sdk";
import { stringify } from "csv-stringify/sync";
import { GrowingFile } from "./files.ts";
import { Totals } from "./totals.ts";

const SETTLEMENTS = "settlements.csv";
const READINGS = "readings.csv";
const CERTIFICATES = "certificates.json";

const SETTLEMENT_COLUMNS = [
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
  "cost_base_units",
  "charge_base_units",
  "refund_base_units",
  "bond_base_units",
  "order_hashes",
  "signers",
];

const READING_COLUMNS = [
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

/** Rows that are put into CSV at a time. */
const ROWS_AT_ONCE = 200;

interface Kept {
  readonly bytes: { readonly [file: string]: number };
  readonly retired: Map<string, bigint>;
  readonly totals: ReturnType<Totals["kept"]>;
  readonly certificates: number;
}

/** What an audit writes as it goes: two tables and the certificates, a row at a time, so that memory stays flat. */
export class Outputs {
  readonly totals: Totals;
  readonly #issuer: CertificateIssuer;
  readonly #settlements: GrowingFile;
  readonly #readings: GrowingFile;
  readonly #certificates: GrowingFile;
  readonly #retired: Map<string, bigint>;
  #certificateCount: number;
  #settlementRows: SettlementRow[] = [];
  #readingRows: ReadingRow[] = [];

  /** @param resume What {@link freeze} returned. */
  constructor(folder: string, issuer: CertificateIssuer, resume?: string) {
    mkdirSync(folder, { recursive: true });
    const kept = resume === undefined ? undefined : (thaw(resume) as Kept);
    const open = (name: string) => new GrowingFile(path.join(folder, name), kept?.bytes[name] ?? 0);
    this.#issuer = issuer;
    this.#settlements = open(SETTLEMENTS);
    this.#readings = open(READINGS);
    this.#certificates = open(CERTIFICATES);
    this.#retired = kept?.retired ?? new Map();
    this.#certificateCount = kept?.certificates ?? 0;
    this.totals = new Totals(kept?.totals);
    if (kept !== undefined) return;
    this.#settlements.write(csvOf([SETTLEMENT_COLUMNS]));
    this.#readings.write(csvOf([READING_COLUMNS]));
    this.#certificates.write(
      `${JSON.stringify(CERTIFICATE_STANDARD).slice(0, -1)},"certificates":[`,
    );
  }

  row(row: AuditRow): void {
    this.totals.add(row);
    switch (row.kind) {
      case "settlement":
        this.#settlementRows.push(row);
        break;
      case "reading":
        this.#readingRows.push(row);
        break;
      case "retirement":
        for (const each of certificatesOf(row, this.#issuer, this.#retired)) {
          this.#certificates.write(`${this.#certificateCount++ === 0 ? "" : ","}\n`);
          this.#certificates.write(JSON.stringify(each));
        }
    }
    if (this.#settlementRows.length + this.#readingRows.length >= ROWS_AT_ONCE) this.#flush();
  }

  /** All that another run needs to go on from here. */
  freeze(): string {
    this.#flush();
    const kept: Kept = {
      bytes: {
        [SETTLEMENTS]: this.#settlements.bytes(),
        [READINGS]: this.#readings.bytes(),
        [CERTIFICATES]: this.#certificates.bytes(),
      },
      retired: this.#retired,
      totals: this.totals.kept(),
      certificates: this.#certificateCount,
    };
    return freeze(kept);
  }

  finish(): void {
    this.#flush();
    this.#certificates.write(`${this.#certificateCount === 0 ? "" : "\n"}]}\n`);
    for (const file of [this.#settlements, this.#readings, this.#certificates]) file.finish();
  }

  /** Leaves everything for another run. */
  leave(): void {
    for (const file of [this.#settlements, this.#readings, this.#certificates]) file.leave();
  }

  #flush(): void {
    if (this.#settlementRows.length > 0) {
      this.#settlements.write(csvOf(this.#settlementRows.map(settlementCells)));
    }
    if (this.#readingRows.length > 0) {
      this.#readings.write(csvOf(this.#readingRows.map(readingCells)));
    }
    this.#settlementRows = [];
    this.#readingRows = [];
  }
}

/** A cell that a spreadsheet would take for a formula gets a quotation mark in front. */
export const csvOf = (rows: readonly (readonly (string | number)[])[]): string =>
  stringify(
    rows.map((row) => [...row]),
    { escape_formulas: true },
  );

const settlementCells = (row: SettlementRow): string[] => [
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
  String(row.cost),
  String(row.charge),
  String(row.refund),
  String(row.bond),
  row.orders.join(" "),
  row.signers.join(" "),
];

const readingCells = (row: ReadingRow): string[] => [
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

const isoOf = (unixSeconds: number): string => {
  const time = new Date(unixSeconds * 1000);
  return Number.isNaN(time.getTime()) ? String(unixSeconds) : time.toISOString();
};
