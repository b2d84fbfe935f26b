/**
 * `npm run -w frontend bench:map`: how long Home is blocked while it draws the map of 200 homes in 12 microgrids, beside Market,
 * which has none: opening a page takes long tasks of its own. Real chain and Chromium, built app.
 */
import type { Browser } from "playwright-core";
import { openBrowser, openContext } from "../test/support/browser.ts";
import { openStack } from "../test/support/stack.ts";
import { townAround } from "../test/support/town.ts";

const BUDGET_MS = 50;
const MICROGRIDS = 12;

const stack = await openStack();
const homes = await townAround(stack).growTo(MICROGRIDS);
const browser = await openBrowser();
const home = await longestTask(browser, "");
const market = await longestTask(browser, "/market");
console.log(
  `${homes} homes in ${MICROGRIDS} microgrids; longest task until the map has stood for five seconds:`,
);
console.log(`${String(home).padStart(6)} ms  Home (budget ${BUDGET_MS} ms)`);
console.log(`${String(market).padStart(6)} ms  Market, without a map`);
if (home > BUDGET_MS) process.exitCode = 1;
await browser.close();
await stack.close();

/** The longest task of a page from its opening on, ms; 0 when none took 50 ms. */
async function longestTask(inside: Browser, path: string): Promise<number> {
  const { context } = await openContext(inside, { viewport: { width: 1440, height: 900 } });
  await context.addInitScript(watchTasks);
  const page = await context.newPage();
  await page.goto(`${stack.url}${path}`);
  if (path === "")
    await page
      .locator("[data-home]")
      .nth(homes - 1)
      .waitFor();
  await page.waitForTimeout(5_000);
  const tasks = await page.evaluate(() => window.wattlineTasks);
  for (const { at, ms } of tasks) console.log(`${path || "/"}: ${ms} ms at ${at} ms`);
  await context.close();
  return Math.max(0, ...tasks.map(({ ms }) => ms));
}

declare global {
  interface Window {
    wattlineTasks: { readonly at: number; readonly ms: number }[];
  }
}

/** Runs in the page: records each task of 50 ms or more. */
function watchTasks(): void {
  window.wattlineTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      window.wattlineTasks.push({ at: Math.round(startTime), ms: Math.round(duration) });
    }
  }).observe({ type: "longtask", buffered: true });
}
