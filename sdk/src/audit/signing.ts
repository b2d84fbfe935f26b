import { type Address, concat, type Hex, keccak256, numberToHex, pad, size, toHex } from "viem";
import { digestOf } from "../bulk.ts";
import { isSignedByDevice } from "../deviceKeys.ts";
import { once } from "../once.ts";
import { signerOf } from "../signatures.ts";
import type { Domain, Order, Reading } from "../typedData.ts";

const readingTypeHash = once(() =>
  keccak256(toHex("Reading(address meter,uint32 firstBlock,uint256[] exported)")),
);

/** What a device signs for a reading: its EIP-712 digest. */
export const hashReading = (domain: Domain, { meter, firstBlock, exported }: Reading): Hex =>
  digestOf(
    domain,
    keccak256(
      concat([
        readingTypeHash(),
        pad(meter),
        numberToHex(firstBlock, { size: 32 }),
        keccak256(concat(exported.map((word) => numberToHex(word, { size: 32 })))),
      ]),
    ),
  );

/** A signed order or reading. */
export type Claim =
  | { readonly kind: "reading"; readonly reading: Reading; readonly signature: Hex }
  | { readonly kind: "order"; readonly order: Order; readonly signature: Hex };

/** A device's signature with a P-256 key, which includes the public key. */
const P256_BYTES = 128;

/** The domains that signatures are made for. */
export interface Domains {
  readonly market: Domain;
  readonly meters: Domain;
}

/** The signer of a 64- or 65-byte signature; undefined when it is not valid. */
export type Recover = (
  digest: Hex,
  signature: Hex,
) => Address | undefined | Promise<Address | undefined>;

/**
 * Whether the device named in a reading, or the maker named in an order, signed it with a key. The result depends on
 * the claim alone, so claims can be judged in any order and in any thread. Delegates and contract wallets are judged
 * later, by the chain's state at that time.
 */
export async function isSignedByNamed(
  { market, meters }: Domains,
  claim: Claim,
  recover: Recover,
): Promise<boolean> {
  if (claim.kind === "reading") {
    const { reading, signature } = claim;
    const digest = hashReading(meters, reading);
    if (size(signature) === P256_BYTES) return isSignedByDevice(reading.meter, digest, signature);
    const signer = await recover(digest, signature);
    return signer?.toLowerCase() === reading.meter.toLowerCase();
  }
  const signer = await signerOf(market, claim, {
    recover,
    isDelegate: () => false,
    isLockSigner: () => false,
    isAccepted: () => false,
  });
  return signer !== undefined;
}
