import { t } from "@lingui/core/macro";
import { later, NotLoadedError } from "../browser/index.ts";
import type { Network } from "../chain/index.ts";
import { wantMessages } from "../i18n/index.ts";
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

/** The words of errors, with their messages. */
const wordsOfErrors = later(async () => {
  const [words] = await Promise.all([
    import("./words/errorWords.ts"),
    wantMessages("wallet/words"),
  ]);
  return words;
});

/** Why something failed, in plain words of the language of the page. */
export const reasonOf = (error: unknown, network: Network): Promise<Reason> =>
  told(error, async () => {
    if (error instanceof Reverted && error.cause === undefined) {
      return { words: t`It was mined, and the contract refused it.` };
    }
    const cause = error instanceof Reverted ? error.cause : error;
    const refusal = refusalIn(cause);
    const words = await wordsOfErrors();
    if (refusal !== undefined) return { words: words.refusalInWords(refusal, network) };
    const { failure, raw } = failureIn(cause);
    return { words: words.failureInWords(failure, network), raw };
  });

/** As {@link reasonOf}, for what was only to be read: no wallet was asked, and nothing was sent. */
export const readingReasonOf = (error: unknown, network: Network): Promise<Reason> =>
  told(error, async () => {
    const { readingFailureInWords } = await wordsOfErrors();
    const { failure, raw } = failureIn(error);
    return { words: readingFailureInWords(failure, network), raw };
  });

/** What needs no further words, or can't have them because they could not be loaded; else what `inWords` finds. */
async function told(error: unknown, inWords: () => Promise<Reason>): Promise<Reason> {
  if (error instanceof Told) return { words: error.message };
  try {
    if (error instanceof NotLoadedError) throw error;
    return await inWords();
  } catch (lacking) {
    if (!(lacking instanceof NotLoadedError)) throw lacking;
    return { words: t`A part of the app can't be loaded. Check your connection.` };
  }
}

/** As {@link reasonOf}, where there is room for the words alone. */
export const wordsFor = async (error: unknown, network: Network): Promise<string> =>
  (await reasonOf(error, network)).words;

/** What an error of the contracts means to the person who met it. */
export async function refusalInWords(refusal: Refusal, network: Network): Promise<string> {
  return (await wordsOfErrors()).refusalInWords(refusal, network);
}
