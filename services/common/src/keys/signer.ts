import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isSignedByDevice, signAsDevice } from "@wattline/sdk/deviceKeys";
import { type Address, type Hex, isHex } from "viem";
import { MendableError, reasonOf } from "../mendable.ts";
import type { KeyConfig } from "./config.ts";
import { type PrivateKey, readKeystore } from "./keystore.ts";

/** A key that signs EIP-712 digests; where it is kept is its own affair. */
export interface Signer {
  readonly address: Address;
  /** @throws MendableError when it can't sign. */
  sign(digest: Hex): Promise<Hex>;
}

const COMMAND_MS = 30_000;
const run = promisify(execFile);

/**
 * Opens a key of the configuration.
 * @throws MendableError when it can't be read.
 */
export function openSigner(key: KeyConfig): Signer {
  if ("command" in key) return commandSigner(key.command, key.address);
  return signerOf(readKeystore(key.keystore, key.password_file));
}

/** A key in memory. */
export const signerOf = ({ curve, privateKey, address }: PrivateKey): Signer => ({
  address,
  sign: async (digest) => signAsDevice(curve, privateKey, digest),
});

/** A command, such as one that asks a secure element: what it prints is checked before it is used. */
function commandSigner([program = "", ...args]: readonly string[], address: Address): Signer {
  return {
    address,
    async sign(digest) {
      const { stdout } = await run(program, [...args, digest], { timeout: COMMAND_MS }).catch(
        (error: unknown) => {
          throw new MendableError(`The command ${program} can't sign: ${reasonOf(error)}.`);
        },
      );
      const signature = stdout.trim();
      if (!isHex(signature) || !(await isSignedByDevice(address, digest, signature))) {
        throw new MendableError(
          `The command ${program} printed ${JSON.stringify(signature.slice(0, 80))}; expected a signature by ${address}: 0x and the 65 bytes r, s, v, or for P-256 the 128 bytes r, s, x, y.`,
        );
      }
      return signature;
    },
  };
}
