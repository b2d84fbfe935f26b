import { randomBytes, scryptSync } from "node:crypto";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { CURVES, type Curve, deviceAddress } from "@wattline/sdk/deviceKeys";
import * as Keystore from "ox/Keystore";
import { type Address, type Hex, toHex } from "viem";
import * as z from "zod";
import { MendableError, reasonOf } from "../mendable.ts";

/** A private key, and the curve it is for. */
export interface PrivateKey {
  readonly curve: Curve;
  readonly privateKey: Hex;
  readonly address: Address;
}

/** What scrypt takes to derive a key: memory (128 n r bytes), and how often. */
interface Cost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}
/** As go-ethereum's "light" key files have it: 4 MB of memory. The usual cost takes 256 MB, which a small computer does not have. */
const LIGHT: Cost = { n: 4096, r: 8, p: 6 };
/** For keys that are no secret, such as those of a local chain's accounts. */
export const KNOWN_KEY: Cost = { n: 2, r: 8, p: 1 };
/** The cipher's key, and that of the check sum. */
const KEY_BYTES = 32;
/** What the table of scrypt may take (128 n r), bytes: four times what the usual cost does. */
const MOST_MEMORY = 2 ** 30;
const OWNER_ONLY = 0o600;

const isPowerOfTwo = (n: number): boolean => n > 1 && Number.isInteger(Math.log2(n));
const hexDigits = z.string().regex(/^([0-9a-fA-F]{2})+$/);
/** Web3 Secret Storage, version 3; `curve` is ours: without it the key is Ethereum's usual one. */
const schema = z.object({
  version: z.literal(3),
  id: z.string(),
  curve: z.enum(CURVES).default("secp256k1"),
  crypto: z.object({
    cipher: z.literal("aes-128-ctr"),
    ciphertext: hexDigits,
    cipherparams: z.object({ iv: hexDigits }),
    mac: hexDigits,
    kdf: z.literal("scrypt"),
    kdfparams: z
      .object({
        dklen: z.int(),
        n: z.int().refine(isPowerOfTwo, "a power of two"),
        p: z.int().min(1).max(16),
        r: z.int().min(1).max(32),
        salt: hexDigits,
      })
      .refine(({ n, r }) => 128 * n * r <= MOST_MEMORY, "n and r that take 1 GiB at most"),
  }),
});

interface Derivation extends Cost {
  /** In hexadecimal digits. */
  readonly salt: string;
}

/** By Node's own scrypt, which takes a third of the time that one in JavaScript takes. */
const encryptionKey = (password: string, { n: N, r, p, salt }: Derivation): Hex =>
  toHex(
    scryptSync(password, Buffer.from(salt, "hex"), KEY_BYTES, { N, r, p, maxmem: 2 * MOST_MEMORY }),
  );

/**
 * Encrypts a key into a new file that only its owner may read.
 * @param cost What it takes to try a password; as small computers can bear it unless told otherwise.
 * @throws MendableError when the file is there already.
 */
export async function writeKeystore(
  file: string,
  curve: Curve,
  privateKey: Hex,
  password: string,
  cost = LIGHT,
): Promise<PrivateKey> {
  const address = deviceAddress(curve, privateKey);
  const kdfparams = { ...cost, dklen: KEY_BYTES, salt: randomBytes(32).toString("hex") };
  const keystore = Keystore.encrypt(privateKey, encryptionKey(password, kdfparams), {
    kdf: "scrypt",
    kdfparams,
    iv: randomBytes(16),
  });
  const text = JSON.stringify({ address: address.slice(2).toLowerCase(), curve, ...keystore });
  writeNew(file, `${text}\n`);
  return { curve, privateKey, address };
}

/** Writes a new file that only its owner may read. @throws MendableError when there is one already */
export function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: OWNER_ONLY, flag: "wx", flush: true });
    chmodSync(file, OWNER_ONLY);
  } catch (error) {
    throw new MendableError(
      `${file} can't be written (${reasonOf(error)}). A key that is there is never overwritten: move it away first.`,
    );
  }
}

/**
 * Decrypts a key.
 * @throws MendableError when others may read the file, it is no keystore, or the password is wrong.
 */
export function readKeystore(file: string, passwordFile: string): PrivateKey {
  const text = readSecret(file);
  const password = readSecret(passwordFile).replace(/\r?\n$/, "");
  let parsed: z.output<typeof schema>;
  try {
    // Some programs write the member `Crypto`.
    parsed = schema.parse(JSON.parse(text.replace('"Crypto"', '"crypto"')));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
    throw new MendableError(
      `${file} is no key file of Web3 Secret Storage with scrypt (${reason}).`,
    );
  }
  const { curve, ...keystore } = parsed;
  try {
    const key = encryptionKey(password, keystore.crypto.kdfparams);
    const privateKey = Keystore.decrypt(keystore, key);
    return { curve, privateKey, address: deviceAddress(curve, privateKey) };
  } catch {
    throw new MendableError(
      `${file} can't be decrypted: the password in ${passwordFile} is another one.`,
    );
  }
}

/** Reads what only its owner may read. @throws MendableError */
export function readSecret(file: string): string {
  try {
    const mode = statSync(file).mode & 0o777;
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new MendableError(
        `${file} may be read by others (mode ${mode.toString(8)}). Run: chmod 600 "${file}"`,
      );
    }
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof MendableError) throw error;
    throw new MendableError(
      `${file} can't be read (${reasonOf(error)}). Make keys with: npm run agent -- keys FILE`,
    );
  }
}
