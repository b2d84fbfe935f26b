import { type Address, encodeFunctionData } from "viem";
import { marketplaceAbi } from "../../abi/marketplace.ts";
import type { Contracts } from "../../history/events.ts";
import type { AuditState } from "../state.ts";
import { answered, type Question, sameWord, wordsOf } from "./question.ts";

export function* fillQuestions(
  { fills }: AuditState,
  { marketplace }: Contracts,
): Generator<Question> {
  for (const [key, words] of fills) {
    for (const [index, word] of words) {
      for (let lane = 0n; lane < 8n; lane++) {
        const bits = (word >> (32n * lane)) & 0xffffffffn;
        if (bits !== 0n) yield fillQuestion(marketplace, key, BigInt(index) * 8n + lane, bits);
      }
    }
  }
}

/** @param key The maker, or of a firm order maker, currency and settler. */
function fillQuestion(marketplace: Address, key: string, nonce: bigint, bits: bigint): Question {
  const [maker, currency, settler] = key.split(" ") as [Address, Address?, Address?];
  const dueWh = bits & 0x7fffffffn;
  return {
    check: "state",
    subject: `fill ${key} ${nonce}`,
    expects: `${bits}`,
    to: marketplace,
    get data() {
      return currency === undefined || settler === undefined
        ? encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "fillOf",
            args: [maker, nonce],
          })
        : encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "firmFillOf",
            args: [maker, currency, settler, nonce],
          });
    },
    judge: answered("fillOf", (data) => {
      // A firm order's answer is the Wh alone: it can't be cancelled.
      const [foundWh = 0n, cancelled = 0n] = wordsOf(data);
      return foundWh === dueWh && cancelled === bits >> 31n
        ? undefined
        : { code: "fill-differs", values: { nonce, maker, foundWh, dueWh } };
    }),
  };
}

export function* positionQuestions(
  { positions }: AuditState,
  { marketplace }: Contracts,
): Generator<Question> {
  for (const [id, { open }] of positions) {
    yield {
      check: "state",
      subject: `position ${id}`,
      expects: `${open}`,
      to: marketplace,
      get data() {
        return encodeFunctionData({ abi: marketplaceAbi, functionName: "openOf", args: [id] });
      },
      judge: sameWord("openOf", open, { code: "position-differs", values: { position: id } }),
    };
  }
}

export function* flowQuestions(
  { flows }: AuditState,
  { marketplace }: Contracts,
): Generator<Question> {
  for (const [direction, words] of flows) {
    const [from = 0, to = 0] = direction.split(" ").map(Number);
    for (const [blockNumber, word] of words) {
      yield {
        check: "state",
        subject: `flow ${direction} ${blockNumber}`,
        expects: `${word}`,
        to: marketplace,
        get data() {
          return encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "flowOf",
            args: [from, to, blockNumber],
          });
        },
        judge: sameWord("flowOf", word, {
          code: "flow-differs",
          values: { from, to, block: blockNumber },
        }),
      };
    }
  }
}

export function* rationQuestions(
  { rationed, isRationKnown }: AuditState,
  { marketplace }: Contracts,
): Generator<Question> {
  if (!isRationKnown) return;
  for (const [meter, words] of rationed) {
    for (const [blockNumber, word] of words) {
      yield {
        check: "state",
        subject: `ration ${meter} ${blockNumber}`,
        expects: `${word}`,
        to: marketplace,
        get data() {
          return encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "rationedOf",
            args: [meter, blockNumber],
          });
        },
        judge: sameWord("rationedOf", word, {
          code: "ration-differs",
          values: { meter, block: blockNumber },
        }),
      };
    }
  }
}
