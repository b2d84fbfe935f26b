import { type Address, isAddressEqual, zeroAddress } from "viem";
import { readContract } from "viem/actions";
import { type ChainContext, useChainQuery } from "./useChainQuery.ts";

/** What a holder has in escrow of the network's currency. */
export interface Account {
  readonly balanceMillis: bigint;
  /** What orders have to carry. */
  readonly counter: bigint;
  /** The lock that was made last; undefined without one. Whether it is in force, its end says. */
  readonly lock: Lock | undefined;
}

/** Who the money is bound to: until the end it moves only in fills which the settler makes. */
export interface Lock {
  readonly settler: Address;
  /** A key that may sign firm orders beside the holder's own. */
  readonly signer: Address | undefined;
  /** Unix seconds. */
  readonly untilSeconds: number;
}

/** Reads a holder's account in the network's currency. */
export async function readAccount(
  { client, contracts: { marketplace }, network }: ChainContext,
  holder: Address,
): Promise<Account> {
  const of = { ...marketplace, args: [network.currency.address, holder] } as const;
  const [{ balance, counter, lockedUntil }, { settler, signer }] = await Promise.all([
    readContract(client, { ...of, functionName: "accountOf" }),
    readContract(client, { ...of, functionName: "lockOf" }),
  ]);
  return {
    balanceMillis: balance,
    counter,
    lock: isAddressEqual(settler, zeroAddress)
      ? undefined
      : {
          settler,
          signer: isAddressEqual(signer, zeroAddress) ? undefined : signer,
          untilSeconds: lockedUntil,
        },
  };
}

/** What a holder has in escrow of the network's currency, and what of it is left in the own wallet, in base units. */
export const useAccount = (holder: Address | undefined) =>
  useChainQuery(
    ["account", holder],
    async (context) => {
      const who = holder ?? zeroAddress;
      const { client, contracts } = context;
      const [account, walletBalance] = await Promise.all([
        readAccount(context, who),
        readContract(client, { ...contracts.currency, functionName: "balanceOf", args: [who] }),
      ]);
      return { ...account, walletBalance };
    },
    { enabled: holder !== undefined },
  );
