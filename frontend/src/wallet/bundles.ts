import type { Address } from "viem";
import { recall, remember } from "../browser/index.ts";

/** A wallet's account on a chain: each may refuse to bundle calls for itself. */
interface Bundler {
  readonly connectorId: string;
  readonly address: Address;
  readonly chainId: number;
}

const KEY = "wattline.bundlesRefused";
const keyOf = ({ connectorId, address, chainId }: Bundler): string =>
  `${connectorId} ${address.toLowerCase()} ${chainId}`;

/** Remembers that a wallet makes no bundles, though it said so, or that its owner wants no smart account. */
export function forgetBundles(bundler: Bundler): void {
  const refused = [...new Set([...(recall(KEY) ?? "").split("\n"), keyOf(bundler)])];
  remember(KEY, refused.filter(Boolean).join("\n"));
}

export const hasRefusedBundles = (bundler: Bundler): boolean =>
  (recall(KEY) ?? "").split("\n").includes(keyOf(bundler));
