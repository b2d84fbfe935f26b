import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import { useNetwork } from "../chain/index.ts";

/** How people of the demo are called, by address; nobody has a name on chain. */
export function useNames(): ReadonlyMap<Address, string> {
  const { demo, deployment } = useNetwork();
  const { data } = useQuery({
    queryKey: ["names", deployment.chainId],
    queryFn: async () => {
      // Only a demo needs the cryptography for it.
      const { privateKeyToAddress } = await import("viem/accounts");
      return new Map(
        demo?.accounts.map(({ name, privateKey }) => [privateKeyToAddress(privateKey), name]),
      );
    },
    enabled: demo !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data ?? NOBODY;
}

const NOBODY: ReadonlyMap<Address, string> = new Map();
