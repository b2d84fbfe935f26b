import { marketplaceAbi } from "@wattline/sdk";
import { type DecodeFunctionDataReturnType, decodeFunctionData, type Hex } from "viem";

/** A call to the marketplace; its name determines the type of its arguments. */
export type MarketCall = DecodeFunctionDataReturnType<typeof marketplaceAbi>;

/** The calls to the marketplace that a transaction makes. */
export function callsIn(data: Hex): MarketCall[] {
  const call = decodeFunctionData({ abi: marketplaceAbi, data });
  return call.functionName === "multicall" ? call.args[0].flatMap(callsIn) : [call];
}

/** The only call with this name. @throws When there is none, or more than one. */
export function onlyCall<Name extends MarketCall["functionName"]>(
  calls: readonly MarketCall[],
  name: Name,
): Extract<MarketCall, { functionName: Name }> {
  const found = calls.filter(
    (call): call is Extract<MarketCall, { functionName: Name }> => call.functionName === name,
  );
  const [one] = found;
  if (one === undefined || found.length > 1) {
    throw new Error(`There are ${found.length} calls of ${name}, not one.`);
  }
  return one;
}
