import { type IsAccepted, isAcceptance, WALLET_GAS, walletQuestion } from "@wattline/sdk";
import type { Address, Hex } from "viem";
import { quantity } from "./answers.ts";
import { RpcError } from "./errors.ts";
import type { Rpc } from "./rpc.ts";
import { hasAnswered, traceOf } from "./traces.ts";

/**
 * Asks contract wallets as they stood before a transaction and after its block. Where they refuse both times, a trace says
 * whether they accepted in between; without one nobody knows, unless there was no code that could have.
 */
export const walletsAt =
  (rpc: Rpc): IsAccepted =>
  async (wallet, digest, signature, { blockNumber, transaction }) => {
    const data = walletQuestion(digest, signature);
    const before = quantity(Math.max(blockNumber - 1, 0));
    for (const at of [before, quantity(blockNumber)]) {
      const outcome = await rpc.call({ to: wallet, data, gas: quantity(Number(WALLET_GAS)) }, at);
      if (outcome.kind === "answer" && isAcceptance(outcome.data)) return true;
    }
    try {
      if (await neverHadCode(rpc, wallet, before, quantity(blockNumber))) return false;
      const trace = await traceOf(rpc, transaction);
      return trace && hasAnswered(trace, wallet, data, isAcceptance);
    } catch (error) {
      // A node that fails says neither yes nor no.
      if (error instanceof RpcError) return undefined;
      throw error;
    }
  };

/**
 * Whether an address had no code between two moments. Where it has none at either, it may still have had some in between, by
 * a delegation that was taken back (EIP-7702): each of these counts the account's nonce up.
 */
async function neverHadCode(rpc: Rpc, wallet: Address, before: Hex, after: Hex): Promise<boolean> {
  const asked = (method: string) =>
    Promise.all([before, after].map((at) => rpc.attempt(method, [wallet, at])));
  const codes = await asked("eth_getCode");
  if (codes.some((code) => code !== "0x")) return false;
  const [first, last] = await asked("eth_getTransactionCount");
  return first !== undefined && first === last;
}
