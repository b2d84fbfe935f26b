import { localAccount } from "@wattline/community/simulation";
import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { openBrowser, openContext } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openRelayWithOffer } from "./support/relay.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { connectWallet, injectWallet, type Quirks, type TestWallet } from "./support/wallet.ts";

describe("What people type, and what is told to them", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let relay: Awaited<ReturnType<typeof openRelayWithOffer>> | undefined;
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

  async function visit(
    path: string,
    {
      locale = "en-GB",
      quirks = {},
      prepare,
    }: {
      locale?: string;
      quirks?: Partial<Quirks>;
      prepare?: (context: BrowserContext) => Promise<unknown>;
    } = {},
  ): Promise<{ page: Page; wallet: TestWallet }> {
    const { context } = await openContext(browser, { locale });
    opened.push(context);
    const wallet = await injectWallet(context, stack.network, {
      account: localAccount(2).account,
      quirks,
    });
    await prepare?.(context);
    const page = await context.newPage();
    await page.goto(`${stack.url}/${path}`);
    await connectWallet(page);
    return { page, wallet };
  }

  for (const [locale, label, button, typed, question] of [
    ["en-GB", "From your wallet into escrow", "Deposit", "1,000", /Do you mean 1000 or 1\.000\?/],
    [
      "de-DE",
      "Aus Ihrem Wallet auf das Treuhandkonto",
      "Einzahlen",
      "1.000",
      /Meinen Sie 1000 oder 1,000\?/,
    ],
  ] as const) {
    it(`asks what "${typed}" means, and deposits neither (${locale})`, async () => {
      const { page } = await visit("energy?tab=money", { locale });
      await page.getByLabel(label).fill(typed);
      await page.getByText(question).waitFor();
      expect(await page.getByRole("button", { name: button, exact: true }).isDisabled()).to.equal(
        true,
      );
    });
  }

  it("sells nothing while no energy is typed that could be bought", async () => {
    const { page } = await visit("market");
    const field = page.getByLabel("Energy", { exact: true });
    const buy = page.getByRole("button", { name: /^Buy .* for / });
    await field.fill("0.5");
    await buy.waitFor();
    for (const text of ["0", "", "-3", "0.0001", "1,000"]) {
      await field.fill(text);
      await buy.waitFor({ state: "detached" });
      await field.fill("0.4");
      await buy.waitFor();
    }
  });

  it("opens the stream again after an answer such as 502, and says until then that it is not live", async () => {
    let isRefusing = true;
    const { page } = await visit("market", {
      prepare: (context) =>
        context.route(/\/stream\?/, (route) => {
          if (!isRefusing) return route.continue();
          return route.fulfill({
            status: 502,
            headers: { "access-control-allow-origin": "*" },
            body: "Bad gateway",
          });
        }),
    });
    await page.getByRole("heading", { name: "Offers and bids" }).scrollIntoViewIfNeeded();
    await page.getByText("Not live", { exact: true }).waitFor();
    isRefusing = false;
    await page.getByText("Live", { exact: true }).waitFor();
  });

  it("takes orders from a wallet that writes v as 0 or 1", async () => {
    const { page, wallet } = await visit("energy", { quirks: { signatures: "v of 0 or 1" } });
    await page.goto(`${stack.url}/market?do=sell`);
    const sign = page.getByRole("dialog").getByRole("button", { name: /^Sign the/ });
    await sign.click();
    await page
      .getByText(/is in the book/)
      .first()
      .waitFor();
    expect(wallet.typedData()).to.have.length(1);
  });

  it("counts the characters of a purpose as people do, and takes 200 of them", async () => {
    const { page } = await visit("energy?tab=energy");
    await page.getByRole("button", { name: "Retire for a certificate" }).click();
    const sheet = page.getByRole("dialog");
    const purpose = sheet.getByLabel("Purpose");
    const retire = sheet.getByRole("button", { name: /^Retire / });
    await sheet.getByText("0 of 200 characters").waitFor();
    // Each of these is two of JavaScript's characters.
    await purpose.fill("🌞".repeat(200));
    await sheet.getByText("200 of 200 characters").waitFor();
    expect(await retire.isEnabled()).to.equal(true);
    await purpose.fill("🌞".repeat(201));
    await sheet.getByText("201 of 200 characters").waitFor();
    await sheet.getByText("Shorten it to 200 characters.").waitFor();
    expect(await retire.isEnabled()).to.equal(false);
  });

  it("shows a form again after a reload, and closes it by Back", async () => {
    const { page } = await visit("market");
    const sheet = page.getByRole("dialog");
    const sign = sheet.getByRole("button", { name: "Sign the offer" });
    await page.getByRole("button", { name: "Sell", exact: true }).click();
    await sign.waitFor();
    await page.reload();
    await sign.waitFor();
    await page.goBack();
    await sheet.waitFor({ state: "detached" });
    expect(new URL(page.url()).pathname).to.equal("/market");
    await page.getByLabel("Energy", { exact: true }).waitFor();
    await page.goForward();
    await sign.waitFor();
  });

  it("names the tab by the page and the microgrid", async () => {
    const { page } = await visit("market");
    await page.waitForFunction(() => /^Market · .+ · Wattline$/.test(document.title));
    await page.getByRole("link", { name: "Audit" }).first().click();
    await page.waitForFunction(() => document.title.startsWith("Audit · "));
  });

  it("gives the focus back to what opened a dialog", async () => {
    const { page } = await visit("market");
    const opener = page.getByRole("banner").getByRole("button", { name: "Jane" });
    await opener.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.waitForFunction(() => document.activeElement?.textContent === "Jane");
  });
});
