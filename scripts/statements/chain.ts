import {
  findAudited,
  type Header,
  RpcError,
  readActs,
  rpcAt,
  type Whereabouts,
} from "@wattline/audit";
import { Progress } from "@wattline/common/progress";
import { marketplaceAbi } from "@wattline/sdk";
import { type StatementHistory, statementHistoryOf } from "@wattline/sdk/statements";
import {
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  isAddressEqual,
  toHex,
} from "viem";

/** A node, and where the contracts are on its chain. */
export interface Chain {
  readonly rpc: string;
  readonly where: Whereabouts;
}

/** An account's balance at the end block; undefined when the node has forgotten it. */
type BalanceMillis = (currency: Address, holder: Address) => Promise<bigint | undefined>;

/** A chain's history up to a block. */
export interface ReadHistory {
  readonly history: StatementHistory;
  readonly end: Header;
  readonly balanceMillis: BalanceMillis;
}

/**
 * Reads what statements need of a chain from a node's logs; nothing else is trusted.
 * @throws OptionsError when the contracts are not there; RpcError, ReorgError, BrokenActError, or the signal's reason.
 */
export async function readChain(
  { rpc: url, where }: Chain,
  signal: AbortSignal,
  isQuiet = false,
): Promise<ReadHistory> {
  const rpc = rpcAt(url, signal);
  const audited = await findAudited(rpc, where, signal);
  let progress: Progress | undefined;
  const { acts, end } = await readActs(audited, signal, (done, of) => {
    if (isQuiet) return;
    progress ??= new Progress("Reading", of);
    progress.show(done);
  });
  const { chainId, contracts } = audited.subject;
  return {
    history: statementHistoryOf(chainId, contracts, acts),
    end,
    async balanceMillis(currency, holder) {
      const call = { abi: marketplaceAbi, functionName: "accountOf" } as const;
      const data = encodeFunctionData({ ...call, args: [currency, holder] });
      const answer = await rpc.call({ to: contracts.marketplace, data }, toHex(end.number));
      if (answer.kind !== "answer") return undefined;
      return decodeFunctionResult({ ...call, data: answer.data }).balance;
    },
  };
}

/**
 * Holds the accounts that the history comes to against the chain's.
 * @returns The accounts of which the node has no state at that block: for them its logs alone decide.
 * @throws RpcError that names the account and both balances.
 */
export async function expectBalances(
  { movements, microgrids }: StatementHistory,
  microgrid: number,
  accounts: readonly Address[],
  balanceMillis: BalanceMillis,
): Promise<Address[]> {
  const currency = microgrids.get(microgrid)?.currency;
  if (currency === undefined) return [];
  const unknown = await Promise.all(
    accounts.map(async (account) => {
      const known = movements
        .filter((each) => isAddressEqual(each.holder, account) && each.currency === currency)
        .reduce((sum, { amountMillis }) => sum + amountMillis, 0n);
      const real = await balanceMillis(currency, account);
      if (real === undefined) return [account];
      if (real === known) return [];
      throw new RpcError(
        `The account of ${account} holds ${real} thousandths of a base unit; its history comes to ${known}. The node does not give every log: ask another one.`,
        "contradiction",
      );
    }),
  );
  return unknown.flat();
}
