import { localAccount, OPERATOR } from "@wattline/community/simulation";
import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { openBrowser, openContext } from "./support/browser.ts";
import { untilDrawn } from "./support/drawn.ts";
import { TEST_MS } from "./support/limits.ts";
import { seedMarket } from "./support/market.ts";
import { markTranslations, untranslatedIn } from "./support/pseudo.ts";
import { openRelay } from "./support/relay.ts";
import { scrollThrough } from "./support/scroll.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { connectWallet, injectWallet } from "./support/wallet.ts";

/** Pages without anything opened. */
const PAGES = [
  "",
  "delivery",
  "market",
  "market?side=bids",
  "market?side=limits",
  "energy?tab=balances",
  "energy?tab=orders",
  "activity",
  "autopilot",
  "energy?tab=money",
  "energy?tab=earnings",
  "energy?tab=meters",
  "microgrid",
  "audit",
  "gains",
  "statement",
  "certificate/0x12",
  "nowhere",
];

describe("The words of the pages", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let relay: Awaited<ReturnType<typeof openRelay>> | undefined;
  let names: readonly string[];
  const opened: BrowserContext[] = [];

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    const market = await seedMarket(stack);
    relay = await openRelay(stack.network);
    await relay.post([...market.spot, ...market.toCome, ...market.bids, ...market.far.offers]);
    stack.setConfig({ networks: [{ ...stack.network, relayUrl: relay.url }] });
    const { name, currency, demo } = stack.network;
    names = [
      ...[name, currency.name, stack.series.name, "Millbrook"],
      ...(demo?.accounts.flatMap((one) => [one.name, one.role]) ?? []),
    ];
  });
  afterEach(async () => {
    for (const context of opened.splice(0)) {
      await context.unrouteAll({ behavior: "ignoreErrors" });
      await context.close();
    }
  });
  after(async () => {
    await browser?.close();
    await relay?.close();
    await stack?.close();
  });

  async function open(account: number): Promise<Page> {
    const { context } = await openContext(browser, { locale: "de-DE" });
    opened.push(context);
    await markTranslations(context);
    await injectWallet(context, stack.network, { account: localAccount(account).account });
    const page = await context.newPage();
    await page.goto(`${stack.url}/market`);
    await connectWallet(page);
    return page;
  }

  it("are all in the catalogs: a household's pages", async () => {
    const page = await open(2);
    const found: Record<string, string[]> = {};
    for (const path of PAGES) {
      await page.goto(`${stack.url}/${path}`);
      await untilDrawn(page);
      await scrollThrough(page);
      const words = await untranslatedIn(page, names);
      if (words.length > 0) found[path] = words;
    }
    expect(found).to.deep.equal({});
  });

  it("are all in the catalogs: forms, dialogs and the operator's tasks", async () => {
    const page = await open(OPERATOR);
    const found: Record<string, string[]> = {};
    const look = async (what: string) => {
      const words = await untranslatedIn(page, names);
      if (words.length > 0) found[what] = words;
    };
    for (const task of ["island", "prices", "meter", "line", "names", "roles"]) {
      await page.goto(`${stack.url}/microgrid?task=${task}`);
      await page.locator("#operator [role=tabpanel][data-state=active]").waitFor();
      await page.waitForFunction(() => !document.querySelector("#operator .animate-pulse"));
      await look(task);
    }
    await page.getByRole("button", { name: /Microgrid gründen/ }).click();
    await page.getByRole("dialog").getByRole("textbox").first().waitFor();
    await look("found");
    for (const form of ["sell", "bid"]) {
      await page.goto(`${stack.url}/market?do=${form}`);
      await page.getByRole("dialog").getByRole("heading").first().waitFor();
      await page.waitForFunction(() => !document.querySelector("[role=dialog] .animate-pulse"));
      await look(form);
    }
    await page.keyboard.press("Escape");
    await page.getByRole("banner").getByRole("button", { name: "Operator" }).click();
    await page.getByRole("dialog", { name: /Ihr Wallet/ }).waitFor();
    await look("wallet");
    expect(found).to.deep.equal({});
  });
});
