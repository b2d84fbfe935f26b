import { type Address, zeroAddress } from "viem";
import { readContract } from "viem/actions";
import { useChainQuery } from "./useChainQuery.ts";

/** What a holder has in escrow of the network's currency, and what of it is left in the own wallet. */
export const useAccount = (holder: Address | undefined) =>
  useChainQuery(
    ["account", holder],
    async ({ client, contracts: { marketplace, currency }, network }) => {
      const who = holder ?? zeroAddress;
      const [escrow, walletBalance] = await Promise.all([
        readContract(client, {
          ...marketplace,
          functionName: "accountOf",
          args: [network.currency.address, who],
        }),
        readContract(client, { ...currency, functionName: "balanceOf", args: [who] }),
      ]);
      return { ...escrow, walletBalance };
    },
    { enabled: holder !== undefined },
  );
