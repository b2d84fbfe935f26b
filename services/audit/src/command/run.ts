import { mkdirSync } from "node:fs";
import {
  type AuditState,
  createAudit,
  type Finding,
  marketDomain,
  metersDomain,
  type Verdict,
} from "@wattline/sdk";
import { writeWhole } from "../../../community/src/simulation/print.ts";
import { Progress } from "../../../community/src/simulation/progress.ts";
import { ReorgError, reasonOf, UsageError } from "../errors.ts";
import { judgeEnd } from "../judging.ts";
import { expectSame, readRanges } from "../ranges.ts";
import { type Rpc, rpcAt } from "../rpc.ts";
import { type Header, type Source, sourceAt } from "../source.ts";
import { walletsAt } from "../wallets.ts";
import { findSubject, type Subject } from "../whereabouts.ts";
import { type Checkpoint, checkpointsIn } from "./checkpoint.ts";
import { startJudges } from "./judges.ts";
import type { AuditCommand } from "./options.ts";
import { Outputs } from "./outputs.ts";
import { recoverAddress } from "./recover.ts";
import { reportOf } from "./report.ts";

/** What an audit came to. */
export interface AuditResult {
  readonly subject: Subject;
  readonly end: Header;
  readonly verdicts: readonly Verdict[];
  readonly findings: readonly Finding[];
  /** What the history adds up to at the end block. */
  readonly state: AuditState;
}

/** How often a chain may be reorganised under an audit before that is said. */
const MOST_REORGS = 5;
/** How often an interrupted audit loses work of at most. */
const CHECKPOINT_EVERY_MS = 10_000;

/** What the tests change. */
export interface RunSettings {
  readonly checkpointEveryMs?: number;
  readonly timeoutMs?: number;
  /** Shows no progress. */
  readonly quiet?: boolean;
}

/**
 * Audits a chain: reads it, judges it, compares it with its state at the end block and writes everything to a folder.
 * @throws UsageError, RpcError, or ReorgError when the chain does not come to rest.
 */
export async function runAudit(
  command: AuditCommand,
  signal: AbortSignal,
  settings: RunSettings = {},
): Promise<AuditResult> {
  const rpc = rpcAt(command.rpc, signal, settings.timeoutMs);
  const subject = await findSubject(rpc, command.where);
  const source = sourceAt(rpc, subject.contracts, signal);
  makeFolder(command.out);
  for (let reorgs = 0; ; reorgs++) {
    try {
      return await auditOnce({ command, rpc, subject, source, signal, settings });
    } catch (error) {
      if (!(error instanceof ReorgError) || reorgs >= MOST_REORGS) throw error;
      console.error(`${error.message} Going back to the last checkpoint that still holds.`);
    }
  }
}

interface Work {
  readonly command: AuditCommand;
  readonly rpc: Rpc;
  readonly subject: Subject;
  readonly source: Source;
  readonly signal: AbortSignal;
  readonly settings: RunSettings;
}

async function auditOnce(work: Work): Promise<AuditResult> {
  const { command, rpc, subject, source, signal, settings } = work;
  const { chainId, contracts, firstBlock } = subject;
  const end = await endOf(source, command);
  const fromBlock = command.fromBlock ?? firstBlock;
  const { microgrid, signatures } = command;
  const identity = { chainId, contracts, firstBlock, fromBlock, microgrid, signatures };
  const checkpoints = checkpointsIn(command.out, identity);
  const resumed = await resumable(source, checkpoints.load(), end);

  const judges = signatures
    ? startJudges({
        market: marketDomain(chainId, contracts.marketplace),
        meters: metersDomain(chainId, contracts.meters),
      })
    : undefined;
  const outputs = new Outputs(command.out, { chainId, energy: contracts.energy }, resumed?.outputs);
  let whole = false;
  try {
    const audit = createAudit(
      {
        chainId,
        contracts,
        signatures,
        fromBlock,
        ...(microgrid !== undefined && { microgrid }),
        recover: recoverAddress,
        isAccepted: walletsAt(rpc),
        ...(judges !== undefined && { judge: judges.judge }),
        onRow: (row) => outputs.row(row),
      },
      resumed?.audit,
    );
    const first = resumed === undefined ? firstBlock : resumed.block.number + 1;
    const progress = settings.quiet
      ? undefined
      : new Progress("Auditing", Math.max(end.number - first + 1, 1));
    progress?.show(0, resumed === undefined ? "" : `going on from block ${first}`);
    let savedAt = Date.now();
    for await (const range of readRanges(source, first, end.number, resumed?.block)) {
      signal.throwIfAborted();
      await audit.blocks(range.blocks);
      progress?.show(range.end.number - first + 1, `block ${range.end.number}`);
      if (Date.now() - savedAt < (settings.checkpointEveryMs ?? CHECKPOINT_EVERY_MS)) continue;
      const block = range.end;
      checkpoints.save({ block, audit: audit.freeze(), outputs: outputs.freeze() });
      savedAt = Date.now();
    }
    await judgeEnd(work, audit, end);
    await expectSame(source, end);
    outputs.finish();
    whole = true;
    const result = {
      subject,
      end,
      verdicts: audit.verdicts(),
      findings: audit.tally.findings(),
      state: audit.state,
    };
    writeWhole(`${command.out}/report.html`, reportOf(result, command, outputs.totals));
    checkpoints.clear();
    return result;
  } finally {
    if (!whole) outputs.leave();
    await judges?.close();
  }
}

async function endOf(source: Source, { toBlock, fromBlock }: AuditCommand): Promise<Header> {
  const newest = await source.header();
  if (toBlock !== undefined && toBlock > newest.number) {
    throw new UsageError(`--to-block ${toBlock}: the chain ends at block ${newest.number}.`);
  }
  if (fromBlock !== undefined && fromBlock > newest.number) {
    throw new UsageError(`--from-block ${fromBlock}: the chain ends at block ${newest.number}.`);
  }
  return toBlock === undefined ? newest : source.header(toBlock);
}

/** A checkpoint whose block is still part of the chain, and of what is asked for. */
async function resumable(
  source: Source,
  checkpoint: Checkpoint | undefined,
  end: Header,
): Promise<Checkpoint | undefined> {
  if (checkpoint === undefined || checkpoint.block.number >= end.number) return undefined;
  const now = await source.header(checkpoint.block.number);
  return now.hash === checkpoint.block.hash ? checkpoint : undefined;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(`--out ${folder} can't be made: ${reasonOf(error)}`);
  }
}
