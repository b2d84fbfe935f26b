import { type Hex, isAddress } from "viem";
import * as z from "zod/mini";

const fields = z.array(z.object({ name: z.string(), type: z.string() }));
const typedData = z.object({
  domain: z.record(z.string(), z.unknown()),
  types: z.record(z.string(), fields),
  primaryType: z.string(),
  message: z.record(z.string(), z.unknown()),
});

/** EIP-712 data as it comes to a wallet. */
export type TypedData = z.infer<typeof typedData>;

/** Reads the second parameter of `eth_signTypedData_v4`. @throws When it is no typed data. */
export const parseTypedData = (text: string): TypedData => typedData.parse(JSON.parse(text));

const transaction = z.object({
  to: z.optional(z.custom<Hex>((value) => typeof value === "string" && isAddress(value))),
  data: z.optional(z.custom<Hex>((value) => typeof value === "string" && /^0x/.test(value))),
  value: z.optional(z.string()),
  gas: z.optional(z.string()),
});

/** Reads the first parameter of `eth_sendTransaction`. @throws When it is no transaction. */
export const parseTransaction = (value: unknown) => transaction.parse(value);
