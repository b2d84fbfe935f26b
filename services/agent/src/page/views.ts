import { formatKwh, localDayOf, localTimeOf, slotStart, slotsOfDay } from "@wattline/sdk";
import { html } from "hono/html";
import type { Home, HomeSlot } from "../home.ts";
import type { BlockState } from "../journal/entries.ts";
import { type Status, statusOf } from "../status.ts";
import type { HandedLimits } from "../trading/handed.ts";
import type { Trader } from "../trading/trader.ts";
import { tradingSection } from "./trading.ts";

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; padding: 1rem; max-width: 52rem; background: light-dark(#fbfaf6, #14181a); color: light-dark(#1c2326, #e8ecea); }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 0.25rem 0.5rem; border-bottom: 1px solid light-dark(#d9d6cb, #343c3f); }
th:first-child, td:first-child { text-align: left; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; } dd { margin: 0; }
.notice { padding: 0.5rem 1rem; border-left: 0.25rem solid light-dark(#a35200, #ffb15c); background: light-dark(#fff3e2, #2c2418); }
a { color: light-dark(#0b5d3b, #7fd6ab); }
input, button { font: inherit; padding: 0.5rem 0.75rem; min-height: 44px; box-sizing: border-box; }
code { overflow-wrap: anywhere; }
`;

type Body = ReturnType<typeof html>;

const document = (title: string, body: Body): Body => html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><link rel="stylesheet" href="/style.css"></head>
<body><main>${body}</main></body></html>`;

export const stylesheet = (): string => STYLE;

/**
 * What a stranger sees.
 * @param next Where a browser goes that was paired.
 */
export const pairView = (isWrong: boolean, next: string): Body =>
  document(
    "Pair with the home agent",
    html`<h1>Pair with the home agent</h1>
<p>The agent shows a code where it was started, and in <code>agent status</code>.</p>
${isWrong ? html`<p class="notice" role="alert">That is not the code. After five wrong codes there is a new one.</p>` : ""}
<form method="post" action="/pair">
<input type="hidden" name="next" value="${next}">
<label for="code">Code</label> <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required>
<button>Pair this browser</button></form>`,
  );

/** The address at which a home's limits are shown, to be taken over. */
export const limitsPath = (home: string, limits: HandedLimits): string =>
  `/limits?${new URLSearchParams({ home, ...limits })}`;

/** Asks whether a home's limits are to be these. */
export const limitsView = (home: string, limits: HandedLimits): Body =>
  document(
    "Limits for the home agent",
    html`<h1>Limits for ${home}</h1>
<p>The dApp hands these limits to your agent. Amounts are in your community's currency.</p>
<dl>
<dt>Sell surplus not below</dt><dd>${limits.floor} per kWh</dd>
<dt>Cover need up to</dt><dd>${limits.ceiling} per kWh</dd>
<dt>Spend at most</dt><dd>${limits.most_a_day} a day</dd>
</dl>
<form method="post" action="/limits">
${Object.entries({ home, ...limits }).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button>Take them over</button></form>`,
  );

/** Readings of today, what was reported and what waits, and what was traded and why. */
export function homeView(
  homes: readonly Home[],
  traders: readonly Trader[],
  trouble: string | undefined,
  nowMs: number,
): Body {
  const status = statusOf(homes, traders, trouble, undefined);
  return document(
    "Home agent",
    html`<h1>Home agent</h1>
${trouble === undefined ? "" : html`<p class="notice">Reports wait: ${trouble}</p>`}
${homes.map((home, i) => homeSection(home, status.homes[i], nowMs))}`,
  );
}

function homeSection(home: Home, report: Status["homes"][number] | undefined, nowMs: number): Body {
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const day = localDayOf(nowMs / 1000, timeZone);
  const today = slotsOfDay(day, timeZone, home.slotSeconds);
  const slots = home.slots(today.firstSlot).filter(({ slot }) => slot <= today.lastSlot);
  const sum = (of: "importWh" | "exportWh") =>
    formatKwh(
      slots.reduce((wh, slot) => wh + slot[of], 0n),
      { shown: 2 },
    );
  const states = Map.groupBy(home.journal.book.blocks.values(), ({ state, direction }) =>
    direction === "import" ? "import" : state,
  );
  const count = (state: BlockState): number => states.get(state)?.length ?? 0;
  return html`<section><h2>${home.config.name}</h2>
<dl>
<dt>Exported today</dt><dd>${sum("exportWh")}</dd>
<dt>Imported today</dt><dd>${sum("importWh")}</dd>
<dt>Device</dt><dd><code>${home.device.address}</code></dd>
<dt>Blocks of two hours or less</dt><dd>${count("reported")} reported, ${count("waiting")} wait, ${count("sent")} on their way, ${count("elsewhere")} reported by others, ${count("refused")} refused</dd>
</dl>
<h3>Meters</h3>
<div class="scroll"><table><thead><tr><th>Meter</th><th>Import</th><th>Export</th><th>Last read</th><th>Held back</th></tr></thead><tbody>
${(report?.meters ?? []).map((meter) => html`<tr><td>${meter.name}</td><td>${meter.importKwh ?? "–"}</td><td>${meter.exportKwh ?? "–"}</td><td>${meter.last ?? "not yet"}</td><td>${meter.held}</td></tr>`)}
</tbody></table></div>
<h3>${day}, by slot (${timeZone})</h3>
${slots.length === 0 ? html`<p>No slot of today is over yet.</p>` : slotTable(slots, home.slotSeconds, timeZone)}
${report?.trading === undefined ? "" : tradingSection(report.trading, timeZone)}
${notesOf(report)}
<p><a href="/export.json?home=${encodeURIComponent(home.config.name)}">Export and import with the device's signatures (JSON)</a></p>
</section>`;
}

const slotTable = (slots: readonly HomeSlot[], slotSeconds: number, timeZone: string): Body =>
  html`<div class="scroll"><table><thead><tr><th>From</th><th>Export</th><th>Import</th><th>How known</th></tr></thead><tbody>
${slots
  .toReversed()
  .map(
    ({ slot, exportWh, importWh, storageWh, quality }) =>
      html`<tr><td>${localTimeOf(slotStart(slot, slotSeconds), timeZone)}</td><td>${exportWh} Wh${storageWh > 0n ? html` (${storageWh} from storage)` : ""}</td><td>${importWh} Wh</td><td>${quality}</td></tr>`,
  )}
</tbody></table></div>`;

function notesOf(report: Status["homes"][number] | undefined): Body | "" {
  const notes = report?.notes.slice(-10).toReversed() ?? [];
  if (notes.length === 0) return "";
  return html`<h3>Notes</h3><ul>${notes.map(({ time, text }) => html`<li>${time} ${text}</li>`)}</ul>`;
}
