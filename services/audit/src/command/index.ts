/** The audit as a command: options, threads that check signatures, and a folder of results. Node only. */
export { ReorgError, RpcError } from "../errors.ts";
export { conclusionOf, lineOf, outcomeOfAll, storageLinesOf } from "../lines.ts";
export type { AuditResult } from "../run.ts";
export { auditIntoFolder } from "./auditIntoFolder.ts";
export { startJudges } from "./judges.ts";
export { type AuditCommand, readOptions, USAGE, whereaboutsOf } from "./options.ts";
