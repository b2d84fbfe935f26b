/**
 * `npm run -w frontend bench`: how quickly the market responds to input with 10,000 offers. Real chain,
 * relay and Chromium, built app. Prints the interaction to next paint (INP) of each kind of interaction, and how
 * smoothly the table scrolls.
 */
import {
  bulkTree,
  bulkTypedData,
  type Maker,
  marketDomain,
  postedOfferOf,
  type SignedOrder,
  signedOrdersOf,
} from "@wattline/sdk";
import type { Page } from "playwright-core";
import { openBrowser, openContext } from "../test/support/browser.ts";
import { openRelay } from "../test/support/relay.ts";
import { openStack } from "../test/support/stack.ts";

const OFFERS = 10_000;
const BUDGET_MS = 100;
/** Base units per kWh of the cheapest offer; each further offer is dearer by `STEP`. */
const CHEAPEST = 90_000n;
const STEP = 20n;

const stack = await openStack();
const { households, microgrid } = stack.community;
const perMaker = OFFERS / households.length;
const relay = await openRelay(stack.network, { limits: { ordersPerMaker: perMaker } });
for (const [index, who] of households.entries()) await relay.post(await offersOf(who, index));
const { orders } = await relay.client.health();
stack.setConfig({ networks: [{ ...stack.network, relayUrl: relay.url }] });

const browser = await openBrowser();
const { context } = await openContext(browser, { viewport: { width: 1440, height: 900 } });
await context.addInitScript(watchInteractions);
const page = await context.newPage();
const began = performance.now();
await page.goto(`${stack.url}/market`);
await page.getByRole("heading", { name: "Offers and bids" }).scrollIntoViewIfNeeded();
await page.getByRole("tab", { name: "Offers (10,000)" }).waitFor({ timeout: 60_000 });
console.log(
  `${orders} live offers, all on the page after ${Math.round(performance.now() - began)} ms`,
);

const strip = page.getByRole("slider");
const energy = page.getByLabel("Energy", { exact: true });
const results: [string, number][] = [
  [
    "move to another slot",
    await slowest(page, 10, async () => {
      await strip.focus();
      await page.keyboard.press("ArrowLeft");
    }),
  ],
  [
    "type an amount",
    await slowest(page, 6, async () => {
      await energy.focus();
      await page.keyboard.press("End");
      await page.keyboard.type("1");
    }),
  ],
  [
    "choose a window",
    await slowest(page, 6, async (turn) => {
      await page.getByRole("button", { name: turn % 2 ? "Whole day" : "So far" }).click();
    }),
  ],
  [
    "sort the table",
    await slowest(page, 6, async (turn) => {
      const header = turn % 2 ? /^Price/ : /^Energy/;
      await page.getByRole("columnheader", { name: header }).getByRole("button").click();
    }),
  ],
  [
    "change the side",
    await slowest(page, 4, async (turn) => {
      await page.getByRole("tab", { name: turn % 2 ? /^Offers/ : /^Bids/ }).click();
    }),
  ],
];
for (const [what, ms] of results) console.log(`${String(ms).padStart(6)} ms  ${what}`);
const inp = Math.max(...results.map(([, ms]) => ms));
console.log(`${String(inp).padStart(6)} ms  the slowest (budget ${BUDGET_MS} ms)`);
const frames = await scrollFrames(page);
console.log(
  `${frames.count} frames while all rows pass; median ${frames.median} ms, 95th percentile ${frames.p95} ms`,
);
if (inp > BUDGET_MS) process.exitCode = 1;

await browser.close();
await relay.close();
await stack.close();

/** Offers of one household under one signature, each for the whole morning at a different price. */
async function offersOf(who: (typeof households)[number], index: number): Promise<SignedOrder[]> {
  const by: Omit<Maker, "nonce"> = {
    maker: who.address,
    microgrid,
    slotSeconds: stack.series.slotSeconds,
    now: await stack.chain.chainTime(),
  };
  const orders = Array.from({ length: perMaker }, (_, each) =>
    postedOfferOf(
      { ...by, nonce: BigInt(each) },
      {
        ...stack.morning,
        sources: ["Solar"],
        energyWh: 2_000n,
        pricePerKwh: CHEAPEST + STEP * BigInt(each * households.length + index),
      },
    ),
  );
  const { chainId, marketplace } = stack.network.deployment;
  const signature = await who.account.signTypedData(
    bulkTypedData(marketDomain(chainId, marketplace), orders),
  );
  return signedOrdersOf({ orders, tree: bulkTree(orders) }, signature);
}

/** Repeats an interaction. @returns The longest time to the next paint, in ms. */
async function slowest(
  on: Page,
  times: number,
  act: (turn: number) => Promise<void>,
): Promise<number> {
  await on.evaluate(() => {
    window.wattlineInteractions = [];
  });
  for (let turn = 0; turn < times; turn++) {
    await act(turn);
    // After two frames the change is painted and the browser has reported how long it took.
    await on.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
  }
  return on.evaluate(() => Math.max(0, ...window.wattlineInteractions));
}

async function scrollFrames(on: Page) {
  const frames = await on.getByRole("region", { name: "Offers", exact: true }).evaluate(
    (region) =>
      new Promise<number[]>((resolve) => {
        const took: number[] = [];
        let last = performance.now();
        const step = region.scrollHeight / 120;
        const next = (now: number) => {
          took.push(now - last);
          last = now;
          region.scrollTop += step;
          if (took.length < 120) requestAnimationFrame(next);
          else resolve(took);
        };
        requestAnimationFrame(next);
      }),
  );
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
  return { count: frames.length, median: at(0.5), p95: at(0.95) };
}

declare global {
  interface Window {
    wattlineInteractions: number[];
  }
}

/** Runs in the page: records each interaction's time to the next paint, as INP does. */
function watchInteractions(): void {
  window.wattlineInteractions = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if ("interactionId" in entry && entry.interactionId) {
        window.wattlineInteractions.push(entry.duration);
      }
    }
  }).observe({ type: "event", durationThreshold: 16, buffered: true } as PerformanceObserverInit);
}
