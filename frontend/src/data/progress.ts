/** How far the indexer's answers reach, and how far this browser's own deeds do. */
import { useSyncExternalStore } from "react";

/** Of one chain. */
export interface Progress {
  /** The newest block in which something that this browser sent was mined. */
  readonly ownBlock: bigint;
  /** When that was noted, by this computer's clock in milliseconds. */
  readonly ownNotedAt: number;
  /** The block up to which what was read from the indexer is known to be complete. */
  readonly readUpTo: bigint;
  /** Whether the indexer has lacked a block with events for long; then up to which block it has read. */
  readonly lateAt: bigint | undefined;
}

const NOTHING: Progress = { ownBlock: -1n, ownNotedAt: 0, readUpTo: -1n, lateAt: undefined };

let byChain: ReadonlyMap<number, Progress> = new Map();
const listeners = new Set<() => void>();

export const progressOf = (chainId: number): Progress => byChain.get(chainId) ?? NOTHING;

export function noteProgress(chainId: number, change: Partial<Progress>): void {
  byChain = new Map([...byChain, [chainId, { ...progressOf(chainId), ...change }]]);
  for (const listener of listeners) listener();
}

/** Notes that something this browser sent was mined: until the indexer has read that block, history is read from the chain. */
export function noteOwnBlock(chainId: number, block: bigint): void {
  noteProgress(chainId, { ownBlock: block, ownNotedAt: Date.now() });
}

export function onProgress(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useProgress = (chainId: number): Progress => {
  const now = () => progressOf(chainId);
  return useSyncExternalStore(onProgress, now, now);
};
