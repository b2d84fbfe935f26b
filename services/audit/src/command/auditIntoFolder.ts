import { mkdirSync } from "node:fs";
import { writeWhole } from "@wattline/common/files";
import type { NodePause } from "@wattline/common/node";
import { OptionsError } from "@wattline/common/options";
import { Progress } from "@wattline/common/progress";
import { recoverAddress } from "@wattline/common/recover";
import { createAudit, marketDomain, metersDomain, storageRows, storageTotals } from "@wattline/sdk";
import type { Header } from "../answers.ts";
import { reasonOf } from "../errors.ts";
import type { ReadRange } from "../ranges.ts";
import { pause, type RpcSettings, rpcAt } from "../rpc.ts";
import {
  type Audited,
  type AuditProgress,
  type AuditResult,
  findAudited,
  type Passage,
  runAudit,
} from "../run.ts";
import type { Source, SourceSettings } from "../source.ts";
import { walletsAt } from "../wallets.ts";
import { type Checkpoint, checkpointsIn } from "./checkpoint.ts";
import { startJudges } from "./judges.ts";
import type { AuditCommand } from "./options.ts";
import { Outputs } from "./outputs.ts";
import { reportOf } from "./report.ts";

/** How often an interrupted audit loses work of at most. */
const CHECKPOINT_EVERY_MS = 10_000;

/** What the tests change. */
export interface RunSettings {
  readonly checkpointEveryMs?: number;
  /** How patiently the node is asked. */
  readonly rpc?: RpcSettings;
  readonly source?: SourceSettings;
  /** Shows no progress. */
  readonly quiet?: boolean;
}

/**
 * Audits a chain and writes everything to a folder. What was interrupted goes on from its last checkpoint there.
 * @throws OptionsError, RpcError, or ReorgError when the chain does not come to rest.
 */
export async function auditIntoFolder(
  command: AuditCommand,
  signal: AbortSignal,
  settings: RunSettings = {},
): Promise<AuditResult> {
  const rpc = rpcAt(command.rpc, signal, {
    ...(!settings.quiet && { onPause: tellPauses() }),
    ...settings.rpc,
  });
  const audited = await findAudited(rpc, command.where, signal, settings.source);
  await checkRange(audited.source, command, signal);
  makeFolder(command.out);
  return runAudit(audited, (end) => begin(command, audited, end, settings), {
    signal,
    toBlock: command.toBlock,
    ...(!settings.quiet && { onProgress: showProgress() }),
    onReorg: ({ message }) =>
      console.error(`${message} Going back to the last checkpoint that still holds.`),
  });
}

/** Opens the folder, at the last checkpoint when one still holds. */
async function begin(
  command: AuditCommand,
  { rpc, subject, source }: Audited,
  end: Header,
  { checkpointEveryMs = CHECKPOINT_EVERY_MS, quiet }: RunSettings,
): Promise<Passage> {
  const { chainId, contracts, firstBlock } = subject;
  const { microgrid, signatures, fromBlock = firstBlock } = command;
  const identity = { chainId, contracts, firstBlock, fromBlock, microgrid, signatures };
  const checkpoints = checkpointsIn(command.out, identity);
  const resumed = await resumable(source, checkpoints.load(), end);
  if (resumed !== undefined && !quiet) {
    console.error(`Going on from block ${resumed.block.number + 1}.`);
  }
  const judges = signatures
    ? startJudges({
        market: marketDomain(chainId, contracts.marketplace),
        meters: metersDomain(chainId, contracts.meters),
      })
    : undefined;
  const outputs = new Outputs(command.out, { chainId, energy: contracts.energy }, resumed?.outputs);
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
  let savedAt = Date.now();
  let isWhole = false;
  return {
    audit,
    last: resumed?.block,
    onRead({ end: block }: ReadRange) {
      if (Date.now() - savedAt < checkpointEveryMs) return;
      checkpoints.save({ block, audit: audit.freeze(), outputs: outputs.freeze() });
      savedAt = Date.now();
    },
    onResult(result) {
      const storage = storageRows(result.state, microgrid);
      outputs.finish(storage);
      isWhole = true;
      const batteries = storageTotals(storage);
      const report = reportOf(result, command, outputs.totals, batteries);
      writeWhole(`${command.out}/report.html`, report);
      checkpoints.clear();
    },
    async close() {
      if (!isWhole) outputs.leave();
      await judges?.close();
    },
  };
}

function showProgress(): (progress: AuditProgress) => void {
  let bar: Progress | undefined;
  return ({ phase, done, of = 1 }) => {
    if (phase !== "reading") return;
    if (done === 0) bar = new Progress("Auditing", of);
    bar?.show(done, `${done.toLocaleString("en")} of ${of.toLocaleString("en")} blocks`);
  };
}

/** How often a person is told that the audit waits for the node. */
const PAUSES_TOLD_EVERY_MS = 10_000;
/** Pauses that are too short to speak of. */
const SHORT_MS = 1_000;

function tellPauses(): (pause: NodePause) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return ({ ms, reason, kind }) => {
    if (ms < SHORT_MS || Date.now() - toldAt < PAUSES_TOLD_EVERY_MS) return;
    toldAt = Date.now();
    const why = kind === "limited" ? "The node limits its rate" : "The node does not answer";
    console.error(`${why} (${reason}): waiting ${Math.round(ms / 1000)} s.`);
  };
}

/** How often a lagging node is asked for its newest block. */
const HEADS_ASKED = 4;
const HEAD_PAUSE_MS = 200;

/** The newest block, asked for several times when it lies before one that somebody knows. */
async function newestOf(source: Source, known: number, signal: AbortSignal): Promise<number> {
  let newest = (await source.header()).number;
  for (let asked = 1; newest < known && asked < HEADS_ASKED; asked++) {
    await pause(HEAD_PAUSE_MS, signal);
    newest = Math.max(newest, (await source.header()).number);
  }
  return newest;
}

async function checkRange(
  source: Source,
  { toBlock, fromBlock }: AuditCommand,
  signal: AbortSignal,
): Promise<void> {
  const newest = await newestOf(source, Math.max(toBlock ?? 0, fromBlock ?? 0), signal);
  if (toBlock !== undefined && toBlock > newest) {
    throw new OptionsError(`--to-block ${toBlock}: the chain ends at block ${newest}.`);
  }
  if (fromBlock !== undefined && fromBlock > newest) {
    throw new OptionsError(`--from-block ${fromBlock}: the chain ends at block ${newest}.`);
  }
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
    throw new OptionsError(`--out ${folder} can't be made: ${reasonOf(error)}`);
  }
}
