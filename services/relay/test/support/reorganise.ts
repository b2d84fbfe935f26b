import { createClient, http, rpcSchema } from "viem";

/** What of anvil's interface viem has no words for. */
type Asked = [
  { Method: "anvil_reorg"; Parameters: [depth: number, transactions: []]; ReturnType: null },
];

/** Replaces an anvil's newest blocks by empty ones. What was in them is gone, as from a node that has not heard of it. */
export async function dropBlocks(rpcUrl: string, depth: number): Promise<void> {
  const anvil = createClient({ transport: http(rpcUrl), rpcSchema: rpcSchema<Asked>() });
  await anvil.request({ method: "anvil_reorg", params: [depth, []] });
}
