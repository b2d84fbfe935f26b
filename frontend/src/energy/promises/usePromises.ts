import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import * as z from "zod/mini";
import { useNetwork } from "../../chain/index.ts";

const digits = z.pipe(
  z.string().check(z.regex(/^\d+$/)),
  z.transform((text) => BigInt(text)),
);
const address = z.custom<Address>((value) => typeof value === "string" && /^0x/.test(value));

const status = z.object({
  state: z.enum(["connected", "offline", "settling"]),
  sinceTime: z.nullable(z.number()),
  promises: z.array(
    z.object({
      seller: address,
      buyer: address,
      microgrid: z.number(),
      slot: z.number(),
      energyWh: digits,
      costMillis: digits,
      settledWh: digits,
      failedWh: digits,
    }),
  ),
});

/** What a household was promised while the chain was out of reach, and what has come of it. */
export type Promises = z.infer<typeof status>;

const EVERY_MS = 10_000;

/** Asks the community's island node; undefined while there is none, or it does not answer. */
export function usePromises(holder: Address): Promises | undefined {
  const { nodeUrl, deployment } = useNetwork();
  const { data } = useQuery({
    queryKey: ["promises", deployment.chainId, holder],
    queryFn: async ({ signal }) => {
      const answer = await fetch(`${nodeUrl}/promises?maker=${holder}`, { signal });
      return status.parse(await answer.json());
    },
    enabled: nodeUrl !== undefined,
    refetchInterval: EVERY_MS,
    retry: false,
  });
  return data;
}
