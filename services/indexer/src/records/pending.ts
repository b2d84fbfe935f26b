/**
 * Events of one transaction that belong together: the energy of a posted price that was taken follows its `Traded`, that of
 * a match precedes its `Matched`. Incomplete ones are kept in a table, like everything else, because an indexer may stop
 * and resume between any two events.
 */
import { pending } from "ponder:schema";
import type { Moved } from "@wattline/sdk";
import type { Hex } from "viem";
import { fromJson, toJson } from "./json.ts";
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

/** A line between two microgrids on which a batch has charged an odd number of thousandths so far. */
export interface OddCharge {
  readonly from: number;
  readonly to: number;
}

/** A transaction's incomplete events so far. */
export interface Open {
  readonly take?: OpenTake;
  /** Energy of the next match. */
  readonly moves: readonly Moved[];
  readonly odd?: OddCharge;
}

const NOTHING: Open = { moves: [] };

export async function openOf(db: Db, txHash: Hex): Promise<Open> {
  const row = await db.find(pending, { txHash });
  return row === null ? NOTHING : (fromJson(row.state) as Open);
}

export async function leaveOpen(db: Db, txHash: Hex, open: Open): Promise<void> {
  if (open.take === undefined && open.moves.length === 0 && open.odd === undefined) {
    await db.delete(pending, { txHash });
    return;
  }
  const state = toJson(open);
  await db.insert(pending).values({ txHash, state }).onConflictDoUpdate({ state });
}
