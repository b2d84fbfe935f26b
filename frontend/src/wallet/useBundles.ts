import { useCapabilities, useConnection } from "wagmi";
import { useNetwork } from "../chain/index.ts";
import { hasRefusedBundles } from "./bundles.ts";

/** Whether the connected wallet makes several calls as one, all of them or none (EIP-5792). */
export function useBundles(): boolean {
  const { chainId } = useNetwork().deployment;
  const { address, connector } = useConnection();
  const capabilities = useCapabilities({ query: { enabled: address !== undefined, retry: false } });
  const atomic = capabilities.data?.[chainId]?.atomic?.status;
  if (address === undefined || connector === undefined) return false;
  if (atomic !== "supported" && atomic !== "ready") return false;
  return !hasRefusedBundles({ connectorId: connector.id, address, chainId });
}
