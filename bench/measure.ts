import { size } from "viem";
import { type Call, type Chain, openChain, signedBytesOf } from "./chain/chain.ts";
import { footprintOf } from "./chain/trace.ts";
import { addFloors, type Floor, floorOf, sumOf } from "./cost/floor.ts";
import { COMING, COMING_CALLDATA_FLOOR_BYTE, TODAY } from "./cost/schedule.ts";
import type { WordCounts } from "./cost/words.ts";
import { countWords } from "./cost/words.ts";
import { BenchFailure, reasonOf } from "./failure.ts";
import type { Row, System } from "./row.ts";

/** The sums of a row's transactions. */
export interface Cost {
  readonly gas: bigint;
  readonly repricedGas: bigint;
  readonly calldataBytes: number;
  /** The least that Ethereum's coming price of calldata leaves to pay. */
  readonly calldataFloor: bigint;
  readonly floor: Floor;
  /** What rollups charge for. */
  readonly transactions: readonly Signed[];
}

/** A transaction as it is sent. */
export interface Signed {
  readonly gas: bigint;
  readonly bytes: Uint8Array;
}

/** A row with its measurement. */
export type Measured = Omit<Row, "prepare"> & Cost & { readonly system: string };

/** Measures all rows of a system on a chain of its own, each from the same state. */
export async function measureSystem({ name: system, open }: System): Promise<Measured[]> {
  const chain = await openChain();
  try {
    const rows = await open(chain);
    const measured: Measured[] = [];
    for (const { prepare, ...row } of rows) {
      const cost = await chain
        .undone(async () => costOf(chain, await prepare()))
        .catch((error: unknown) => {
          throw new BenchFailure(
            `${system}: "${row.name}" (${row.case}) can't be measured: ${reasonOf(error)}`,
          );
        });
      measured.push({ ...row, ...cost, system });
    }
    return measured;
  } finally {
    await chain.close();
  }
}

async function costOf(chain: Chain, calls: readonly Call[]): Promise<Cost> {
  const [first, ...rest] = calls;
  if (first === undefined) throw new Error("it sends nothing.");
  let total = await costOfCall(chain, first);
  for (const call of rest) {
    const cost = await costOfCall(chain, call);
    total = {
      gas: total.gas + cost.gas,
      repricedGas: total.repricedGas + cost.repricedGas,
      calldataBytes: total.calldataBytes + cost.calldataBytes,
      calldataFloor: total.calldataFloor + cost.calldataFloor,
      floor: addFloors(total.floor, cost.floor),
      transactions: [...total.transactions, ...cost.transactions],
    };
  }
  return total;
}

async function costOfCall(chain: Chain, call: Call): Promise<Cost> {
  const receipt = await chain.send(call);
  const { words, coldAccounts, recoveries } = footprintOf(await chain.traceOf(receipt), call);
  const values: [bigint, bigint][] = [];
  for (const { address, slot, written } of words) {
    const before = await chain.wordBefore(receipt, address, slot);
    values.push([before, written ?? before]);
  }
  const counts = countWords(values);
  const floor = floorOf({ calldata: call.data, recoveries, words: counts, logs: receipt.logs });
  const gas = receipt.gasUsed;
  if (sumOf(floor) > gas) {
    throw new Error(`its floor of ${sumOf(floor)} gas is above the ${gas} gas it used.`);
  }
  return {
    gas,
    repricedGas: repricedGas(gas, coldAccounts, counts),
    calldataBytes: size(call.data),
    calldataFloor: TODAY.transaction + BigInt(size(call.data)) * COMING_CALLDATA_FLOOR_BYTE,
    floor,
    transactions: [{ gas, bytes: await signedBytesOf(call, gas) }],
  };
}

/**
 * What a transaction that uses `gas` today will use under the coming state repricing. A word that ends as it began
 * costs the same: what the write is charged, its undoing refunds.
 */
const repricedGas = (gas: bigint, coldAccounts: number, words: WordCounts): bigint =>
  gas +
  (COMING.transaction - TODAY.transaction) +
  BigInt(coldAccounts) * (COMING.coldAccount - TODAY.coldAccount) +
  words.changed * (COMING.writeWord - TODAY.writeWord) +
  words.created * (COMING.newWord - TODAY.newWord) -
  words.cleared * (COMING.clearRefund - TODAY.clearRefund);
