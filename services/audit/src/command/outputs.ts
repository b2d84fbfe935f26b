import { mkdirSync } from "node:fs";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import {
  type AuditRow,
  CERTIFICATE_STANDARD,
  type CertificateIssuer,
  certificatesOf,
  freeze,
  type ReadingRow,
  type SettlementRow,
  type StorageRow,
  thaw,
} from "@wattline/sdk";
import { stringify } from "csv-stringify/sync";
import {
  READING_COLUMNS,
  readingCells,
  SETTLEMENT_COLUMNS,
  STORAGE_COLUMNS,
  settlementCells,
  storageCells,
} from "../tables.ts";
import { Totals } from "../totals.ts";
import { GrowingFile } from "./files.ts";

const SETTLEMENTS = "settlements.csv";
const READINGS = "readings.csv";
const CERTIFICATES = "certificates.json";
const STORAGE = "storage.csv";

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
  readonly #folder: string;
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
    this.#folder = folder;
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

  /** @param storage What batteries exported, which is certain in the end only. */
  finish(storage: readonly StorageRow[]): void {
    this.#flush();
    writeWhole(
      path.join(this.#folder, STORAGE),
      csvOf([STORAGE_COLUMNS, ...storage.map(storageCells)]),
    );
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
