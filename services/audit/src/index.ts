/** Reads a chain's history from a node and judges it, in a browser as in Node. The command is in `./command`. */

export { type ReadAct, type ReadActs, readActs } from "./acts.ts";
export type { Header } from "./answers.ts";
export { ReorgError, RpcError, reasonOf } from "./errors.ts";
export { type Outcome, outcomeOf, outcomeOfAll } from "./lines.ts";
export type { ReadRange } from "./ranges.ts";
export { rpcAt } from "./rpc.ts";
export {
  type Audited,
  type AuditProgress,
  type AuditResult,
  findAudited,
  type Passage,
  readHistory,
  runAudit,
} from "./run.ts";
export { type MicrogridTotals, Totals } from "./totals.ts";
export { walletsAt } from "./wallets.ts";
export type { Subject, Whereabouts } from "./whereabouts.ts";
