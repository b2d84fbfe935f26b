import { flow, tieLine } from "ponder:schema";
import { sumWh } from "@wattline/sdk";
import type { Db } from "./occasion.ts";

/** A tie line in one direction, in a block. */
interface FlowKey {
  readonly from: number;
  readonly to: number;
  readonly block: number;
}

/** Adds energy to what goes over a tie line. */
export async function addFlow(db: Db, key: FlowKey, word: bigint): Promise<void> {
  if (word === 0n) return;
  await db
    .insert(flow)
    .values({ ...key, word })
    .onConflictDoUpdate((row) => ({ word: row.word + word }));
  await changeSent(db, key, sumWh([word]));
}

/** Takes back what was held of a tie line and not sent. */
export async function takeFlow(db: Db, key: FlowKey, word: bigint): Promise<void> {
  if (word === 0n) return;
  await db.update(flow, key).set((row) => ({ word: row.word - word }));
  await changeSent(db, key, -sumWh([word]));
}

async function changeSent(db: Db, { from, to }: FlowKey, wh: bigint): Promise<void> {
  const [lower, higher] = from < to ? [from, to] : [to, from];
  await db
    .update(tieLine, { lower, higher })
    .set((row) =>
      from < to ? { sentUpWh: row.sentUpWh + wh } : { sentDownWh: row.sentDownWh + wh },
    );
}
