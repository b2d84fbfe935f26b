import { marketDomain, ORDER_TYPES, type Order, type SignedOrder } from "@wattline/sdk";
import { useConnection, useSignTypedData } from "wagmi";
import { useNetwork } from "../chain/network.tsx";

/** Signs orders with the connected wallet: no gas, no transaction. */
export function useSigner(): (order: Order) => Promise<SignedOrder> {
  const { deployment } = useNetwork();
  const { address } = useConnection();
  const sign = useSignTypedData();
  return async (order) => {
    if (address === undefined) throw new Error("No wallet is connected.");
    const signature = await sign.mutateAsync({
      account: address,
      domain: marketDomain(deployment.chainId, deployment.marketplace),
      types: ORDER_TYPES,
      primaryType: "Order",
      message: order,
    });
    return { order, signature };
  };
}
