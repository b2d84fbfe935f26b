import { type Address, numberToHex } from "viem";
import {
  ANYONE,
  EMPTY_ORDER,
  type EnergyBySlot,
  OFFER,
  type OpenLimit,
  type Order,
  sourceMask,
} from "../../src/index.ts";

/** The first of the slots that these limits are for. */
export const SLOT = 2_000_000;
export const LIMIT_SLOTS = [0, 1, 2, 3].map((each) => SLOT + each);

export const account = (index: number): Address => numberToHex(0x1000 + index, { size: 20 });

let nonces = 0n;

/** A limit of microgrid 1 for solar energy of all four slots, at terms that meet unless told otherwise. */
export const open = (
  maker: number,
  side: number,
  wh: number,
  terms: Partial<Order> = {},
): OpenLimit => ({
  order: {
    ...EMPTY_ORDER,
    maker: account(maker),
    microgrid: 1,
    side,
    sources: sourceMask("Solar"),
    firstSlot: SLOT,
    lastSlot: SLOT + 3,
    energy: wh,
    price: side === OFFER ? 100_000n : 300_000n,
    settler: ANYONE,
    nonce: nonces++,
    deadline: 2 ** 32,
    ...terms,
  },
  signature: "0x",
  leftWh: BigInt(wh),
});

/** Energy of the slots, the first one first. */
export const held = (wh: readonly number[]): EnergyBySlot =>
  new Map(wh.map((each, index) => [SLOT + index, BigInt(each)]));
