import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { outcomeOf } from "@wattline/audit";
import type { Finding, StorageTotal, Verdict } from "@wattline/sdk";
import { CircleCheck, CircleDashed, CircleX } from "lucide-react";
import { saveAs } from "../browser/index.ts";
import { useMicrogrids, useNetwork } from "../chain/index.ts";
import {
  AddressText,
  Button,
  Energy,
  formatCount,
  formatKwh,
  Money,
  RowsTable,
} from "../ui/index.ts";
import { readingsCsv, settlementsCsv, settlementsJson } from "./download.ts";
import { unseenWords, wordsOf } from "./findings.ts";
import { useCheckNames, usePromises, useTypeNames } from "./names.ts";
import type { Verified } from "./worker/messages.ts";

/** The result of a verification: findings first, then each promise with its checks, then totals. */
export default function VerifiedReport({ result }: { readonly result: Verified }) {
  return (
    <div className="mt-4 flex flex-col gap-6">
      {result.findings.length > 0 && <Findings findings={result.findings} />}
      <Verdicts verdicts={result.verdicts} />
      <Totals totals={result.totals} />
      {result.storage.length > 0 && <Storage batteries={result.storage} />}
      <Downloads result={result} />
    </div>
  );
}

/** How many findings are shown at most: the first ones explain the rest. */
const SHOWN = 50;

