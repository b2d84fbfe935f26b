import type { Audit, AuditState, Finding, Verdict } from "@wattline/sdk";
import type { Header } from "./answers.ts";
import { type Comparison, compareState } from "./endState.ts";
import { ReorgError, RpcError } from "./errors.ts";
import { bookComparison } from "./judging.ts";
import { expectSame, type ReadRange, readRanges } from "./ranges.ts";
import { pause, type Rpc } from "./rpc.ts";
import { type Source, type SourceSettings, sourceAt } from "./source.ts";
import { findSubject, type Subject, type Whereabouts } from "./whereabouts.ts";

/** A chain on which the contracts were found. */
export interface Audited {
  readonly rpc: Rpc;
  readonly subject: Subject;
  readonly source: Source;
}

/**
 * Finds what is to be audited.
 * @throws OptionsError when it is not where it was said to be; RpcError when the node does not answer.
 */
export async function findAudited(
  rpc: Rpc,
  where: Whereabouts,
  signal: AbortSignal,
  settings: SourceSettings = {},
): Promise<Audited> {
  const subject = await findSubject(rpc, where);
  return { rpc, subject, source: sourceAt(rpc, subject.contracts, signal, settings) };
}

/** How far an audit is. */
export interface AuditProgress {
  readonly phase: "reading" | "comparing";
  /** Blocks that are read, or answers of the chain that are compared. */
  readonly done: number;
  /** Undefined when it is not known beforehand. */
  readonly of?: number;
}

/** One way through the history. */
export interface Passage {
  readonly audit: Audit;
  /** The last block that the audit has been given before: reading goes on behind it. */
  readonly last?: Header | undefined;
  /** Told of blocks that the audit has been given. */
  onRead?(range: ReadRange): void;
  /** Told what the audit came to, once it is certain. */
  onResult?(result: AuditResult): void;
  /** Called in the end, whether it came to a result or not. */
  close?(): Promise<void>;
}

/** What an audit came to. */
export interface AuditResult {
  readonly subject: Subject;
  readonly end: Header;
  readonly verdicts: readonly Verdict[];
  readonly findings: readonly Finding[];
  /** What the history adds up to at the end block. */
  readonly state: AuditState;
}

export interface AuditSettings {
  readonly signal: AbortSignal;
  /** The last block; the newest without it. */
  readonly toBlock?: number | undefined;
  onProgress?(progress: AuditProgress): void;
  /** Told why an audit begins again. */
  onReorg?(error: ReorgError): void;
}

/** How often a chain may be reorganised under an audit before that is said. */
const MOST_REORGS = 5;
/** How often the end block may be moved on because the node has forgotten its state. */
const MOST_CHASES = 3;
/** How often a node is asked for a newer block: one that lags may give an older one. */
const HEADS_ASKED = 5;
const HEAD_PAUSE_MS = 200;

/**
 * Audits a chain: reads its history, judges it, and compares it with the chain's state at the end block. Where the node has
 * forgotten that state meanwhile, the audit catches up with the chain and compares there, unless an end block was asked
 * for. What can't be compared in the end is counted as not judged: the verdicts on the history are given all the same.
 * @param begin Opens a way through the history up to a block; called again when the chain was reorganised.
 * @throws RpcError, what `begin` throws, the signal's reason, or ReorgError when the chain does not come to rest.
 */
export async function runAudit(
  audited: Audited,
  begin: (end: Header) => Passage | Promise<Passage>,
  settings: AuditSettings,
): Promise<AuditResult> {
  for (let reorgs = 0; ; reorgs++) {
    try {
      const end = await audited.source.header(settings.toBlock);
      return await auditOnce(audited, await begin(end), end, settings);
    } catch (error) {
      if (!(error instanceof ReorgError) || reorgs >= MOST_REORGS) throw error;
      settings.onReorg?.(error);
    }
  }
}

async function auditOnce(
  audited: Audited,
  passage: Passage,
  firstEnd: Header,
  settings: AuditSettings,
): Promise<AuditResult> {
  const { subject, source } = audited;
  const { audit } = passage;
  let end = firstEnd;
  try {
    await readHistory(audited, passage, end, settings);
    let comparison = await compare();
    for (let chase = 0; comparison.isForgotten && chase < MOST_CHASES; chase++) {
      const next = await laterThan(source, end, settings);
      if (next === undefined) break;
      await readHistory(audited, { ...passage, last: end }, next, settings);
      end = next;
      comparison = await compare();
    }
    await bookComparison(audited, audit, end, comparison);
    await expectSame(source, end).catch((error: unknown) => {
      // A node that has stopped answering takes nothing back that it said before.
      if (!(error instanceof RpcError)) throw error;
    });
    const verdicts = audit.verdicts();
    const findings = audit.tally.findings();
    const result = { subject, end, verdicts, findings, state: audit.state };
    passage.onResult?.(result);
    return result;
  } finally {
    await passage.close?.();
  }

  function compare(): Promise<Comparison> {
    return compareState(audited.rpc, audit, subject.contracts, end, settings.signal, (done) =>
      settings.onProgress?.({ phase: "comparing", done }),
    );
  }
}

/** A newer block than the last one that was read; undefined when there is none, or none is wanted. */
async function laterThan(
  source: Source,
  end: Header,
  { toBlock, signal }: AuditSettings,
): Promise<Header | undefined> {
  if (toBlock !== undefined) return undefined;
  try {
    for (let asked = 0; asked < HEADS_ASKED; asked++) {
      if (asked > 0) await pause(HEAD_PAUSE_MS * asked, signal);
      const head = await source.header();
      if (head.number > end.number) return head;
    }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
  }
  return undefined;
}

/**
 * Gives an audit the history up to a block, without comparing it with the chain's state.
 * @throws RpcError, ReorgError when blocks that were read are replaced, or the signal's reason.
 */
export async function readHistory(
  { subject, source }: Audited,
  passage: Passage,
  end: Header,
  { signal, onProgress }: Pick<AuditSettings, "signal" | "onProgress">,
): Promise<void> {
  const { audit, last } = passage;
  const first = last === undefined ? subject.firstBlock : last.number + 1;
  const of = Math.max(end.number - first + 1, 1);
  onProgress?.({ phase: "reading", done: 0, of });
  for await (const range of readRanges(source, first, end.number, last)) {
    signal.throwIfAborted();
    await audit.blocks(range.blocks);
    passage.onRead?.(range);
    onProgress?.({ phase: "reading", done: range.end.number - first + 1, of });
  }
}
