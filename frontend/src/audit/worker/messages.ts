import type { AuditProgress, MicrogridTotals } from "@wattline/audit";
import type { Deployment, Finding, ReadingRow, Verdict } from "@wattline/sdk";
import type { HistoryRow } from "../history.ts";

/** What a worker is asked to do with a chain's history. */
export interface AuditJob {
  /** "history" only books it, for its rows; asked again, it goes on from where it was. "verify" judges all of it. */
  readonly kind: "history" | "verify";
  readonly rpcUrl: string;
  readonly deployment: Deployment;
}

/** What a verification came to. */
export interface Verified {
  /** The last block of it. */
  readonly end: { readonly number: number; readonly timestamp: number };
  readonly verdicts: readonly Verdict[];
  readonly findings: readonly Finding[];
  readonly settlements: readonly HistoryRow[];
  readonly readings: readonly ReadingRow[];
  readonly totals: ReadonlyMap<number, MicrogridTotals>;
}

/** Settlements that are new since the job was last done. */
export interface NewHistory {
  /** The chain was reorganised: what was told before is void. */
  readonly afresh: boolean;
  readonly settlements: readonly HistoryRow[];
}

/** What a worker says. */
export type AuditSaid =
  | ({ readonly kind: "progress" } & AuditProgress)
  | ({ readonly kind: "history" } & NewHistory)
  | ({ readonly kind: "verified" } & Verified)
  | { readonly kind: "failed"; readonly message: string };
