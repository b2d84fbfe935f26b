import {
  bulkTree,
  marketDomain,
  ORDER_TYPES,
  ORDER_WITHDRAWAL_TYPES,
  type Order,
  orderBookTypedData,
  type SignedOrder,
  signedOrdersOf,
} from "@wattline/sdk";
import type { Hex } from "viem";
import { useNetwork } from "../chain/index.ts";
import { useSignature } from "./useSignature.ts";

/** Signs orders with the connected wallet: no gas, no transaction. */
export function useSigner(): (order: Order) => Promise<SignedOrder> {
  const domain = useMarketDomain();
  const sign = useSignature();
  return async (order) => ({
    order,
    signature: await sign({
      domain,
      types: ORDER_TYPES,
      primaryType: "Order",
      message: { ...order },
    }),
  });
}

/** Signs many orders at once: the wallet asks one time and shows each of them. */
export function useBookSigner(): (orders: readonly Order[]) => Promise<SignedOrder[]> {
  const domain = useMarketDomain();
  const sign = useSignature();
  return async (orders) => {
    const book = { orders, tree: bulkTree(orders) };
    const { types, primaryType, message } = orderBookTypedData(domain, book);
    const signature = await sign({
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
  const domain = useMarketDomain();
  const sign = useSignature();
  return (orderHash) =>
    sign({
      domain,
      types: ORDER_WITHDRAWAL_TYPES,
      primaryType: "OrderWithdrawal",
      message: { orderHash },
    });
}

/** The domain of what is signed for the marketplace and for relays. */
export function useMarketDomain() {
  const { chainId, marketplace } = useNetwork().deployment;
  return marketDomain(chainId, marketplace);
}
