import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import { useNetwork } from "../chain/index.ts";
import { type BookOrder, fetchSigned } from "./relay.ts";

const EVERY_MS = 5_000;

/** The newest 500 orders that a maker has signed, as the relay knows them; undefined without a relay's answer. */
export function useSigned(maker: Address): readonly BookOrder[] | undefined {
  const { relayUrl, deployment } = useNetwork();
  const { data } = useQuery({
    queryKey: ["relay", deployment.chainId, "signed", maker],
    queryFn: ({ signal }) => fetchSigned(relayUrl ?? "", maker, signal),
    enabled: relayUrl !== undefined,
    refetchInterval: EVERY_MS,
    retry: false,
  });
  return data;
}
