import { isFirm, type Order } from "@wattline/sdk";
import { readContract } from "viem/actions";
import type { ChainContext } from "../chain/index.ts";

/** How much of an order is filled, and whether it is cancelled. */
export interface Fill {
  readonly filledWh: bigint;
  readonly cancelled: boolean;
}

/** Reads an order's fill from the chain. Those of firm orders are kept by settler. */
export async function readFill(
  { client, contracts: { marketplace }, network }: ChainContext,
  { maker, settler, nonce }: Pick<Order, "maker" | "settler" | "nonce">,
): Promise<Fill> {
  if (isFirm({ nonce })) {
    const filledWh = await readContract(client, {
      ...marketplace,
      functionName: "firmFillOf",
      args: [maker, network.currency.address, settler, nonce],
    });
    return { filledWh, cancelled: false };
  }
  const [filledWh, cancelled] = await readContract(client, {
    ...marketplace,
    functionName: "fillOf",
    args: [maker, nonce],
  });
  return { filledWh, cancelled };
}
