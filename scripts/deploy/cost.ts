import { formatEther, formatGwei } from "viem";
import type { DeployOptions } from "./options.ts";
import type { Rehearsal } from "./rehearsal.ts";

/** What a deployment would take, in lines to print. Gas price in wei. */
export function costLines(
  { addresses, gas, calldataBytes, transactions }: Rehearsal,
  gasPriceWei: bigint,
  { etherPrice }: Pick<DeployOptions, "etherPrice">,
): string[] {
  const costWei = gas * gasPriceWei;
  const euro =
    etherPrice === undefined
      ? ""
      : `, ${(Number(formatEther(costWei)) * etherPrice).toFixed(2)} euro at ${etherPrice} euro an ether`;
  return [
    `${transactions} transactions take ${gas} gas: at ${formatGwei(gasPriceWei)} gwei ${formatEther(costWei)} ether${euro}.`,
    `A rollup adds its fee for ${calldataBytes} bytes of calldata.`,
    "The contracts will be at",
    ...Object.entries(addresses).map(([contract, address]) => `  ${contract} ${address}`),
    "Nothing was sent.",
  ];
}
