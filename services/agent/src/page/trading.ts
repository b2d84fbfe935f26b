import { localTimeOf } from "@wattline/sdk";
import { html } from "hono/html";
import type { BatteryReport } from "../battery/report.ts";
import type { ForecastReport, MarketReport, TradingReport } from "../trading/report.ts";

type Body = ReturnType<typeof html>;

/** What the agent traded and why, what it expects, and what it may do. */
export function tradingSection(trading: TradingReport, timeZone: string): Body {
  const { isTrading, standing, trouble, market, battery, forecast, orders, without } = trading;
  const timeOf = (iso: string) => localTimeOf(Date.parse(iso) / 1000, timeZone);
  return html`<h3>Trading</h3>
<p${isTrading ? "" : html` class="notice" role="status"`}>${standing}${trouble === undefined ? "" : ` It waits: ${trouble}`}</p>
${market === undefined ? "" : marketList(market)}
${battery === undefined ? "" : batterySection(battery, timeOf)}
<h3>What it did and why</h3>
${orders.length === 0 ? html`<p>No order was signed yet.</p>` : html`<ul>${orders.map(({ time, text }) => html`<li>${time} ${text}</li>`)}</ul>`}
${without.length === 0 ? "" : html`<ul>${without.map((text) => html`<li>${text}</li>`)}</ul>`}
<h3>Forecast (${timeZone})</h3>
<p>${errorWords(trading)}</p>
${forecast.length === 0 ? "" : forecastTable(forecast, timeOf)}`;
}

const marketList = ({ currency, prices, limits, today, ...rest }: MarketReport): Body => html`<dl>
<dt>Price now</dt><dd>${prices[0]?.perKwh} ${currency}/kWh</dd>
<dt>Of today</dt><dd>sold ${today.sold} for ${today.earned} at least, bought ${today.bought} for ${today.paid} at most</dd>
<dt>Floor for surplus</dt><dd>${limits.floor} per kWh</dd>
<dt>Ceiling for need</dt><dd>${limits.ceiling} per kWh</dd>
<dt>Most for a day</dt><dd>${limits.mostADay}</dd>
<dt>Energy to come</dt><dd>${limits.forward ?? "not traded"}</dd>
<dt>In an outage</dt><dd>${limits.outage ?? "nothing is given away"}</dd>
<dt>The agent may spend</dt><dd>${rest.allowance} until ${rest.allowedUntil}</dd>
<dt>In escrow</dt><dd>${rest.balance}</dd>
</dl>`;

const batterySection = (
  { isSteered, standing, stored, storedPercent, reserve, doing, plan }: BatteryReport,
  timeOf: (iso: string) => string,
): Body => html`<h3>Battery</h3>
<p${isSteered ? "" : html` class="notice" role="status"`}>${standing} ${doing ?? ""}</p>
<dl>
<dt>Stored</dt><dd>${stored === undefined ? "not read yet" : `${stored} (${storedPercent} %)`}</dd>
<dt>Kept</dt><dd>${reserve}</dd>
</dl>
${
  plan.length === 0
    ? ""
    : html`<div class="scroll"><table><thead><tr><th>From</th><th>Takes</th><th>Gives</th><th>Stored then</th></tr></thead><tbody>
${plan.map(({ time, takenWh, givenWh, stored: after }) => html`<tr><td>${timeOf(time)}</td><td>${takenWh} Wh</td><td>${givenWh} Wh</td><td>${after}</td></tr>`)}
</tbody></table></div>`
}`;

const errorWords = ({ forecastError: error }: TradingReport): string =>
  error.slots === 0
    ? "Its error is measured from the second day on."
    : `Mean error a day ahead, per slot: export ${error.exportWh.toFixed(0)} Wh (as the day before: ${error.persistenceExportWh.toFixed(0)} Wh), import ${error.importWh.toFixed(0)} Wh (${error.persistenceImportWh.toFixed(0)} Wh).`;

const forecastTable = (
  forecast: readonly ForecastReport[],
  timeOf: (iso: string) => string,
): Body =>
  html`<div class="scroll"><table><thead><tr><th>From</th><th>Export</th><th>At least</th><th>Import</th><th>At least</th></tr></thead><tbody>
${forecast.map(({ time, ...wh }) => html`<tr><td>${timeOf(time)}</td><td>${wh.exportWh} Wh</td><td>${wh.sureExportWh} Wh</td><td>${wh.importWh} Wh</td><td>${wh.sureImportWh} Wh</td></tr>`)}
</tbody></table></div>`;
