import { findAudited, type Header, readActs, rpcAt, type Whereabouts } from "@wattline/audit";
import { Progress } from "@wattline/common/progress";
import { type StatementHistory, statementHistoryOf } from "@wattline/sdk/statements";

/** A node, and where the contracts are on its chain. */
export interface Chain {
  readonly rpc: string;
  readonly where: Whereabouts;
}

/** A chain's history up to a block. */
export interface ReadHistory {
  readonly history: StatementHistory;
  readonly end: Header;
}

/**
 * Reads what statements need of a chain from a node's logs; nothing else is trusted.
 * @throws OptionsError when the contracts are not there; RpcError, ReorgError, BrokenActError, or the signal's reason.
 */
export async function readChain(
  { rpc, where }: Chain,
  signal: AbortSignal,
  isQuiet = false,
): Promise<ReadHistory> {
  const audited = await findAudited(rpcAt(rpc, signal), where, signal);
  let progress: Progress | undefined;
  const { acts, end } = await readActs(audited, signal, (done, of) => {
    if (isQuiet) return;
    progress ??= new Progress("Reading", of);
    progress.show(done);
  });
  const { chainId, contracts } = audited.subject;
  return { history: statementHistoryOf(chainId, contracts, acts), end };
}
