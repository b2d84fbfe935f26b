import { localAccount } from "@wattline/community/simulation";
import { expect } from "chai";
import type { Browser, BrowserContext, BrowserContextOptions } from "playwright-core";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openRelayWithOffer } from "./support/relay.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { connectWallet, injectWallet } from "./support/wallet.ts";

/** What comes after the first page, to act and to say what came of it. */
const PARTS = /assets\/(ToastPlace|errorWords|send|deposit)-/;

describe("A browser without a network", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let relay: Awaited<ReturnType<typeof openRelayWithOffer>>;
  const opened: BrowserContext[] = [];

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    relay = await openRelayWithOffer(stack);
    stack.setConfig({ networks: [{ ...stack.network, relayUrl: relay.url }] });
  });
  afterEach(async () => {
    for (const context of opened.splice(0)) await context.close();
  });
  after(async () => {
    await browser?.close();
    await relay?.close();
    await stack?.close();
  });

  /** A page of somebody whose wallet is elsewhere, so that it works without a network too. */
  async function openPage(options: BrowserContextOptions = {}) {
    const { context } = await openContext(browser, options);
    opened.push(context);
    const wallet = await injectWallet(context, stack.network, { account: localAccount(2).account });
    return { context, page: await context.newPage(), wallet };
  }

  /** Jane is about to buy 200 Wh. */
  async function aboutToBuy(
    { page }: Pick<Awaited<ReturnType<typeof openPage>>, "page">,
    words = { energy: "Energy", buy: /^Buy 200 Wh for €/ },
  ) {
    await page.goto(`${stack.url}/market`);
    await connectWallet(page);
    await page
      .getByLabel(words.energy, { exact: true })
      .fill(words.energy === "Energy" ? "0.2" : "0,2");
    const buy = page.getByRole("button", { name: words.buy, disabled: false });
    await buy.waitFor();
    return buy;
  }

  it("says why nothing can be bought, in the words that were fetched ahead, and goes on afterwards", async () => {
    const { context, page, wallet } = await openPage();
    const fetched = ["ToastPlace", "errorWords", "send"].map((part) =>
      page.waitForResponse((response) => response.url().includes(`/assets/${part}-`)),
    );
    const buy = await aboutToBuy({ page });
    await Promise.all(fetched);
    // The messages of the frame, of the market and of errors.
    await page.waitForFunction(
      () =>
        performance.getEntriesByType("resource").filter(({ name }) => /assets\/en-/.test(name))
          .length >= 3,
    );
    await context.setOffline(true);
    await buy.click();
    const toast = page.locator("[data-sonner-toast]").filter({ hasText: /^Buy 200 Wh for €/ });
    await toast.getByText(/^The node of Test chain can't be reached/).waitFor();
    expect(wallet.transactions()).to.deep.equal([]);

    await context.setOffline(false);
    await page.getByText("Test chain does not answer.").waitFor({ state: "detached" });
    await buy.click();
    await page.getByText("You bought 200 Wh").waitFor();
    expect(wallet.transactions()).to.have.length(1);
  });

  it("says so plainly, and in the reader's language, where not even the words for it are there", async () => {
    const { context, page, wallet } = await openPage({ locale: "de-DE" });
    await context.route(PARTS, (route) => route.abort());
    const buy = await aboutToBuy({ page }, { energy: "Energie", buy: /^200 Wh für .*€ kaufen/ });
    await context.setOffline(true);
    await buy.click();
    const said = page.getByRole("alert").filter({ hasText: /200 Wh für .*kaufen/ });
    await said.getByText(/Ein Teil der App kann nicht geladen werden\. Prüfen Sie/).waitFor();
    expect(await violationsOf(page)).to.deep.equal([]);

    await context.setOffline(false);
    await context.unroute(PARTS);
    await page.getByText("Test chain antwortet nicht.").waitFor({ state: "detached" });
    await buy.click();
    await page.getByText("Sie haben 200 Wh gekauft").waitFor();
    await said.waitFor({ state: "detached" });
    expect(wallet.transactions()).to.have.length(1);
  });

  it("says that a part is missing where the words of errors are there and it is not", async () => {
    const { context, page, wallet } = await openPage();
    await context.route(/assets\/send-/, (route) => route.abort());
    const words = page.waitForResponse((response) =>
      response.url().includes("/assets/errorWords-"),
    );
    const buy = await aboutToBuy({ page });
    await words;
    await buy.click();
    const toast = page.locator("[data-sonner-toast]").filter({ hasText: /^Buy 200 Wh for €/ });
    await toast.getByText("A part of the app can't be loaded. Check your connection.").waitFor();
    expect(wallet.transactions()).to.deep.equal([]);
  });

  it("keeps the page, says what is missing, and shows it once the network is back", async () => {
    const { context, page } = await openPage();
    await page.goto(`${stack.url}/market`);
    await page.getByRole("button", { name: /^Buy / }).waitFor();
    const missing = page
      .getByRole("alert")
      .filter({ hasText: "A part of the app can't be loaded." });
    for (const [press, shown] of [
      [
        page.getByRole("banner").getByRole("button", { name: "Connect wallet" }),
        page.getByRole("button", { name: "Test Wallet" }),
      ],
      [
        page.getByRole("banner").getByRole("link", { name: "Audit" }),
        page.getByRole("heading", { name: "Audit", level: 1 }),
      ],
    ] as const) {
      await context.setOffline(true);
      await press.click();
      await missing.waitFor();
      expect(await page.getByRole("heading", { name: "Market", level: 1 }).count()).to.equal(1);
      await context.setOffline(false);
      await shown.waitFor();
      await missing.waitFor({ state: "detached" });
      await page.keyboard.press("Escape");
    }
  });
});
