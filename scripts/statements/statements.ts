import path from "node:path";
import { whereaboutsOf } from "@wattline/audit/command";
import { readFlags } from "@wattline/common/flags";
import { OptionsError, rpcUrlOf } from "@wattline/common/options";
import {
  BillingError,
  type BillingRun,
  bill,
  communityFromJson,
  LANGUAGES,
  runToCsv,
  statementToHtml,
} from "@wattline/sdk/statements";
import { type Chain, expectBalances, readChain } from "./chain.ts";
import { readInput, type Told } from "./command.ts";
import { appendRun, type RunFile, readRuns, writePreview } from "./runs.ts";

export const STATEMENTS_USAGE = `npm run statements -- --rpc URL --community FILE --period PERIOD [--final] [options]

Writes every member's statement with its invoices, as HTML that prints, and a table for bookkeeping. Without
--final it is a preview, as often as you like. A final run takes numbers and can't change: what comes later
is corrected by the next period's run.

  --rpc URL              the node to read from (default: WATTLINE_RPC_URL)
  --deployment FILE      where the contracts are, as JSON (default: the file that
                         WATTLINE_DEPLOYMENT names)
  --marketplace ADDRESS  where the marketplace is: it names the other contracts
  --community FILE       issuer, members, taxes and currency, as JSON: see docs/STATEMENTS.md
  --period PERIOD        2026-06, 2026-Q2 or 2026, in the community's time zone
  --final                a final run: the period must be over
  --issued-on DATE       the date on the papers (default: today)
  --out FOLDER           where runs are (default statements): final ones in runs, the preview in preview
  --help                 this text

Ends with 0, with 2 for an option or a file that makes no sense, or a final run that was changed, with 3 when
the node does not answer, or not truthfully.`;

const TEXT = { type: "string" } as const;
const FLAGS = {
  rpc: TEXT,
  deployment: TEXT,
  marketplace: TEXT,
  community: TEXT,
  period: TEXT,
  final: { type: "boolean" },
  "issued-on": TEXT,
  out: TEXT,
} as const;

export interface StatementsCommand extends Chain {
  readonly community: string;
  readonly period: string;
  readonly isFinal: boolean;
  readonly issuedOn: string;
  readonly out: string;
}

/** @throws OptionsError that names the option. */
export function readStatementsOptions(
  argv: readonly string[],
  usual = process.env.WATTLINE_DEPLOYMENT,
): StatementsCommand | "help" {
  const values = readFlags(argv, FLAGS);
  if (values.help) return "help";
  const { rpc, community, period } = values;
  if (community === undefined) throw new OptionsError("--community FILE is missing. See --help.");
  if (period === undefined) throw new OptionsError("--period PERIOD is missing. See --help.");
  const issuedOn = values["issued-on"] ?? new Date().toISOString().slice(0, 10);
  if (!/^\d{4}-\d\d-\d\d$/.test(issuedOn) || Number.isNaN(Date.parse(issuedOn))) {
    throw new OptionsError(`--issued-on must be a date such as 2026-07-01, not "${issuedOn}".`);
  }
  return {
    rpc: rpcUrlOf(rpc),
    where: whereaboutsOf(values.deployment, values.marketplace, usual),
    community,
    period,
    isFinal: values.final === true,
    issuedOn,
    out: values.out ?? "statements",
  };
}

/**
 * Makes a run and writes it. Nothing is written before everything is computed and the accounts agree with the chain's.
 * @throws OptionsError, StatementFormatError, and as `readChain`.
 */
export async function writeStatements(
  { period: label, isFinal, issuedOn, out, ...command }: StatementsCommand,
  signal: AbortSignal,
  isQuiet = false,
): Promise<Told> {
  const community = communityFromJson(readInput(command.community), command.community);
  const folder = path.join(out, "runs");
  const before = readRuns(folder);
  const { history, end, balanceMillis } = await readChain(command, signal, isQuiet);
  const accounts = community.members.map(({ account }) => account);
  const unknown = await expectBalances(history, community.microgrid, accounts, balanceMillis);
  const run = asOptions(() =>
    bill(history, { community, label, issuedOn, isFinal, end }, before.runs),
  );
  const files = filesOf(run);
  signal.throwIfAborted();
  const preview = path.join(out, "preview");
  if (!isFinal) writePreview(preview, run, files);
  const written = isFinal ? appendRun(folder, before, run, files) : preview;
  return { lines: [...linesOf(run, written), ...unknownLines(unknown, end.number)], holds: true };
}

/** A period or a run that makes no sense is an option that makes no sense. */
function asOptions(make: () => BillingRun): BillingRun {
  try {
    return make();
  } catch (error) {
    if (error instanceof BillingError || error instanceof RangeError) {
      throw new OptionsError(error.message);
    }
    throw error;
  }
}

const filesOf = (run: BillingRun): RunFile[] => [
  ...run.statements.map((statement) => ({
    name: `member-${statement.member.number}.html`,
    text: statementToHtml(run, statement),
  })),
  ...LANGUAGES.map((language) => ({
    name: `bookkeeping-${language}.csv`,
    text: runToCsv(run, language),
  })),
];

const unknownLines = (accounts: readonly string[], block: number): string[] =>
  accounts.length === 0
    ? []
    : [
        `The node has no state of block ${block}: ${accounts.length} accounts were computed from its logs and not compared.`,
      ];

function linesOf(run: BillingRun, folder: string): string[] {
  const documents = run.statements.flatMap((statement) => statement.documents);
  const [first, last] = [documents[0]?.number, documents.at(-1)?.number];
  const corrections = documents.filter(({ kind }) => kind === "correction").length;
  return [
    `${folder}: ${run.statements.length} statements for ${run.period.label}, up to block ${run.block.number}.`,
    documents.length === 0
      ? "Nothing was traded, so there are no documents."
      : `${documents.length} documents, ${first} to ${last}, ${corrections} of them corrections of earlier periods.`,
    ...(run.isFinal ? [] : ["This is a preview: --final makes the run that counts."]),
  ];
}
