import { numberToHex, zeroAddress } from "viem";
import type { OrderRow } from "../../src/store/tables.ts";

/** A row of the book, a live offer unless told otherwise, with a hash of its own for each sequence. */
export function rowOf(order: Partial<OrderRow>, sequence: number): OrderRow {
  const hash = numberToHex(BigInt(sequence) * 7_919n, { size: 32 });
  return {
    hash,
    maker: zeroAddress,
    meter: zeroAddress,
    microgrid: 1,
    side: 0,
    sources: 1,
    first_slot: 0,
    last_slot: 0,
    energy: 1,
    price: "1",
    forward: false,
    bond: "0",
    most_ahead: 0,
    crosses: false,
    counterparty: zeroAddress,
    settler: zeroAddress,
    nonce: "0",
    counter: "0",
    deadline: 1,
    signature: "0x12",
    signer: "maker",
    signer_key: null,
    withdrawal: null,
    state: "live",
    remaining_wh: 1,
    good_until: 1,
    recheck_at: null,
    received_at: 1,
    received_sequence: sequence,
    updated_sequence: sequence,
    ...order,
  };
}
