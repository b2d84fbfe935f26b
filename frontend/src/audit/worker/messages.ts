import type { AuditProgress, MicrogridTotals } from "@wattline/audit";
import type { Deployment, Finding, ReadingRow, StorageTotal, Verdict } from "@wattline/sdk";
import type { HistoryRow } from "../history.ts";

/** A job for the worker. */
export interface AuditJob {
  /** "history" reads the settlements, on a repeated job only the new ones. "verify" checks the whole history. */
  readonly kind: "history" | "verify";
  readonly rpcUrl: string;
  readonly deployment: Deployment;
}

/** The result of a verification. */
export interface Verified {
  /** The last block that was verified. */
  readonly end: { readonly number: number; readonly timestamp: number };
  readonly verdicts: readonly Verdict[];
  readonly findings: readonly Finding[];
  readonly settlements: readonly HistoryRow[];
  readonly readings: readonly ReadingRow[];
  readonly totals: ReadonlyMap<number, MicrogridTotals>;
  readonly storage: readonly StorageTotal[];
}

/** Settlements that are new since the last job. */
export interface NewHistory {
  /** Whether these replace all earlier ones: at the start, and when the chain was reorganised. */
  readonly restarted: boolean;
  readonly settlements: readonly HistoryRow[];
}

/** A message from the worker. */
export type AuditMessage =
  | ({ readonly kind: "progress" } & AuditProgress)
  | ({ readonly kind: "history" } & NewHistory)
  | ({ readonly kind: "verified" } & Verified)
  | { readonly kind: "failed"; readonly message: string };