function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  const names = useCheckNames();
  return (
    <section>
      <h3 className="mb-2 font-semibold text-danger">
        <Trans>Findings</Trans>
      </h3>
      <ul className="flex flex-col gap-2">
        {findings.slice(0, SHOWN).map(({ check, block, transaction, code, values }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: findings have no other identity.
          <li key={index} className="rounded-xl border border-danger p-3 text-sm">
            <p className="font-medium">{names[check]}</p>
            <p className="break-words">{wordsOf({ code, values })}</p>
            <p className="mt-1 text-muted">
              <Trans>Block {formatCount(block)}, transaction</Trans>{" "}
              <Link
                to="/audit"
                search={(search) => ({ ...search, tx: transaction })}
                className="font-mono text-xs break-all text-leaf underline"
              >
                {transaction}
              </Link>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Verdicts({ verdicts }: { readonly verdicts: readonly Verdict[] }) {
  const promises = usePromises();
  const rest = verdicts.filter(({ promise }) => promise === undefined);
  return (
    <section>
      <h3 className="mb-2 font-semibold">
        <Trans>What was checked</Trans>
      </h3>
      <div className="grid gap-x-8 gap-y-4 lg:grid-cols-2">
        {promises.map(({ number, text }) => (
          <div key={number}>
            <p className="mb-1 text-sm font-semibold">{text}</p>
            <VerdictList verdicts={verdicts.filter(({ promise }) => promise === number)} />
          </div>
        ))}
        <div className="lg:col-span-2">
          <p className="mb-1 text-sm font-semibold">
            <Trans>And the rules of the market.</Trans>
          </p>
          <VerdictList verdicts={rest} className="lg:columns-2 lg:gap-8" />
        </div>
      </div>
    </section>
  );
}

function VerdictList({
  verdicts,
  className = "",
}: {
  readonly verdicts: readonly Verdict[];
  readonly className?: string;
}) {
  const names = useCheckNames();
  return (
    <ul className={`text-sm ${className}`}>
      {verdicts.map((verdict) => (
        <li key={verdict.check} className="flex break-inside-avoid items-start gap-2 py-1">
          <Mark verdict={verdict} />
          <span className="min-w-0 flex-1">
            {names[verdict.check]}
            {verdict.unseenWhy !== undefined && (
              <span className="block text-muted">{unseenWords(verdict.unseenWhy)}</span>
            )}
          </span>
          <span className="text-muted tabular-nums">{formatCount(verdict.checked)}</span>
        </li>
      ))}
    </ul>
  );
}

const ICON = "mt-0.5 size-4 shrink-0";

function Mark({ verdict }: { readonly verdict: Verdict }) {
  switch (outcomeOf(verdict)) {
    case "passed":
      return (
        <>
          <CircleCheck aria-hidden="true" className={`${ICON} text-leaf`} />
          <span className="sr-only">
            <Trans>Passed:</Trans>
          </span>
        </>
      );
    case "failed":
      return (
        <>
          <CircleX aria-hidden="true" className={`${ICON} text-danger`} />
          <span className="sr-only">
            <Trans>Failed:</Trans>
          </span>
        </>
      );
    case "in part":
      return (
        <>
          <CircleDashed aria-hidden="true" className={`${ICON} text-sun-text`} />
          <span className="sr-only">
            <Trans>Checked in part:</Trans>
          </span>
        </>
      );
    case "not judged":
      return (
        <>
          <CircleDashed aria-hidden="true" className={`${ICON} text-sun-text`} />
          <span className="sr-only">
            <Trans>Not judged:</Trans>
          </span>
        </>
      );
    case "nothing to check":
      return (
        <>
          <CircleDashed aria-hidden="true" className={`${ICON} text-muted`} />
          <span className="sr-only">
            <Trans>Nothing to check:</Trans>
          </span>
        </>
      );
  }
}

/** What batteries exported, and how much of it is renewable. */
function Storage({ batteries }: { readonly batteries: readonly StorageTotal[] }) {
  const { t } = useLingui();
  return (
    <section>
      <h3 className="mb-2 font-semibold">
        <Trans>Storage</Trans>
      </h3>
      <RowsTable
        caption={t`Storage`}
        className="text-sm"
        head={[
          t`Battery's meter`,
          t`Exported`,
          t`Retired to charge it`,
          t`Renewable`,
          t`Not renewable`,
        ]}
        rows={batteries.map(({ meter, exportedWh, chargedWh, renewableWh }) => [
          <AddressText key="meter" address={meter} />,
          ...[exportedWh, chargedWh, renewableWh, exportedWh - renewableWh].map(formatKwh),
        ])}
      />
      <p className="mt-2 text-sm text-muted">
        <Trans>
          What a battery exports is renewable only as far as renewable energy of the same or an
          earlier slot was retired to charge it.
        </Trans>
      </p>
    </section>
  );
}

function Totals({ totals }: Pick<Verified, "totals">) {
  const { data: microgrids = [] } = useMicrogrids();
  const nameOf = (number: number) =>
    microgrids.find(({ microgrid }) => microgrid === number)?.name ?? `${number}`;
  const cell = "px-3 py-2 text-right whitespace-nowrap tabular-nums";
  return (
    <section>
      <h3 className="mb-2 font-semibold">
        <Trans>Totals</Trans>
      </h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reached by keyboard. */}
      <div className="overflow-x-auto rounded-xl border border-line" tabIndex={0}>
        <table className="w-full text-sm">
          <thead className="bg-sunken">
            <tr>
              <th scope="col" className="px-3 py-2 text-left">
                <Trans>Microgrid</Trans>
              </th>
              <th scope="col" className={cell}>
                <Trans>Reported</Trans>
              </th>
              <th scope="col" className={cell}>
                <Trans>Sold</Trans>
              </th>
              <th scope="col" className={cell}>
                <Trans>Trades</Trans>
              </th>
              <th scope="col" className={cell}>
                <Trans>Paid by buyers</Trans>
              </th>
              <th scope="col" className={cell}>
                <Trans>Of which charges</Trans>
              </th>
              <th scope="col" className={cell}>
                <Trans>Retired</Trans>
              </th>
            </tr>
          </thead>
          <tbody>
            {[...totals].map(([id, each]) => (
              <tr key={id} className="border-t border-line">
                <th scope="row" className="px-3 py-2 text-left font-medium">
                  {nameOf(id)}
                </th>
                <td className={cell}>
                  <Energy wh={each.exportedWh} />
                </td>
                <td className={cell}>
                  <Energy wh={each.soldWh} />
                </td>
                <td className={cell}>{formatCount(each.trades)}</td>
                <td className={cell}>
                  <Money millis={each.paidMillis} />
                </td>
                <td className={cell}>
                  <Money millis={each.chargesMillis} />
                </td>
                <td className={cell}>
                  <Energy wh={each.retiredWh} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** All that was verified, as files. */
function Downloads({ result: { settlements, readings, end } }: { readonly result: Verified }) {
  const { currency } = useNetwork();
  const typeNames = useTypeNames();
  const name = (what: string) => `wattline-${what}-to-block-${end.number}`;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <span className="text-sm text-muted">
        <Trans>All that was verified:</Trans>
      </span>
      <Button
        size="small"
        onClick={() =>
          saveAs(name("settlements"), "csv", settlementsCsv(settlements, typeNames, currency))
        }
      >
        <Trans>Verified settlements (CSV)</Trans>
      </Button>
      <Button
        size="small"
        onClick={() => saveAs(name("settlements"), "json", settlementsJson(settlements))}
      >
        <Trans>Verified settlements (JSON)</Trans>
      </Button>
      <Button size="small" onClick={() => saveAs(name("readings"), "csv", readingsCsv(readings))}>
        <Trans>Verified readings (CSV)</Trans>
      </Button>
    </div>
  );
}
