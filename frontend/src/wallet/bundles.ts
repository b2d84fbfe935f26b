import type { Address } from "viem";
import { refusals } from "./refusals.ts";

/** A wallet's account on a chain: each may refuse to bundle calls for itself. */
interface Bundler {
  readonly connectorId: string;
  readonly address: Address;
  readonly chainId: number;
}

const refused = refusals("wattline.bundlesRefused");
const keyOf = ({ connectorId, address, chainId }: Bundler): string =>
  `${connectorId} ${address.toLowerCase()} ${chainId}`;

/** Remembers that a wallet makes no bundles, though it said so, or that its owner wants no smart account. */
export const forgetBundles = (bundler: Bundler): void => refused.add(keyOf(bundler));

export const hasRefusedBundles = (bundler: Bundler): boolean => refused.has(keyOf(bundler));
