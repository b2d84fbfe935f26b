import {
  type Deployment,
  marketplaceAbi,
  type SignedOrder,
  signedOrderToJson,
} from "@wattline/sdk";
import { decodeFunctionData, type Hex, isAddressEqual, type Transaction } from "viem";

/** The signed orders in transactions: those that a relay would have had before. */
export function ordersIn(
  { marketplace }: Deployment,
  transactions: readonly Pick<Transaction, "to" | "input">[],
) {
  const found: SignedOrder[] = [];
  for (const { to, input } of transactions) {
    if (to !== null && isAddressEqual(to, marketplace)) collect(input);
  }
  return found.map(signedOrderToJson);

  function collect(data: Hex): void {
    const { functionName, args } = decodeFunctionData({ abi: marketplaceAbi, data });
    if (functionName === "multicall") for (const inner of args[0]) collect(inner);
    else if (functionName === "accept" || functionName === "reserve") {
      found.push({ order: args[0], signature: args[1] });
    } else if (functionName === "settle") {
      args[0].forEach((order, index) => {
        found.push({ order, signature: args[1][index] ?? "0x" });
      });
    }
  }
}
