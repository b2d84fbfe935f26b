/**
 * `npm run bench:pages`: Lighthouse's figures for each page on a phone, and the time until a trade is seen in another
 * browser. Real chain, relay and Chromium, the built app. Prints Markdown tables and fails below the goals.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import lighthouse from "lighthouse";
import type { Browser } from "playwright-core";
import { openBrowser, openContext } from "../frontend/test/support/browser.ts";
import { freePort } from "../scripts/testing/ports.ts";
import type { Mined, Opened } from "./pages/host.ts";

const PAGES = [
  "home",
  "market",
  "energy",
  "activity",
  "autopilot",
  "delivery",
  "microgrid",
  "audit",
  "gains",
];
const LEAST_PERFORMANCE = 95;
const LEAST_ACCESSIBILITY = 100;
/** Single runs vary; the median of a few does not. */
const USUAL_RUNS = 3;
/** How long a load is watched: a page that polls for blocks is never as quiet as Lighthouse would wait for. */
const WATCHED_MS = 15_000;
const TRADES = 5;
const SEEN_MS = 500;
const GIVE_UP_MS = 30_000;

const { values: options } = parseArgs({
  options: {
    /** Runs of Lighthouse for each page; the median counts. */
    runs: { type: "string", default: String(USUAL_RUNS) },
    /** The pages to measure; by default all of them, and trades. */
    page: { type: "string", multiple: true },
  },
});
const runsEach = Number(options.runs);
if (!Number.isSafeInteger(runsEach) || runsEach < 1) {
  throw new Error(`--runs must be a whole number from 1 on, not "${options.runs}".`);
}
const unknown = options.page?.find((page) => !PAGES.includes(page));
if (unknown !== undefined) {
  throw new Error(`--page must be one of ${PAGES.join(", ")}, not "${unknown}".`);
}

const host = fork(`${import.meta.dirname}/pages/host.ts`);
host.once("exit", (code, signal) => {
  if (code !== 0) throw new Error(`The chain's process has ended (${code ?? signal}).`);
});
const { url } = await heard<Opened>();
const port = await freePort();
const browser = await openBrowser(port);
try {
  if (options.page === undefined) await timeTrades(browser);
  await scorePages(options.page ?? PAGES);
  console.log(
    `${cpus().length} cores, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  );
} finally {
  await browser.close();
  host.disconnect();
}

async function scorePages(pages: readonly string[]): Promise<void> {
  console.log("| page | performance | accessibility | FCP | LCP | TBT | CLS |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const page of pages) {
    const runs = [];
    for (let run = 0; run < runsEach; run++)
      runs.push(await score(page === "home" ? `${url}/` : `${url}/${page}`));
    const { performance, accessibility, shown, faults } = medianOf(runs);
    console.log(`| ${[page, performance, accessibility, ...shown].join(" | ")} |`);
    for (const fault of faults) console.log(`  ${fault}`);
    if (performance < LEAST_PERFORMANCE || accessibility < LEAST_ACCESSIBILITY)
      process.exitCode = 1;
  }
}

/** One run of Lighthouse: a mid-range phone on a slow 4G connection, both simulated. */
async function score(url: string) {
  const onlyCategories = ["performance", "accessibility"];
  const maxWaitForLoad = WATCHED_MS;
  const flags = { port, logLevel: "error", onlyCategories, maxWaitForLoad } as const;
  const result = await lighthouse(url, flags);
  if (result === undefined) throw new Error(`Lighthouse returned nothing for ${url}.`);
  const { audits, categories, runtimeError } = result.lhr;
  if (runtimeError !== undefined) throw new Error(`${url}: ${runtimeError.message}`);
  const scoreOf = (id: string) => Math.round((categories[id]?.score ?? 0) * 100);
  const faults = (categories.accessibility?.auditRefs ?? []).flatMap(({ id, weight }) =>
    weight > 0 && audits[id]?.score === 0 ? `accessibility: ${audits[id].title}` : [],
  );
  return {
    performance: scoreOf("performance"),
    accessibility: scoreOf("accessibility"),
    shown: [
      "first-contentful-paint",
      "largest-contentful-paint",
      "total-blocking-time",
      "cumulative-layout-shift",
    ].map((id) => audits[id]?.displayValue ?? ""),
    faults,
  };
}

function medianOf<T extends { readonly performance: number }>(runs: readonly T[]): T {
  const sorted = runs.toSorted((a, b) => a.performance - b.performance);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) throw new Error("There is no run.");
  return median;
}

/** The time in ms from a mined purchase until another person's market shows less on offer. */
async function timeTrades(of: Browser): Promise<void> {
  const { context } = await openContext(of, { viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${url}/market`);
  await page.getByRole("heading", { name: "Offers and bids" }).scrollIntoViewIfNeeded();
  const offers = page.getByRole("region", { name: "Offers", exact: true });
  await offers.getByRole("row").nth(1).waitFor();
  const took: number[] = [];
  for (let trade = 0; trade < TRADES; trade++) {
    const before = await offers.textContent();
    host.send(trade);
    const { minedAt } = await heard<Mined>();
    while ((await offers.textContent()) === before) {
      if (Date.now() - minedAt > GIVE_UP_MS) throw new Error("The trade was not seen.");
    }
    took.push(Date.now() - minedAt);
  }
  await context.close();
  const slowest = Math.max(...took);
  console.log(
    `A trade is seen in another browser after ${took.join(", ")} ms (goal ${SEEN_MS} ms)`,
  );
  if (slowest > SEEN_MS) process.exitCode = 1;
}

/** The host's next message. */
async function heard<Said>(): Promise<Said> {
  const [said] = await once(host, "message");
  return said;
}
