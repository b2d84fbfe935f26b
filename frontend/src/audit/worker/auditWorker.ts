import {
  type Audited,
  type AuditProgress,
  findAudited,
  type Header,
  type Passage,
  ReorgError,
  readHistory,
  reasonOf,
  rpcAt,
  runAudit,
  Totals,
  walletsAt,
} from "@wattline/audit";
import { createAudit, type ReadingRow, type SettlementRow } from "@wattline/sdk";
import { getAddress } from "viem";
import type { HistoryRow } from "../history.ts";
import type { AuditJob, AuditSaid } from "./messages.ts";
import { namerOf } from "./meters.ts";

/* A worker that reads a chain's history from a node, books it and, when asked to, judges it: the audit's command in a
browser. To stop it, the page ends the worker. */

const say = (said: AuditSaid): void => self.postMessage(said);
const onProgress = (progress: AuditProgress): void => say({ kind: "progress", ...progress });
const { signal } = new AbortController();

/** A history under way. */
let followed: { readonly audited: Audited; readonly book: Book; last?: Header } | undefined;

self.addEventListener("message", ({ data }: MessageEvent<AuditJob>) => {
  (data.kind === "verify" ? verify(data) : follow(data)).catch((error: unknown) =>
    say({ kind: "failed", message: reasonOf(error) }),
  );
});

async function follow(job: AuditJob): Promise<void> {
  const afresh = followed === undefined;
  try {
    if (followed === undefined) {
      const audited = await auditedBy(job);
      followed = { audited, book: bookOf(audited, false) };
    }
    const { audited, book, last } = followed;
    const end = await audited.source.header();
    await readHistory(audited, { ...book.passage, last }, end, { signal, onProgress });
    followed.last = end;
    say({ kind: "history", afresh, settlements: book.settlements.splice(0) });
  } catch (error) {
    followed = undefined;
    if (!(error instanceof ReorgError)) throw error;
    await follow(job);
  }
}

async function verify(job: AuditJob): Promise<void> {
  const audited = await auditedBy(job);
  const begin = (): Passage => {
    const { passage, settlements, readings, totals } = bookOf(audited, true);
    return {
      ...passage,
      onResult({ end, verdicts, findings }) {
        const { microgrids } = totals;
        const rows = { settlements, readings, totals: microgrids };
        say({ kind: "verified", end, verdicts, findings, ...rows });
      },
    };
  };
  await runAudit(audited, begin, { signal, onProgress });
}

const auditedBy = ({ rpcUrl, deployment }: AuditJob): Promise<Audited> =>
  findAudited(
    rpcAt(rpcUrl, signal),
    {
      chainId: deployment.chainId,
      fromBlock: deployment.fromBlock,
      marketplace: getAddress(deployment.marketplace),
      meters: getAddress(deployment.meters),
      energy: getAddress(deployment.energy),
    },
    signal,
  );

type Book = ReturnType<typeof bookOf>;

/** An audit, and the rows that come of it. */
function bookOf({ rpc, subject }: Audited, signatures: boolean) {
  const totals = new Totals();
  const settlements: HistoryRow[] = [];
  const readings: ReadingRow[] = [];
  /** Rows whose meters are still to be named. */
  const rows: SettlementRow[] = [];
  const audit = createAudit({
    chainId: subject.chainId,
    contracts: subject.contracts,
    signatures,
    isAccepted: walletsAt(rpc),
    onRow(row) {
      totals.add(row);
      if (row.kind === "settlement") rows.push(row);
      if (row.kind === "reading") readings.push(row);
    },
  });
  const passage: Passage = {
    audit,
    onRead({ blocks }) {
      const metersOf = namerOf(subject, blocks);
      for (const row of rows.splice(0)) settlements.push({ ...row, meters: metersOf(row) });
    },
  };
  return { passage, totals, settlements, readings };
}
