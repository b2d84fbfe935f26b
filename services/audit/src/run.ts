import type { Audit, AuditState, Finding, Verdict } from "@wattline/sdk";
import { ReorgError } from "./errors.ts";
import { judgeEnd } from "./judging.ts";
import { expectSame, type ReadRange, readRanges } from "./ranges.ts";
import type { Rpc } from "./rpc.ts";
import { type Header, type Source, sourceAt } from "./source.ts";
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
): Promise<Audited> {
  const subject = await findSubject(rpc, where);
  return { rpc, subject, source: sourceAt(rpc, subject.contracts, signal) };
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

/**
 * Audits a chain: reads its history, judges it, and compares it with the chain's state at the end block.
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
  end: Header,
  settings: AuditSettings,
): Promise<AuditResult> {
  const { subject, source } = audited;
  const { audit } = passage;
  try {
    await readHistory(audited, passage, end, settings);
    await judgeEnd(audited, audit, end, (done) =>
      settings.onProgress?.({ phase: "comparing", done }),
    );
    await expectSame(source, end);
    const verdicts = audit.verdicts();
    const findings = audit.tally.findings();
    const result = { subject, end, verdicts, findings, state: audit.state };
    passage.onResult?.(result);
    return result;
  } finally {
    await passage.close?.();
  }
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
