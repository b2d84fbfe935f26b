import { t } from "@lingui/core/macro";
import type { Network } from "../chain/index.ts";
import { failureIn, refusalIn } from "./answers.ts";
import type { Refusal } from "./refusal.ts";

/** A transaction was mined and reverted; the cause is what it would revert with now. */
export class Reverted extends Error {}

/** Something of this app's own that has words for the person already. */
export class Told extends Error {}

/** Why something failed: in words that help, and in the words of the wallet or node. */
export interface Reason {
  readonly words: string;
  /** What a wallet or a node has said itself; left out when the words say all of it. */
  readonly raw?: string;
}

/** Why something failed, in plain words of the language of the page. */
export async function reasonOf(error: unknown, network: Network): Promise<Reason> {
  if (error instanceof Told) return { words: error.message };
  if (error instanceof Reverted && error.cause === undefined) {
    return { words: t`It was mined, and the contract refused it.` };
  }
  const cause = error instanceof Reverted ? error.cause : error;
  const refusal = refusalIn(cause);
  const words = await import("./words/errorWords.ts");
  if (refusal !== undefined) return { words: words.refusalInWords(refusal, network) };
  const { failure, raw } = failureIn(cause);
  return { words: words.failureInWords(failure, network), raw };
}

/** As {@link reasonOf}, for what was only to be read: no wallet was asked, and nothing was sent. */
export async function readingReasonOf(error: unknown, network: Network): Promise<Reason> {
  if (error instanceof Told) return { words: error.message };
  const { readingFailureInWords } = await import("./words/errorWords.ts");
  const { failure, raw } = failureIn(error);
  return { words: readingFailureInWords(failure, network), raw };
}

/** As {@link reasonOf}, where there is room for the words alone. */
export const wordsFor = async (error: unknown, network: Network): Promise<string> =>
  (await reasonOf(error, network)).words;

/** What an error of the contracts means to the person who met it. */
export async function refusalInWords(refusal: Refusal, network: Network): Promise<string> {
  const words = await import("./words/errorWords.ts");
  return words.refusalInWords(refusal, network);
}

/** Why something was cut, skipped or not released, by the selector that the contracts give; empty when it is not known. */
export async function skipInWords(selector: string, network: Network): Promise<string> {
  const words = await import("./words/errorWords.ts");
  return words.reasonInWords(selector, network);
}
