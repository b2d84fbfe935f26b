import type { Context, Event, EventNames } from "ponder:registry";
import { transaction } from "ponder:schema";
import { callsOf } from "./calldata.ts";

export type Db = Context["db"];

/** When and where an event happened. */
export interface Occasion {
  /** `txHash-logIndex` */
  readonly id: string;
  readonly txHash: `0x${string}`;
  readonly logIndex: number;
  readonly blockNumber: bigint;
  /** Unix seconds. */
  readonly time: bigint;
  readonly gasUsed: bigint;
}

type AnyEvent = Event<Exclude<EventNames, `${string}:setup`>>;

/** Records an event's transaction and returns when and where the event happened. */
export async function occasionOf(db: Db, event: AnyEvent): Promise<Occasion> {
  const { block, log, transaction: sent, transactionReceipt: receipt } = event;
  await db
    .insert(transaction)
    .values({
      hash: sent.hash,
      blockNumber: block.number,
      index: sent.transactionIndex,
      time: block.timestamp,
      from: sent.from,
      to: sent.to,
      gasUsed: receipt.gasUsed,
      gasPrice: receipt.effectiveGasPrice,
      calls: [...callsOf(sent).names],
    })
    .onConflictDoNothing();
  return {
    id: `${sent.hash}-${log.logIndex}`,
    txHash: sent.hash,
    logIndex: log.logIndex,
    blockNumber: block.number,
    time: block.timestamp,
    gasUsed: receipt.gasUsed,
  };
}
