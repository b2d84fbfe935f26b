import { createAudit, type Question, questionsOn } from "@wattline/sdk";
import type { Hex } from "viem";
import type { Header } from "./answers.ts";
import type { Difference } from "./endState.ts";
import { answerOf } from "./endState.ts";
import { readRanges } from "./ranges.ts";
import type { Rpc } from "./rpc.ts";
import type { Source } from "./source.ts";
import type { Subject } from "./whereabouts.ts";

/** Differences that are traced back: the first ones tell what happened. */
const MOST_TRACED = 10;

/** Where the chain and its history part. */
export interface Parting {
  readonly block: number;
  readonly transaction: Hex;
}

/**
 * Goes through the history once more and asks the chain again whenever the answer should have changed: the first
 * transaction after which it differs is the one to look at.
 * @returns By subject; nothing for a difference that never shows, as when a node has forgotten the past.
 */
export async function locate(
  rpc: Rpc,
  source: Source,
  { chainId, contracts, firstBlock }: Subject,
  end: Header,
  differences: readonly Difference[],
): Promise<ReadonlyMap<string, Parting>> {
  const traced = differences.slice(0, MOST_TRACED);
  const missing = new Set(traced.map(({ question }) => question.subject));
  const asked = new Map<string, string>();
  const partings = new Map<string, Parting>();
  const last = new Map<string, Parting>();
  const audit = createAudit({ chainId, contracts, signatures: false });

  for await (const { blocks } of readRanges(source, firstBlock, end.number)) {
    for (const block of blocks) {
      if (missing.size === 0) return partings;
      await audit.blocks([block]);
      const transaction = block.transactions.at(-1)?.hash;
      if (transaction === undefined) continue;
      const at = { block: block.number, transaction };
      for (const question of questionsOn(audit.state, contracts, block.timestamp)) {
        if (!missing.has(question.subject) || !hasChanged(question)) continue;
        last.set(question.subject, at);
        if ((await answerOf(rpc, question, block)).outcome !== "differs") continue;
        partings.set(question.subject, at);
        missing.delete(question.subject);
      }
    }
  }
  // A change that left no trace comes after the last one that did.
  for (const subject of missing) {
    const at = last.get(subject);
    if (at !== undefined) partings.set(subject, at);
  }
  return partings;

  /** Whether the history expects another answer than it did. */
  function hasChanged(question: Question): boolean {
    const expected = question.expects;
    if (asked.get(question.subject) === expected) return false;
    asked.set(question.subject, expected);
    return true;
  }
}
