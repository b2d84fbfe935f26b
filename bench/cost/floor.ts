import { type Hex, hexToBytes, type Log, size } from "viem";
import { TODAY } from "./schedule.ts";
import type { WordCounts } from "./words.ts";

/**
 * The gas that no implementation can avoid with the same calldata, the same number of signatures, the same final
 * storage and the same events: everything above is the program's own cost.
 */
export interface Floor {
  readonly intrinsic: bigint;
  readonly calldata: bigint;
  readonly signatures: bigint;
  readonly storage: bigint;
  readonly logs: bigint;
}

export interface Unavoidable {
  readonly calldata: Hex;
  readonly recoveries: number;
  readonly words: WordCounts;
  readonly logs: readonly Pick<Log, "topics" | "data">[];
}

export function floorOf({ calldata, recoveries, words, logs }: Unavoidable): Floor {
  const items = {
    intrinsic: TODAY.transaction,
    calldata: calldataGas(calldata),
    signatures: BigInt(recoveries) * TODAY.recovery,
    storage: storageGas(words),
    logs: logs.reduce((total, log) => total + logGas(log), 0n),
  };
  // EIP-7623: a transaction that does little else pays more for its calldata.
  const least = TODAY.transaction + tokensOf(calldata) * TODAY.calldataTokenFloor;
  const short = least - sumOf(items);
  return short > 0n ? { ...items, calldata: items.calldata + short } : items;
}

export const sumOf = ({ intrinsic, calldata, signatures, storage, logs }: Floor): bigint =>
  intrinsic + calldata + signatures + storage + logs;

export const addFloors = (a: Floor, b: Floor): Floor => ({
  intrinsic: a.intrinsic + b.intrinsic,
  calldata: a.calldata + b.calldata,
  signatures: a.signatures + b.signatures,
  storage: a.storage + b.storage,
  logs: a.logs + b.logs,
});

function calldataGas(calldata: Hex): bigint {
  const { zeros, others } = bytesOf(calldata);
  return zeros * TODAY.calldataZeroByte + others * TODAY.calldataByte;
}

function tokensOf(calldata: Hex): bigint {
  const { zeros, others } = bytesOf(calldata);
  return zeros + others * TODAY.tokensPerByte;
}

function bytesOf(calldata: Hex): { zeros: bigint; others: bigint } {
  const bytes = hexToBytes(calldata);
  const zeros = bytes.filter((byte) => byte === 0).length;
  return { zeros: BigInt(zeros), others: BigInt(bytes.length - zeros) };
}

const storageGas = ({ kept, changed, created, cleared }: WordCounts): bigint =>
  (kept + changed + created) * TODAY.coldWord +
  changed * TODAY.writeWord +
  created * TODAY.newWord -
  cleared * TODAY.clearRefund;

const logGas = ({ topics, data }: Pick<Log, "topics" | "data">): bigint =>
  TODAY.log + BigInt(topics.length) * TODAY.logTopic + BigInt(size(data)) * TODAY.logByte;
