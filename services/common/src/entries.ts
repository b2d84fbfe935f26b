/** How values are written in files of one entry a line, such as journals and ledgers. */
import { type Address, type Hex, isAddress, isHex } from "viem";
import * as z from "zod";

/** A large number, as decimal digits. */
export const digits = z.codec(z.string().regex(/^\d+$/), z.bigint(), {
  decode: (text) => BigInt(text),
  encode: (value) => value.toString(),
});
export const address = z.custom<Address>(
  (value) => typeof value === "string" && isAddress(value, { strict: false }),
);
export const hex = z.custom<Hex>((value) => isHex(value));
export const slot = z.int().nonnegative();

/** An order, with each of its members. */
export const order = z.object({
  maker: address,
  meter: address,
  microgrid: z.int(),
  side: z.int(),
  sources: z.int(),
  firstSlot: slot,
  lastSlot: slot,
  energy: z.int(),
  price: digits,
  forward: z.boolean(),
  bond: digits,
  mostAhead: z.int(),
  crosses: z.boolean(),
  counterparty: address,
  settler: address,
  nonce: digits,
  counter: digits,
  deadline: z.int(),
});
