import type { Database } from "./tables.ts";

/** This relay does not lead, or does not any more: what it was about to write is the leader's to write. */
export class NotLeadingError extends Error {
  constructor() {
    super("Another relay leads, or the connection to the database was lost.");
  }
}

/**
 * Who writes to the database, and when. Several relays may share one: each of them adds and withdraws orders, and one of
 * them leads, which is to follow the chain, and to judge the book at every new block.
 */
export interface Ledger {
  /** Whether other relays may write to the database too. */
  readonly isShared: boolean;
  readonly isLeading: boolean;
  /**
   * Takes the lead when nobody has it.
   * @returns What the leader writes to; undefined while another relay leads. Once the lead is lost, its statements fail.
   * @throws what the database throws when it does not answer
   */
  lead(): Promise<Database | undefined>;
  /**
   * Writes whole or not at all, after everything that was written before, also by other relays.
   * @throws NotLeadingError for what only the leader writes
   */
  write<T>(by: Writer, task: (db: Database) => Promise<T>): Promise<T>;
  /** Calls `heard` soon after another relay has written; now and then without a reason. */
  listen(heard: () => void): void;
}

/** Whether only the leader may write it. */
export type Writer = "anyone" | "leader";

/** The ledger of a database that belongs to one relay alone. */
export const ownLedger = (db: Database): Ledger => ({
  isShared: false,
  isLeading: true,
  lead: async () => db,
  write: (_by, task) => task(db),
  listen: () => undefined,
});
