/** Gas prices, each with its source. All computed figures of the benchmark depend on these. */

/** Ethereum's prices today (hard fork Osaka). */
export const TODAY = {
  /** Yellow Paper, G_transaction. */
  transaction: 21_000n,
  /** EIP-2028. */
  calldataByte: 16n,
  calldataZeroByte: 4n,
  /** EIP-7623: the least a transaction pays per token of calldata; a byte is four tokens, a zero byte one. */
  calldataTokenFloor: 10n,
  tokensPerByte: 4n,
  /** Yellow Paper, the precompile at 1. */
  recovery: 3_000n,
  /** EIP-2929. */
  coldAccount: 2_600n,
  coldWord: 2_100n,
  /** EIP-2200 as changed by EIP-2929, both on top of the cold access. */
  writeWord: 2_900n,
  newWord: 20_000n,
  /** EIP-3529. */
  clearRefund: 4_800n,
  /** Yellow Paper, G_log, G_logtopic, G_logdata. */
  log: 375n,
  logTopic: 375n,
  logByte: 8n,
} as const;

/** EIP-8037: a new word counts as 64 bytes of state at 1,530 gas each. */
const NEW_STATE = 64n * 1_530n;
/** EIP-8038: a word's first change in a transaction. */
const STORAGE_WRITE = 10_000n;

/**
 * EIP-7976: the least that a transaction will pay for a byte of calldata, zero or not, over the 21,000 of every transaction.
 * Where that is more than its gas, it is what will be paid.
 */
export const COMING_CALLDATA_FLOOR_BYTE = 64n;

/** The coming state repricing (Glamsterdam), where it differs. */
export const COMING = {
  /** EIP-2780: a transaction to a contract. */
  transaction: 15_000n,
  /** EIP-8038. */
  coldAccount: 3_000n,
  /** EIP-8038: 12,100 with the cold access, which stays at 2,100. */
  writeWord: STORAGE_WRITE,
  /** EIP-8037 and EIP-8038: 110,020 with the cold access. */
  newWord: STORAGE_WRITE + NEW_STATE,
  /** EIP-8038: in the same proportion to a cold write as today's 4,800 to 5,000. */
  clearRefund: ((TODAY.coldWord + STORAGE_WRITE) * 4_800n) / 5_000n,
} as const;
