import { STYLE } from "@wattline/common/reportStyle";
import {
  type Finding,
  MILLIS_PER_UNIT,
  type StorageTotal,
  type Verdict,
  wholeUnits,
} from "@wattline/sdk";
import { conclusionOf, countsOf, type Outcome, outcomeOf, outcomeOfAll } from "../lines.ts";
import type { AuditResult } from "../run.ts";
import type { Day, Totals } from "../totals.ts";
import type { AuditCommand } from "./options.ts";

/** Findings that the report shows; the first ones tell what happened. */
const MOST_SHOWN = 200;
/** Days that the chart shows: the last ones. */
const MOST_DAYS = 62;

/** The report as one HTML page that needs nothing else: for the screen in light and dark, and for paper. */
export function reportOf(
  { subject, end, verdicts, findings }: AuditResult,
  command: AuditCommand,
  totals: Totals,
  batteries: readonly StorageTotal[],
): string {
  const failed = verdicts.filter((verdict) => verdict.failed > 0);
  const checked = verdicts.reduce((sum, verdict) => sum + verdict.checked, 0);
  const outcome = outcomeOfAll(verdicts);
  const scope: [string, string][] = [
    ["Chain", String(subject.chainId)],
    ["Blocks", `${command.fromBlock ?? subject.firstBlock} to ${end.number}`],
    ["Last block", `${isoOf(end.timestamp)}<br><code>${end.hash}</code>`],
    ["Marketplace", code(subject.contracts.marketplace)],
    ["Microgrids", code(subject.contracts.microgrids)],
    ["Meters", code(subject.contracts.meters)],
    ["Energy token", code(subject.contracts.energy)],
    [
      "Scope",
      command.microgrid === undefined ? "all microgrids" : `microgrid ${command.microgrid}`,
    ],
    ["Signatures", command.signatures ? "checked" : "left out"],
    ["Read from", escaped(withoutCredentials(command.rpc))],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wattline audit, block ${end.number}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<p class="brand">Wattline audit</p>
<h1 class="${classOf(outcome)}">${conclusionOf(verdicts)}</h1>
<p class="lead">${checked.toLocaleString("en")} checks up to block ${end.number.toLocaleString("en")}, rebuilt from the chain's logs and calldata alone and compared with its state${isCompared(verdicts) ? "" : ", which could not be done in full: see the verdicts"}.</p>
</header>
<section>
<h2>What was audited</h2>
<dl>${scope.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>
</section>
${findingsOf(findings, failed)}
<section>
<h2>Verdicts</h2>
<table class="verdicts">
<thead><tr><th>Check</th><th>Result</th><th class="number">Checked</th><th class="number">Failed</th></tr></thead>
<tbody>${verdicts.map(verdictRow).join("")}</tbody>
</table>
<p class="note">“In part” and “not judged”: some, or all, could not be judged, for the reason given.</p>
</section>
${microgridsOf(totals)}
${batteriesOf(batteries)}
${chartOf(totals.days)}
<footer>Money in base units of each microgrid's currency, in tables in thousandths of one. Tables: settlements.csv, readings.csv, storage.csv; retired energy: certificates.json.</footer>
</main>
</body>
</html>
`;
}

const classOf = (outcome: Outcome): string => outcome.replaceAll(" ", "-");

/** Whether all of the rebuilt state was compared with the chain's. */
const isCompared = (verdicts: readonly Verdict[]): boolean =>
  verdicts.every(({ check, unseen }) => check !== "state" || unseen === 0);

function verdictRow(verdict: Verdict): string {
  const outcome = outcomeOf(verdict);
  const why = verdict.unseen > 0 ? `<div class="why">${escaped(countsOf(verdict))}</div>` : "";
  return `<tr class="${classOf(outcome)}"><td>${escaped(verdict.title)}${why}</td><td><span class="pill">${outcome}</span></td><td class="number">${verdict.checked.toLocaleString("en")}</td><td class="number">${verdict.failed.toLocaleString("en")}</td></tr>`;
}

function findingsOf(findings: readonly Finding[], failed: readonly Verdict[]): string {
  if (findings.length === 0) return "";
  const all = failed.reduce((sum, verdict) => sum + verdict.failed, 0);
  const shown = findings.slice(0, MOST_SHOWN);
  const more = all > shown.length ? `, the first ${shown.length} of ${all}` : "";
  return `<section>
<h2>Findings${more}</h2>
${shown.map(findingItem).join("")}
</section>`;
}

function findingItem({ check, block, transaction, message, values }: Finding): string {
  const details = Object.entries(values)
    .map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${code(value)}</dd></div>`)
    .join("");
  return `<article class="finding"><h3>${escaped(message)}</h3>
<p>${escaped(check)} · block ${block} · ${code(transaction)}</p>
<dl>${details}</dl></article>`;
}

function microgridsOf({ microgrids }: Totals): string {
  if (microgrids.size === 0) return "";
  const rows = [...microgrids].sort(([a], [b]) => a - b);
  return `<section>
<h2>Microgrids</h2>
<table>
<thead><tr><th>Microgrid</th><th class="number">Slots read</th><th class="number">Exported kWh</th><th class="number">Trades</th><th class="number">Sold kWh</th><th class="number">Paid by buyers</th><th class="number">Charges</th><th class="number">Retired kWh</th></tr></thead>
<tbody>${rows
    .map(
      ([number, totals]) =>
        `<tr><td>${number}</td>${[
          totals.readings.toLocaleString("en"),
          kwh(totals.exportedWh),
          totals.trades.toLocaleString("en"),
          kwh(totals.soldWh),
          baseUnits(totals.paidMillis),
          baseUnits(totals.chargesMillis),
          kwh(totals.retiredWh),
        ]
          .map((cell) => `<td class="number">${cell}</td>`)
          .join("")}</tr>`,
    )
    .join("")}</tbody>
</table>
</section>`;
}

/** What each battery exported, and how much of it is renewable. */
function batteriesOf(batteries: readonly StorageTotal[]): string {
  if (batteries.length === 0) return "";
  return `<section>
<h2>Storage</h2>
<table>
<thead><tr><th>Battery's meter</th><th class="number">Microgrid</th><th class="number">Exported kWh</th><th class="number">Retired to charge it kWh</th><th class="number">Renewable kWh</th><th class="number">Not renewable kWh</th></tr></thead>
<tbody>${batteries
    .map(
      ({ meter, microgrid, exportedWh, chargedWh, renewableWh }) =>
        `<tr><td>${code(meter)}</td><td class="number">${microgrid}</td>${[
          exportedWh,
          chargedWh,
          renewableWh,
          exportedWh - renewableWh,
        ]
          .map((wh) => `<td class="number">${exactKwh(wh)}</td>`)
          .join("")}</tr>`,
    )
    .join("")}</tbody>
</table>
<p class="note">What a battery exports is renewable only as far as renewable energy of the same or an earlier slot was retired to charge it. Slot by slot: storage.csv.</p>
</section>`;
}

/** Exported and traded energy per day of delivery, as bars. */
function chartOf(days: ReadonlyMap<string, Day>): string {
  const shown = [...days].sort(([a], [b]) => (a < b ? -1 : 1)).slice(-MOST_DAYS);
  if (shown.length === 0) return "";
  const most = shown.reduce(
    (top, [, { exportedWh, tradedWh }]) => Math.max(top, Number(exportedWh), Number(tradedWh)),
    1,
  );
  const [width, height, left, bottom] = [960, 220, 64, 26];
  const step = (width - left) / shown.length;
  const bar = Math.min(step * 0.36, 48);
  const tall = (wh: bigint) => (Number(wh) / most) * (height - bottom - 12);
  const bars = shown
    .map(([date, { exportedWh, tradedWh }], index) => {
      const middle = left + step * (index + 0.5);
      const rect = (wh: bigint, kind: string, x: number) =>
        `<rect class="${kind}" x="${x.toFixed(1)}" y="${(height - bottom - tall(wh)).toFixed(1)}" width="${bar.toFixed(1)}" height="${tall(wh).toFixed(1)}" rx="2"><title>${date}: ${kwh(wh)} kWh ${kind}</title></rect>`;
      const every = Math.ceil(shown.length / 12);
      const label =
        index % every === 0
          ? `<text x="${middle.toFixed(1)}" y="${height - 8}" text-anchor="middle">${date.slice(5)}</text>`
          : "";
      return rect(exportedWh, "exported", middle - bar) + rect(tradedWh, "traded", middle) + label;
    })
    .join("");
  const axis = [0, 0.5, 1]
    .map((share) => {
      const y = height - bottom - share * (height - bottom - 12);
      return `<line x1="${left}" x2="${width}" y1="${y}" y2="${y}"/><text x="${left - 8}" y="${y + 4}" text-anchor="end">${kwh(BigInt(Math.round(most * share)))}</text>`;
    })
    .join("");
  return `<section>
<h2>Energy by day of delivery, kWh</h2>
<p class="legend"><span class="exported">exported</span><span class="traded">traded</span></p>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Exported and traded energy per day">${axis}${bars}</svg>
</section>`;
}

const kwh = (wh: bigint): string =>
  (Number(wh) / 1000).toLocaleString("en", { maximumFractionDigits: 1 });

/** To the Wh. */
const exactKwh = (wh: bigint): string =>
  (Number(wh) / 1000).toLocaleString("en", { minimumFractionDigits: 3 });

/** An amount in base units, with its thousandths. */
const baseUnits = (millis: bigint): string => {
  const rest = millis % MILLIS_PER_UNIT;
  const whole = wholeUnits(millis).toLocaleString("en");
  return rest === 0n ? whole : `${whole}.${String(rest).padStart(3, "0")}`;
};

const isoOf = (unixSeconds: number): string => new Date(unixSeconds * 1000).toISOString();

const code = (text: string): string => `<code>${escaped(text)}</code>`;

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

/** An address without user, password or path: reports are shown around, and keys travel in them. */
const withoutCredentials = (rpc: string): string => new URL(rpc).origin;
