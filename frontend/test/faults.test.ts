import { localAccount } from "@wattline/community/simulation";
import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { openBrowser, openContext, VIEWPORTS } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { seedMarket } from "./support/market.ts";
import { openRelay } from "./support/relay.ts";
import { scrollThrough } from "./support/scroll.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { connectWallet, injectWallet } from "./support/wallet.ts";

/** A local account without a home, without money and without energy. */
const NEWCOMER = 34;
const JANE = 2;

describe("What people run into", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let relay: Awaited<ReturnType<typeof openRelay>> | undefined;
  const opened: BrowserContext[] = [];

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    const market = await seedMarket(stack);
    // Has ether for fees.
    await stack.chain.wallet(NEWCOMER);
    relay = await openRelay(stack.network);
    await relay.post([...market.spot, ...market.toCome, ...market.bids, ...market.far.offers]);
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

  async function open(path: string, account: number): Promise<Page> {
    const { context } = await openContext(browser);
    opened.push(context);
    await injectWallet(context, stack.network, { account: localAccount(account).account });
    const page = await context.newPage();
    await page.goto(`${stack.url}/market`);
    await connectWallet(page);
    if (path !== "market") await page.goto(`${stack.url}/${path}`);
    return page;
  }

  /** Connects the demo wallet, which asks in the page, as one of its accounts. */
  async function openDemo(path: string, name: string): Promise<Page> {
    const { context } = await openContext(browser);
    opened.push(context);
    const page = await context.newPage();
    await page.goto(`${stack.url}/market`);
    await page.getByRole("banner").getByRole("button", { name: "Connect wallet" }).click();
    await page.getByRole("button", { name: /Demo wallet/ }).click();
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByRole("banner").getByRole("button", { name: "Jane" }).waitFor();
    if (name !== "Jane") await actAs(page, "Jane", name);
    await page.goto(`${stack.url}/${path}`);
    return page;
  }

  async function actAs(page: Page, before: string, name: string): Promise<void> {
    await page.getByRole("banner").getByRole("button", { name: before }).click();
    await dialog(page)
      .getByRole("button", { name: new RegExp(`^${name}`) })
      .click();
    await page.getByRole("banner").getByRole("button", { name }).waitFor();
  }

  const dialog = (page: Page) => page.getByRole("dialog");

  it("Back closes every dialog, and leaves the page as it was", async () => {
    const page = await open("energy", JANE);
    const wallet = () => page.getByRole("banner").getByRole("button", { name: "Jane" }).click();
    const openers: readonly (readonly [path: string, press: () => Promise<void>])[] = [
      ["energy", wallet],
      ["energy", () => page.getByRole("button", { name: "Retire for a certificate" }).click()],
      ["energy", () => page.getByRole("button", { name: /^Load a signed reading/ }).click()],
      ["energy?tab=orders", () => page.getByRole("button", { name: "Cancel all…" }).click()],
      ["microgrid", () => page.getByRole("button", { name: "Found a microgrid" }).click()],
      ["market", () => page.getByRole("button", { name: "Sell", exact: true }).click()],
    ];
    for (const [path, press] of openers) {
      await page.goto(`${stack.url}/${path}`);
      await press();
      await dialog(page).waitFor();
      await page.goBack();
      await dialog(page).waitFor({ state: "detached" });
      const [name = ""] = path.split("?");
      expect(new URL(page.url()).pathname, path).to.equal(`/${name}`);
      // Closed by its own button, it leaves no step behind that Back would have to take.
      await press();
      await dialog(page).getByRole("button", { name: "Close" }).click();
      await dialog(page).waitFor({ state: "detached" });
      const state = await page.evaluate(() => JSON.stringify(window.history.state));
      expect(state, path).not.to.match(/"layers":\["|"opensLayer":true/);
      if (path !== "market") continue;
      await page.goBack();
      await page.waitForURL(/\/microgrid/);
    }
  });

  it("who lacks money is shown where it comes from, and can then buy", async () => {
    const page = await open("market", NEWCOMER);
    const buy = page.getByRole("button", { name: /^(Buy|Reserve) .+ for €/ });
    await page.getByText(/^Your wallet lacks €\d+\.\d\d for this\.$/).waitFor();
    expect(await buy.isDisabled()).to.equal(true);
    await page.getByRole("button", { name: "Get €100.00 of play money" }).click();
    await page.getByText(/^Your wallet lacks/).waitFor({ state: "detached" });
    await page.getByText(/^€\d+\.\d\d comes from your wallet/).waitFor();
    expect(await buy.isEnabled()).to.equal(true);
  });

  it("who has no meter and no energy is told what selling takes", async () => {
    const page = await open("market?do=sell", NEWCOMER);
    await dialog(page)
      .getByText(/^You have nothing to sell in /)
      .waitFor();
    await dialog(page)
      .getByText(/registers your meter/)
      .waitFor();
    await dialog(page).getByRole("link", { name: "What would I gain?" }).waitFor();
    expect(await dialog(page).getByRole("button", { name: "Sign the offer" }).count()).to.equal(0);
  });

  it("what is paid and what is saved make what the grid would charge, as they are shown", async () => {
    const page = await open("market", NEWCOMER);
    const amount = async (term: string): Promise<number> => {
      const text = await page.locator("dt", { hasText: term }).locator("+ dd").textContent();
      return Math.round(Number(text?.replace("€", "")) * 100);
    };
    const field = page.getByLabel("Energy", { exact: true });
    for (const kwh of ["0.123", "0.777", "1.234", "2.005", "3.333"]) {
      await field.fill(kwh);
      await page.getByRole("button", { name: /^(Buy|Reserve) .+ for €/ }).waitFor();
      await page.waitForURL(new RegExp(`wh=${Math.round(Number(kwh) * 1000)}`));
      const [paid, saved] = [await amount("You pay"), await amount("You save")];
      expect(paid + saved, kwh).to.equal(await amount("The grid would charge"));
      const button = page.getByRole("button", { name: /^(Buy|Reserve) .+ for €/ });
      expect(await button.textContent()).to.include(`€${(paid / 100).toFixed(2)}`);
    }
    await page.getByText(/^From (one|\d+) neighbours?$/).click();
    const takes = page.locator("details li span.font-semibold > span:last-child");
    await takes.first().waitFor();
    const sum = (await takes.allTextContents())
      .map((text) => Math.round(Number(text.replace("€", "")) * 100))
      .reduce((a, b) => a + b, 0);
    expect(sum).to.equal(await amount("You pay"));
  });

  it("an order's row opens the order, and the name in it the account", async () => {
    const page = await open("market", NEWCOMER);
    await scrollThrough(page);
    const rows = page.getByRole("region", { name: "Offers", exact: true }).getByRole("row");
    await rows.nth(1).getByRole("button").last().click();
    await dialog(page).getByRole("heading").click();
    expect(new URL(page.url()).searchParams.get("order")).to.equal(null);
    await page.goBack();
    await dialog(page).waitFor({ state: "detached" });
    await rows.nth(1).getByRole("button", { name: /kWh$/ }).click();
    await dialog(page).getByText("Valid until").waitFor();
    expect(new URL(page.url()).searchParams.get("order")).to.match(/^0x[0-9a-f]{64}$/);
    // The link of an order opens it, too.
    await page.reload();
    await dialog(page).getByText("Valid until").waitFor();
    await dialog(page).getByRole("button", { name: "Buy in these slots" }).click();
    await dialog(page).waitFor({ state: "detached" });
    expect(new URL(page.url()).searchParams.get("wh")).to.match(/^\d+$/);
    await scrollThrough(page);
    await page.getByRole("tab", { name: /^Bids/ }).click();
    const bids = page.getByRole("region", { name: "Bids", exact: true }).getByRole("row");
    await bids.nth(1).getByRole("cell").nth(1).click();
    await dialog(page).getByText("Valid until").waitFor();
    await dialog(page).getByRole("button", { name: "Sell energy" }).click();
    await page.getByRole("dialog", { name: "Sell energy" }).waitFor();
  });

  it("the page does not jump while one goes through the slots, and the hours stand at their slots", async () => {
    const page = await open("market", NEWCOMER);
    const strip = page.getByRole("slider", { name: "Delivery slot" });
    const below = page.getByRole("heading", { name: "Merit order of the slot" });
    await below.waitFor();
    await scrollThrough(page);
    for (const size of [VIEWPORTS.desktop, VIEWPORTS.phone]) {
      await page.setViewportSize(size);
      const heights = new Set<number>();
      await strip.focus();
      await page.keyboard.press("Home");
      for (let step = 0; step < 24; step++) {
        heights.add(Math.round((await below.boundingBox())?.y ?? 0) + (await scrolled(page)));
        await page.keyboard.press("PageUp");
      }
      expect([...heights], `${size.width} px`).to.have.length(1);
      const box = await strip.boundingBox();
      const noon = await strip.locator("+ div").getByText("12:00").boundingBox();
      if (box === null || noon === null) throw new Error("The strip has no hours.");
      const off = noon.x + noon.width / 2 - (box.x + box.width / 2);
      expect(Math.abs(off), `${size.width} px`).to.be.lessThan(box.width / 96);
    }
  });

  it("the demo wallet says every request in a sentence, also those of an operator", async () => {
    const page = await openDemo("microgrid?task=island", "Operator");
    const confirm = () => dialog(page);
    await page.getByRole("button", { name: "Declare it islanded" }).click();
    await confirm()
      .getByText(/^Declare .+ islanded from the current delivery slot on\.$/)
      .waitFor();
    // What is signed is there for those who want it, and folded for all others.
    expect(await confirm().getByText("setIslanded.islanded").isVisible()).to.equal(false);
    await confirm().getByText("Everything that is asked for").click();
    await confirm().getByText("setIslanded.islanded").waitFor();
    await confirm().getByRole("button", { name: "Decline" }).click();
    await page.getByText("You declined it in your wallet. Nothing was sent.").waitFor();
    // What was said to one account is not said to the next.
    await actAs(page, "Operator", "Jane");
    await page
      .getByText("You declined it in your wallet. Nothing was sent.")
      .waitFor({ state: "detached" });
  });

  it("bulk signatures say how many orders count, and keep the button in sight", async () => {
    const page = await openDemo("market?do=sell", "Jane");
    await page.setViewportSize(VIEWPORTS.phone);
    const form = page.getByRole("dialog", { name: "Sell energy" });
    await form.getByText("Energy to come").click();
    await form.getByText("A week of prices").click();
    const price = (part: string) => form.getByLabel(new RegExp(`^Price on .*, ${part} o'clock`));
    await price("10 to 14").first().fill("0.14");
    await price("14 to 18").first().fill("0.18");
    await form.getByRole("button", { name: "Every day as the first" }).click();
    await form.getByLabel("kWh a day, 10 to 14 o'clock").fill("5");
    await form.getByLabel("kWh a day, 14 to 18 o'clock").fill("3");
    await form.getByLabel(/^Bond/).fill("0");
    await form.getByRole("button", { name: "Sign the offer" }).click();
    const confirm = page.getByRole("dialog", { name: "Sign", exact: true });
    await confirm.getByText("One signature over 14 orders:").waitFor();
    const each = confirm.getByRole("region", { name: "One by one" }).getByRole("listitem");
    expect(await each.count()).to.equal(14);
    expect(await each.first().textContent()).to.match(
      /^You offer up to 5 kWh \(solar\) in .+, .+ – .+, to anyone, at a posted price of €0\.14\/kWh: €0\.70 in all\./,
    );
    const button = await confirm.getByRole("button", { name: "Confirm" }).boundingBox();
    expect((button?.y ?? 0) + (button?.height ?? 0)).to.be.lessThan(VIEWPORTS.phone.height);
    await confirm.getByRole("button", { name: "Confirm" }).click();
    await page.getByText("Your 14 offers are in the book").waitFor();
  });

  it("toasts stay away from the buttons of forms, on a desktop and on a phone", async () => {
    const page = await openDemo("energy?tab=money", "Jane");
    await page.getByLabel("From escrow into your wallet").fill("1");
    for (const size of [VIEWPORTS.desktop, VIEWPORTS.phone]) {
      await page.setViewportSize(size);
      await page.getByRole("button", { name: "Withdraw", exact: true }).click();
      const confirm = dialog(page).getByRole("button", { name: "Confirm" });
      await confirm.waitFor();
      const toast = page.locator("[data-sonner-toast]").first();
      await toast.waitFor();
      await page.waitForFunction(() =>
        document.getAnimations().every(({ playState }) => playState !== "running"),
      );
      const [a, b] = [await toast.boundingBox(), await confirm.boundingBox()];
      if (a === null || b === null) throw new Error("Nothing is shown.");
      const apart =
        a.x + a.width <= b.x ||
        b.x + b.width <= a.x ||
        a.y + a.height <= b.y ||
        b.y + b.height <= a.y;
      expect(apart, `${size.width} px`).to.equal(true);
      await dialog(page).getByRole("button", { name: "Decline" }).click();
      await dialog(page).waitFor({ state: "detached" });
    }
  });

  const scrolled = (page: Page): Promise<number> => page.evaluate(() => Math.round(window.scrollY));
});
