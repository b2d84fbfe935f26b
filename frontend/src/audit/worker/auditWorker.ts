import { type AuditRow, createAudit, type ReadingRow } from "@wattline/sdk";
import { getAddress } from "viem";
import { ReorgError, reasonOf } from "../../../../services/audit/src/errors.ts";
import { judgeEnd } from "../../../../services/audit/src/judging.ts";
import { expectSame, readRanges } from "../../../../services/audit/src/ranges.ts";
import { rpcAt } from "../../../../services/audit/src/rpc.ts";
import { type Header, sourceAt } from "../../../../services/audit/src/source.ts";
import { Totals } from "../../../../services/audit/src/totals.ts";
import { walletsAt } from "../../../../services/audit/src/wallets.ts";
import { findSubject } from "../../../../services/audit/src/whereabouts.ts";
import type { HistoryRow } from "../history.ts";
import type { AuditJob, AuditSaid, Progress } from "./messages.ts";
import { namerOf } from "./meters.ts";

/* A worker that reads a chain's history from a node, books it and, when asked to, judges it: the audit's command in a
browser. Whoever wants it to stop ends the worker. */

const say = (said: AuditSaid): void => self.postMessage(said);
const progress = (how: Progress): void => say({ kind: "progress", ...how });

/** How often a chain may be reorganised meanwhile before that is said. */
const MOST_REORGS = 5;
const never = new AbortController().signal;

/** A history under way. */
type Reading = Awaited<ReturnType<typeof begin>>;
let followed: Reading | undefined;

self.addEventListener("message", ({ data }: MessageEvent<AuditJob>) => {
  (data.kind === "verify" ? verify(data) : follow(data)).catch((error: unknown) =>
    say({ kind: "failed", message: reasonOf(error) }),
  );
});

async function follow(job: AuditJob): Promise<void> {
  const afresh = followed === undefined;
  followed ??= await begin(job, false);
  try {
    await readOn(followed);
    const settlements = followed.settlements.splice(0);
    say({ kind: "history", afresh, settlements });
  } catch (error) {
    followed = undefined;
    if (!(error instanceof ReorgError)) throw error;
    await follow(job);
  }
}

async function verify(job: AuditJob, reorgs = 0): Promise<void> {
  try {
    const reading = await begin(job, true);
    const end = await readOn(reading);
    const { audit, source, settlements, readings, totals } = reading;
    await judgeEnd(reading, audit, end, (done) => progress({ phase: "comparing", done }));
    await expectSame(source, end);
    say({
      kind: "verified",
      end,
      verdicts: audit.verdicts(),
      findings: audit.tally.findings(),
      settlements,
      readings,
      totals: totals.microgrids,
    });
  } catch (error) {
    if (!(error instanceof ReorgError) || reorgs >= MOST_REORGS) throw error;
    await verify(job, reorgs + 1);
  }
}

async function begin({ rpcUrl, deployment }: AuditJob, judges: boolean) {
  const rpc = rpcAt(rpcUrl, never);
  const { chainId, fromBlock } = deployment;
  const subject = await findSubject(rpc, {
    chainId,
    fromBlock,
    marketplace: getAddress(deployment.marketplace),
    meters: getAddress(deployment.meters),
    energy: getAddress(deployment.energy),
  });
  const source = sourceAt(rpc, subject.contracts, never);
  const totals = new Totals();
  const rows: AuditRow[] = [];
  const audit = createAudit({
    chainId,
    contracts: subject.contracts,
    signatures: judges,
    isAccepted: walletsAt(rpc),
    onRow: (row) => {
      rows.push(row);
      totals.add(row);
    },
  });
  const settlements: HistoryRow[] = [];
  const readings: ReadingRow[] = [];
  /** The last block that was read. */
  const place: { last?: Header } = {};
  return { rpc, subject, source, audit, rows, totals, settlements, readings, place };
}

/** Reads from where a history was left to the newest block. */
async function readOn(reading: Reading): Promise<Header> {
  const { source, subject, audit, rows, settlements, readings, place } = reading;
  const end = await source.header();
  const first = place.last === undefined ? subject.firstBlock : place.last.number + 1;
  const of = Math.max(end.number - first + 1, 1);
  progress({ phase: "reading", done: 0, of });
  for await (const range of readRanges(source, first, end.number, place.last)) {
    await audit.blocks(range.blocks);
    const metersOf = namerOf(subject, range.blocks);
    for (const row of rows.splice(0)) {
      if (row.kind === "settlement") settlements.push({ ...row, meters: metersOf(row) });
      if (row.kind === "reading") readings.push(row);
    }
    place.last = range.end;
    progress({ phase: "reading", done: range.end.number - first + 1, of });
  }
  return end;
}
