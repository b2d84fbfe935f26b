import {
  bulkTree,
  marketDomain,
  ORDER_TYPES,
  type Order,
  orderBookTypedData,
  type SignedOrder,
  signedOrdersOf,
  WITHDRAWAL_TYPES,
} from "@wattline/sdk";
import type { Hex } from "viem";
import { useConnection, useSignTypedData } from "wagmi";
import { useNetwork } from "../chain/index.ts";

/** Signs orders with the connected wallet: no gas, no transaction. */
export function useSigner(): (order: Order) => Promise<SignedOrder> {
  const { domain, account } = useMarketSigning();
  const sign = useSignTypedData();
  return async (order) => {
    const signature = await sign.mutateAsync({
      account: account(),
      domain,
      types: ORDER_TYPES,
      primaryType: "Order",
      message: order,
    });
    return { order, signature };
  };
}

/** Signs many orders at once: the wallet asks one time and shows each of them. */
export function useBookSigner(): (orders: readonly Order[]) => Promise<SignedOrder[]> {
  const { domain, account } = useMarketSigning();
  const sign = useSignTypedData();
  return async (orders) => {
    const book = { orders, tree: bulkTree(orders) };
    const { types, primaryType, message } = orderBookTypedData(domain, book);
    const signature = await sign.mutateAsync({
      account: account(),
      domain,
      types: { ...types },
      primaryType,
      message: { ...message },
    });
    return signedOrdersOf(book, signature);
  };
}

/** Signs that an order is to be taken off a relay's book. */
export function useWithdrawalSigner(): (orderHash: Hex) => Promise<Hex> {
  const { domain, account } = useMarketSigning();
  const sign = useSignTypedData();
  return (orderHash) =>
    sign.mutateAsync({
      account: account(),
      domain,
      types: WITHDRAWAL_TYPES,
      primaryType: "Withdrawal",
      message: { orderHash },
    });
}

function useMarketSigning() {
  const { deployment } = useNetwork();
  const { address } = useConnection();
  return {
    domain: marketDomain(deployment.chainId, deployment.marketplace),
    account() {
      if (address === undefined) throw new Error("No wallet is connected.");
      return address;
    },
  };
}
