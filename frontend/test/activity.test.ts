import { isDeepStrictEqual } from "node:util";
import { fund, type Household, localAccount, report } from "@wattline/community/simulation";
import { LANES } from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { freePort } from "../../scripts/testing/ports.ts";
import { type RunningIndexer, startIndexer } from "../../services/indexer/test/support/indexer.ts";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots, VIEWPORTS } from "./support/browser.ts";
import { paintedIn } from "./support/colours.ts";
import { TEST_MS } from "./support/limits.ts";
import { openRelay } from "./support/relay.ts";
import { demoAccount, openStack, type Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";
import { connectWallet, injectWallet, type TestWallet } from "./support/wallet.ts";

const [PROMISED, CAME] = [400n, 300n];
const BOND = 50_000n;

describe("Activity", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let wallet: TestWallet;
  let indexer: RunningIndexer | undefined;
  let relay: Awaited<ReturnType<typeof openRelay>> | undefined;
  let networks: readonly Stack["network"][];
  let watch: Awaited<ReturnType<typeof openContext>>["watch"];
  let jane: Household;
  let hanna: Household;
  /** The first slots of two forwards, each in a block of its own. */
  let slots: readonly [number, number];
  let offer: Awaited<ReturnType<Stack["trading"]["sign"]>>;

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    const { community, trading, morning, series, chain, network, CENT, wattline } = stack;
    const roof = community.households.find((who) => who.series.capacityW > 0);
    const other = community.households.find((who) => who !== roof);
    if (roof === undefined || other === undefined) throw new Error("Nobody can trade.");
    [jane, hanna] = [roof, other];
    relay = await openRelay(network);
    const next = ((morning.lastSlot >> 3) + 2) * LANES;
    slots = [next, next + LANES];
    for (const firstSlot of slots) {
      const forward = await trading.sign(community, jane, "offer", {
        firstSlot,
        lastSlot: firstSlot + LANES - 1,
        pricePerKwh: 17n * CENT,
        bondPerKwh: BOND,
      });
      await trading.reserve(community, hanna, forward, new Map([[firstSlot, PROMISED]]));
    }
    offer = await trading.sign(community, jane, "offer", { ...morning, pricePerKwh: 15n * CENT });
    await relay.post([offer]);
    await trading.accept(community, hanna, offer, new Map([[morning.firstSlot + 8, 60n]]));
    await fund(wattline, hanna, 2_000_000n);
    await chain.passTo((next + 2 * LANES) * series.slotSeconds);
    for (const slot of slots) await report(wattline, jane, new Map([[slot, CAME]]));

    const { rpcUrl, deployment } = network;
    indexer = await startIndexer({ deployment, rpcUrl, port: await freePort() });
    await indexer.caughtUp();
    const demo = {
      accounts: [demoAccount("Jane", "prosumer", 2), demoAccount("Hanna", "neighbour", 3)],
    };
    networks = [{ ...network, demo, indexerUrl: indexer.url, relayUrl: relay.url }];
    stack.setConfig({ networks });
    ({ context, watch } = await openContext(browser, { permissions: ["notifications"] }));
    await context.addInitScript(recordNotifications);
    wallet = await injectWallet(context, network, { account: jane.account });
    page = await context.newPage();
    await page.goto(`${stack.url}/activity`);
    await connectWallet(page);
    await timeline().getByRole("listitem").first().waitFor();
  });
  after(async () => {
    await browser?.close();
    await indexer?.end();
    await relay?.close();
    await stack?.close();
  });

  const timeline = () =>
    page.locator("section", { has: page.getByRole("heading", { name: "What has happened" }) });
  const entry = (words: string | RegExp) =>
    timeline().getByRole("listitem").filter({ hasText: words }).first();
  const link = () =>
    page
      .getByRole("navigation", { name: "Pages" })
      .getByRole("link", { name: /^Activity/ })
      .first();

  /** Hanna buys ten Wh more in each slot than in the one before, and Jane sees it. */
  const sell = async (lane: number) => {
    const slot = stack.morning.firstSlot + lane;
    const energyWh = BigInt(lane * 10);
    await stack.trading.accept(stack.community, hanna, offer, new Map([[slot, energyWh]]));
    await entry(`Sold ${energyWh} Wh to Hanna`).waitFor();
  };

  it("tells a trade once, with each of its steps, and what else a household did", async () => {
    const trade = entry("Sold 60 Wh to Hanna for <€0.01");
    await trade.getByText(/^signed/).waitFor();
    await trade.getByText("delivered: 60 Wh").waitFor();
    await trade.getByText(/you received <€0.01/).waitFor();
    const forward = entry("Hanna has reserved 400 Wh of yours, for €0.07");
    await forward.getByText("reserved: 400 Wh, €0.07 locked").waitFor();
    await forward.getByText("to be delivered", { exact: true }).waitFor();
    await entry("You signed an offer of").getByText("open", { exact: true }).waitFor();
    await entry("Your meter reported 300 Wh").getByRole("link", { name: "Your meters" }).waitFor();
    await entry("You deposited €50.00").waitFor();
    // What waits or runs is no fault.
    expect(await paintedIn(page.locator("body"), "danger")).to.deep.equal([]);
    await takeScreenshots(page, "activity");
    expect(await violationsOf(page)).to.deep.equal([]);
  });

  it("tells the same from the chain where there is no indexer", async () => {
    const told = await sentences();
    const [network] = networks;
    stack.setConfig({ networks: [{ ...network, indexerUrl: undefined }] });
    await page.reload();
    await timeline().getByRole("listitem").first().waitFor();
    await until(async () => isDeepStrictEqual(await sentences(), told)).catch(() => undefined);
    expect(await sentences()).to.deep.equal(told);
  });

  it("settles what is due with one tap, and shows that it is done", async () => {
    await page.evaluate(() => {
      for (const [key, seen] of Object.entries(localStorage)) {
        if (!key.startsWith("wattline.seen.")) continue;
        localStorage.setItem(key, JSON.stringify({ ...JSON.parse(seen), keys: [] }));
      }
    });
    await page.reload();
    // Once, though it is news: in the card of what waits.
    await page.getByText("2 forwards of 800 Wh are delivered and can be released").waitFor();
    await page.getByRole("button", { name: "Settle all" }).click();
    await entry("You delivered 300 Wh of 400 Wh to Hanna, for").waitFor();
    await page.getByRole("button", { name: "Settle all" }).waitFor({ state: "detached" });
    const settled = entry("You delivered 300 Wh of 400 Wh to Hanna, for");
    await settled.getByText("delivered: 300 Wh of 400 Wh").waitFor();
    await settled.getByText(/you received €0.05.*lost a bond of <€0.01/).waitFor();
    expect(wallet.transactions()).to.have.lengthOf(1);
  });

  it("marks what is new on every page, until one has looked", async () => {
    await page.goto(`${stack.url}/market`);
    await link().waitFor();
    const slot = stack.morning.firstSlot + 9;
    await stack.trading.accept(stack.community, hanna, offer, new Map([[slot, 70n]]));
    await link().getByText("1", { exact: false }).waitFor();
    await link().click();
    await page.getByText("New since you last looked").waitFor();
    const trade = entry("Sold 70 Wh to Hanna");
    await trade.getByText("New", { exact: true }).waitFor();
    await page.goto(`${stack.url}/market`);
    await link().waitFor();
    await until(async () => !/\d/.test((await link().textContent()) ?? ""));
    await page.goto(`${stack.url}/activity`);
    await trade.waitFor();
    expect(await page.getByText("New since you last looked").count()).to.equal(0);
  });

  it("hears of a trade although the node does not say what is in its block", async () => {
    const { rpcUrl } = stack.network;
    await page.route(rpcUrl, async (route) => {
      const { id, method, params } = route.request().postDataJSON();
      const isOfOneBlock = method === "eth_getLogs" && params[0].fromBlock === params[0].toBlock;
      const error = { code: -32_602, message: "block range extends beyond current head block" };
      await (isOfOneBlock
        ? route.fulfill({ json: { jsonrpc: "2.0", id, error } })
        : route.fallback());
    });
    await sell(13);
    await page.unroute(rpcUrl);
  });

  it("notifies by the browser only when one has allowed it, and stops when told to", async () => {
    const told = () => page.evaluate(() => Reflect.get(window, "told") as string[]);
    await sell(8);
    expect(await told()).to.deep.equal([]);
    await page.getByRole("button", { name: "Notify me" }).click();
    await page.getByRole("button", { name: "Stop notifying me" }).waitFor();
    await sell(10);
    await until(async () => (await told()).length > 0);
    expect(await told()).to.deep.equal(["Sold 100 Wh to Hanna for €0.02"]);
    await page.getByRole("button", { name: "Stop notifying me" }).click();
    await sell(11);
    expect(await told()).to.have.lengthOf(1);
  });

  it("opens Activity when a phone's notification is pressed", async () => {
    const phone = await openContext(browser, {
      permissions: ["notifications"],
      serviceWorkers: "allow",
    });
    await phone.context.addInitScript(refuseNotifications);
    await injectWallet(phone.context, stack.network, { account: jane.account });
    const held = await phone.context.newPage();
    const registered = phone.context.waitForEvent("serviceworker");
    await held.goto(`${stack.url}/activity`);
    await connectWallet(held);
    await held.getByRole("button", { name: "Notify me" }).click();
    const worker = await registered;
    await held.evaluate(async () => void (await navigator.serviceWorker.ready));
    // What was there before is no news.
    await held.getByText("Sold 70 Wh to Hanna").first().waitFor();
    await held.getByRole("link", { name: "Market" }).first().click();
    await held.waitForURL("**/market");
    const slot = stack.morning.firstSlot + 12;
    await stack.trading.accept(stack.community, hanna, offer, new Map([[slot, 120n]]));
    await until(() => held.evaluate(() => (Reflect.get(window, "told") as string[]).length > 0));
    await worker.evaluate(PRESS_NOTIFICATION);
    await held.waitForURL("**/activity");
    await held.getByText("Sold 120 Wh to Hanna").first().waitFor();
    await phone.context.close();
    phone.watch.assertNoFaults();
  });

  it("switches the home agent on with three sentences, hands them over, and switches it off at once", async () => {
    const { wattline, network } = stack;
    const delegate = localAccount(40).address;
    const link = new URLSearchParams({ delegate, home: "Jane", page: "http://127.0.0.1:9/" });
    const before = wallet.transactions().length;
    const allowance = async () => {
      const { amount } = await wattline.marketplace.allowanceOf(
        jane.address,
        network.currency.address,
        delegate,
      );
      return amount;
    };
    await page.goto(`${stack.url}/autopilot?${link}`);
    await page.getByLabel("Sell my surplus, per kWh not below").fill("0.12");
    await page.getByLabel("Cover my need, per kWh up to").fill("0.27");
    expect(await page.getByRole("button", { name: "Switch on" }).isDisabled()).to.equal(true);
    await page.getByLabel("Spend a day at most").fill("5");
    expect(await page.getByLabel("May spend in all at most").inputValue()).to.equal("150");
    await page.getByRole("button", { name: "Switch on" }).click();
    await page.getByRole("heading", { name: "It is on" }).waitFor();
    expect(await allowance()).to.equal(150_000_000_000n);
    await page.getByText("It has signed nothing yet today.").waitFor();
    const hand = page.getByRole("link", { name: "Hand them to my agent" });
    const limits = "limits?home=Jane&floor=0.12&ceiling=0.27&most_a_day=5";
    expect(await hand.getAttribute("href")).to.equal(`http://127.0.0.1:9/${limits}`);
    await takeScreenshots(page, "autopilot");
    expect(await violationsOf(page)).to.deep.equal([]);
    await page.getByRole("button", { name: "Switch off" }).click();
    await page.getByRole("heading", { name: "It is off" }).waitFor();
    expect(await allowance()).to.equal(0n);
    expect(wallet.transactions().length - before).to.equal(2);
    await page.goto(`${stack.url}/activity`);
  });

  it("shows one kind of entries alone, and fits a phone in German", async () => {
    await page.getByLabel("Shown").selectOption({ label: "Orders" });
    await entry("You signed an offer of").waitFor();
    expect(await timeline().getByText(/^Sold/).count()).to.equal(0);
    await page.getByLabel("Shown").selectOption({ label: "Everything" });
    await page.setViewportSize(VIEWPORTS.phone);
    await page.getByLabel("Language").selectOption("de");
    await page.getByRole("heading", { name: "Aktivität", level: 1 }).waitFor();
    await takeScreenshots(page, "activity-de");
    await page.setViewportSize(VIEWPORTS.phone);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(
      VIEWPORTS.phone.width,
    );
    expect(await violationsOf(page)).to.deep.equal([]);
    watch.assertNoFaults();
  });

  const sentences = async (): Promise<string[]> => {
    const texts = await timeline().locator("li p .font-semibold").allTextContents();
    return texts;
  };
});

/** The page's notifications, written down in place of being shown. */
function recordNotifications(): void {
  const told: string[] = [];
  Reflect.set(window, "told", told);
  const Recorded = class {
    static permission = "granted";
    static requestPermission = async () => "granted";
    constructor(_: string, { body }: { body: string }) {
      told.push(body);
    }
  };
  Reflect.set(window, "Notification", Recorded);
}

/** Phones let only a service worker show notifications; they are written down in place of being shown. */
function refuseNotifications(): void {
  // An empty page has no service workers.
  if (!window.isSecureContext) return;
  const told: string[] = [];
  Reflect.set(window, "told", told);
  const Refusing = class {
    static permission = "granted";
    static requestPermission = async () => "granted";
    constructor() {
      throw new TypeError("Illegal constructor. Use ServiceWorkerRegistration.showNotification().");
    }
  };
  Reflect.set(window, "Notification", Refusing);
  ServiceWorkerRegistration.prototype.showNotification = async (_, options) => {
    told.push(options?.body ?? "");
  };
}

/** In the service worker: somebody presses a notification. */
const PRESS_NOTIFICATION = `{
  const event = new ExtendableEvent("notificationclick");
  event.notification = { close() {} };
  dispatchEvent(event);
}`;
