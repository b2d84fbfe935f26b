import { COMING, TODAY } from "./schedule.ts";
import type { WordCounts } from "./words.ts";

/**
 * What a transaction that uses `gas` today will use under the coming state repricing. A word that ends as it began
 * costs the same: what the write is charged, its undoing refunds.
 */
export const repricedGas = (gas: bigint, coldAccounts: number, words: WordCounts): bigint =>
  gas +
  (COMING.transaction - TODAY.transaction) +
  BigInt(coldAccounts) * (COMING.coldAccount - TODAY.coldAccount) +
  words.changed * (COMING.writeWord - TODAY.writeWord) +
  words.created * (COMING.newWord - TODAY.newWord) -
  words.cleared * (COMING.clearRefund - TODAY.clearRefund);
