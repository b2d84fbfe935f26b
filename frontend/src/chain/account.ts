import { type AccountFacts, readAccount } from "@wattline/sdk";
import { type Address, zeroAddress } from "viem";
import { readContract } from "viem/actions";
import { useChainQuery } from "./useChainQuery.ts";
import { readView } from "./view.ts";

/** What a holder has in escrow of the network's currency, and what of it is left in the own wallet. */
export interface Account extends AccountFacts {
  /** Base units. */
  readonly walletBalance: bigint;
}

/** A holder's account in the network's currency. */
export const useAccount = (holder: Address | undefined) =>
  useChainQuery(
    ["account", holder],
    async (context): Promise<Account> => {
      const who = holder ?? zeroAddress;
      const { client, contracts, network } = context;
      const [account, walletBalance] = await Promise.all([
        readView(context).then((view) => readAccount(view, network.currency.address, who)),
        readContract(client, { ...contracts.currency, functionName: "balanceOf", args: [who] }),
      ]);
      return { ...account, walletBalance };
    },
    { enabled: holder !== undefined },
  );
