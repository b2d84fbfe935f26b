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
import {
  createAudit,
  type ReadingRow,
  type SettlementRow,
  storageRows,
  storageTotals,
} from "@wattline/sdk";
import { getAddress } from "viem";
import type { HistoryRow } from "../history.ts";
import type { AuditJob, AuditMessage } from "./messages.ts";
import { namerOf } from "./meters.ts";

/* A worker that reads a chain's history from a node and, for a "verify" job, checks it: the audit's command in a
browser. To cancel a job, the page terminates the worker. */

const post = (message: AuditMessage): void => self.postMessage(message);
const onProgress = (progress: AuditProgress): void => post({ kind: "progress", ...progress });
const { signal } = new AbortController();

/** The history that is being followed. */
let followed: { readonly audited: Audited; readonly run: AuditRun; last?: Header } | undefined;

self.addEventListener("message", ({ data }: MessageEvent<AuditJob>) => {
  (data.kind === "verify" ? verify(data) : follow(data)).catch((error: unknown) =>
    post({ kind: "failed", message: reasonOf(error) }),
  );
});

async function follow(job: AuditJob): Promise<void> {
  const restarted = followed === undefined;
  try {
    if (followed === undefined) {
      const audited = await auditedBy(job);
      followed = { audited, run: auditRunOf(audited, false) };
    }
    const { audited, run, last } = followed;
    const end = await audited.source.header();
    await readHistory(audited, { ...run.passage, last }, end, { signal, onProgress });
    followed.last = end;
    post({ kind: "history", restarted, settlements: run.settlements.splice(0) });
  } catch (error) {
    followed = undefined;
    if (!(error instanceof ReorgError)) throw error;
    await follow(job);
  }
}

async function verify(job: AuditJob): Promise<void> {
  const audited = await auditedBy(job);
  const begin = (): Passage => {
    const { passage, settlements, readings, totals } = auditRunOf(audited, true);
    return {
      ...passage,
      onResult({ end, verdicts, findings, state }) {
        const storage = storageTotals(storageRows(state));
        const rows = { settlements, readings, totals: totals.microgrids, storage };
        post({ kind: "verified", end, verdicts, findings, ...rows });
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

type AuditRun = ReturnType<typeof auditRunOf>;

/** An audit and the rows that it produces. */
function auditRunOf({ rpc, subject }: Audited, signatures: boolean) {
  const totals = new Totals();
  const settlements: HistoryRow[] = [];
  const readings: ReadingRow[] = [];
  /** Rows whose meters are not known yet. */
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
