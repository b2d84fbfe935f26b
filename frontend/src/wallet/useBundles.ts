import { useCapabilities, useConnection } from "wagmi";
import { useNetwork } from "../chain/index.ts";

/** Whether the connected wallet makes several calls as one, all of them or none (EIP-5792). */
export function useBundles(): boolean {
  const { chainId } = useNetwork().deployment;
  const { address } = useConnection();
  const capabilities = useCapabilities({ query: { enabled: address !== undefined, retry: false } });
  const atomic = capabilities.data?.[chainId]?.atomic?.status;
  return atomic === "supported" || atomic === "ready";
}
