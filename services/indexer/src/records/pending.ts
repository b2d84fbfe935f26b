/**
 * Events of one transaction that belong together: the energy of an accepted order follows its `Traded`, a batch's
 * energy precedes its `Matched`, and all prices come last. Incomplete ones are kept in a table, like everything else,
 * because an indexer may stop and resume between any two events.
 */
import { pending } from "ponder:schema";
import type { Moved } from "@wattline/sdk";
import type { Hex } from "viem";
import type { Db } from "./occasion.ts";

/** A `Traded` whose energy has not moved yet. */
export interface OpenTake {
  readonly id: string;
  readonly logIndex: number;
  readonly orderHash: Hex;
  readonly maker: Hex;
  readonly taker: Hex;
  readonly nonce: bigint;
  readonly filledWh: bigint;
  readonly cost: bigint;
  readonly charge: bigint;
  /** Over a tie line: what left the seller, once that is known and until the arrival is. */
  readonly sent?: Moved;
}

/** A `Matched` whose prices are not known yet. */
export interface OpenMatch {
  readonly id: string;
  readonly logIndex: number;
  readonly offerHash: Hex;
  readonly bidHash: Hex;
  readonly offerNonce: bigint;
  readonly bidNonce: bigint;
  readonly cost: bigint;
  readonly charge: bigint;
}

/** A transaction's incomplete events so far. */
export interface Open {
  readonly take?: OpenTake;
  readonly moves: readonly Moved[];
  readonly matches: readonly OpenMatch[];
}

const NOTHING: Open = { moves: [], matches: [] };

export async function openOf(db: Db, txHash: Hex): Promise<Open> {
  const row = await db.find(pending, { txHash });
  return row === null ? NOTHING : JSON.parse(row.state, revive);
}

export async function leaveOpen(db: Db, txHash: Hex, open: Open): Promise<void> {
  if (open.take === undefined && open.moves.length === 0 && open.matches.length === 0) {
    await db.delete(pending, { txHash });
    return;
  }
  const state = JSON.stringify(open, keep);
  await db.insert(pending).values({ txHash, state }).onConflictDoUpdate({ state });
}

function keep(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return { bigint: value.toString() };
  return value;
}

function revive(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("bigint" in value) return BigInt(String(value.bigint));
  return value;
}
