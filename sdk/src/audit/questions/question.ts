import type { Address, Hex } from "viem";
import type { Check } from "../checks.ts";
import type { Fault } from "../messages.ts";

/**
 * A call of a view at the end block, and the answer that the rebuilt state expects. Expensive parts are computed when
 * they are used, so that finding one question among all is cheap.
 */
export interface Question {
  readonly check: Check;
  /** Names what is asked about, the same in every run, so that the question can be found again. */
  readonly subject: string;
  /** The rebuilt state as text: it changes when the expected answer does. */
  readonly expects: string;
  readonly from?: Address;
  readonly to: Address;
  readonly data: Hex;
  /** Judges the answer; undefined for a reverted call. Returns what is wrong, or undefined. */
  judge(answer: Hex | undefined): Fault | undefined;
}

/** Judges an answer, of which there must be one. */
export const answered =
  (view: string, judge: (data: Hex) => Fault | undefined) =>
  (answer: Hex | undefined): Fault | undefined =>
    answer === undefined || answer === "0x"
      ? { code: "no-answer", values: { view } }
      : judge(answer);

/** As {@link answered}, for an answer of one word. */
export const sameWord = (view: string, word: bigint, otherwise: Fault) =>
  answered(view, (data) => (BigInt(data) === word ? undefined : otherwise));

/** An answer's words. */
export const wordsOf = (data: Hex): bigint[] =>
  Array.from({ length: (data.length - 2) / 64 }, (_, index) =>
    BigInt(`0x${data.slice(2 + 64 * index, 66 + 64 * index)}`),
  );
