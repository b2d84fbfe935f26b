import { type Chain, defineChain } from "viem";
import type { Network } from "./config.ts";

/** A network as viem and wallets know it. */
export function chainOf({ deployment, name, rpcUrl, explorerUrl }: Network): Chain {
  return defineChain({
    id: deployment.chainId,
    name,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
    ...(explorerUrl && { blockExplorers: { default: { name: "Explorer", url: explorerUrl } } }),
  });
}
