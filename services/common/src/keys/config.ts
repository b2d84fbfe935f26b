import path from "node:path";
import { type Address, getAddress } from "viem";
import * as z from "zod";

const text = z.string().min(1);
/** An account or contract, in any case of letters. */
export const addressSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "an address: 0x and 40 hexadecimal digits")
  .transform((value): Address => getAddress(value));

/**
 * A key as configurations name it: in a file, or a command that signs, which is given a digest in hexadecimal digits and prints
 * the signature.
 */
export const keySchema = z.union(
  [
    z.strictObject({ keystore: text, password_file: text }),
    z.strictObject({ command: z.array(text).min(1), address: addressSchema }),
  ],
  "{ keystore, password_file } or { command, address }",
);

export type KeyConfig = z.output<typeof keySchema>;

/** The key with its files named from a folder. */
export const keyIn = (folder: string, key: KeyConfig): KeyConfig =>
  "keystore" in key
    ? {
        keystore: path.resolve(folder, key.keystore),
        password_file: path.resolve(folder, key.password_file),
      }
    : key;
