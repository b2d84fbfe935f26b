import { type Act, actsOf, decodeLog } from "@wattline/sdk";
import type { Hex } from "viem";
import type { Header } from "./answers.ts";
import { ReorgError } from "./errors.ts";
import { readRanges } from "./ranges.ts";
import type { Audited } from "./run.ts";

/** An act with its place in the chain. */
export interface ReadAct {
  readonly act: Act;
  /** Unix seconds. */
  readonly time: number;
  readonly transaction: Hex;
}

/** All acts up to a block. */
export interface ReadActs {
  readonly acts: readonly ReadAct[];
  readonly end: Header;
}

/** Told how many of the blocks are read. */
type OnProgress = (done: number, of: number) => void;

/** How often a chain may be reorganised while it is read. */
const MOST_REORGS = 5;

/**
 * Reads every act from the contracts' first block on, without judging it.
 * @throws RpcError, BrokenActError when the events fit no act, ReorgError when the chain does not come to rest, or the
 * signal's reason.
 */
export async function readActs(
  audited: Audited,
  signal: AbortSignal,
  onProgress: OnProgress = () => undefined,
): Promise<ReadActs> {
  for (let reorgs = 0; ; reorgs++) {
    try {
      return await readOnce(audited, signal, onProgress);
    } catch (error) {
      if (!(error instanceof ReorgError) || reorgs >= MOST_REORGS) throw error;
    }
  }
}

async function readOnce(
  { subject, source }: Audited,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<ReadActs> {
  const { contracts, firstBlock } = subject;
  const end = await source.header();
  const of = Math.max(end.number - firstBlock + 1, 1);
  const acts: ReadAct[] = [];
  for await (const range of readRanges(source, firstBlock, end.number)) {
    signal.throwIfAborted();
    for (const { timestamp: time, transactions } of range.blocks) {
      for (const { hash: transaction, logs } of transactions) {
        const events = logs.flatMap((log) => decodeLog(contracts, log) ?? []);
        for (const act of actsOf(contracts, events)) acts.push({ act, time, transaction });
      }
    }
    onProgress(range.end.number - firstBlock + 1, of);
  }
  return { acts, end };
}
