import type { Address, Client } from "viem";
import { getCode } from "viem/actions";

/** Whether an account signs by a key of its own, as currencies want it: a contract does not, an EIP-7702 account does. */
export async function hasKey(client: Client, account: Address): Promise<boolean> {
  const code = await getCode(client, { address: account });
  return code === undefined || code === "0x" || code.startsWith("0xef0100");
}
