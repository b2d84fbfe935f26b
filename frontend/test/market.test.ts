import { localAccount, report } from "@wattline/community/simulation";
import {
  ceilDiv,
  localTimeOf,
  MILLIS_PER_UNIT,
  packProfile,
  slotAt,
  slotEnd,
  slotStart,
  slotsIn,
  sumWh,
  unpackProfile,
} from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { encodeAbiParameters, pad, parseAbiParameters } from "viem";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots, VIEWPORTS } from "./support/browser.ts";
import { callsIn, type MarketCall } from "./support/calls.ts";
import { colourOf, paintedIn } from "./support/colours.ts";
import { TEST_MS } from "./support/limits.ts";
import { seedMarket } from "./support/market.ts";
import { openRelay } from "./support/relay.ts";
import { scrollThrough } from "./support/scroll.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";
import { connectWallet, injectWallet, type TestWallet } from "./support/wallet.ts";

/** A local account without a home: it has money in its wallet and none in escrow. */
const NEWCOMER = 30;
const FUNDS = 20_000_000n;
/** Blocks that a day of quarter hours lies in, at most. */
const DAY_BLOCKS = 13;
/** The time zone of the tests' browsers. */
const ZONE = "Europe/Berlin";

/** The guard bits of the lanes that a reading covers. */
const GUARD_BITS = BigInt(`0x${"80000000".repeat(8)}`);

interface Log {
  readonly topics: readonly string[];
  readonly data: string;
}

/** What the button that buys says; of energy to come it reserves. */
const BUY = /^(Buy|Reserve) .+ for/;

describe("The market", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let relay: Awaited<ReturnType<typeof openRelay>>;
  const contexts: BrowserContext[] = [];
  let market: Awaited<ReturnType<typeof seedMarket>>;

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    market = await seedMarket(stack);
    relay = await openRelay(stack.network);
    await relay.post([...market.spot, ...market.toCome, ...market.bids, ...market.far.offers]);
    stack.setConfig({ networks: [{ ...stack.network, relayUrl: relay.url }] });
  });

  after(async () => {
    await browser?.close();
    await relay?.close();
    await stack?.close();
  });

  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });

  async function open(account = localAccount(NEWCOMER).account) {
    const { context, watch } = await openContext(browser);
    contexts.push(context);
    const wallet = await injectWallet(context, stack.network, { account });
    const page = await context.newPage();
    await page.goto(`${stack.url}/market`);
    await connectWallet(page);
    await page.getByRole("button", { name: BUY }).waitFor();
    await scrollThrough(page);
    return { page, wallet, watch };
  }

  /** The operator islands the first microgrid, or closes it. */
  async function declare(what: "setIslanded" | "setClosed", holds: boolean): Promise<void> {
    const { wattline, chain } = stack;
    const operator = await chain.wallet(0);
    await wattline.send(operator.address, (o) =>
      wattline.microgrids.connect(operator.signer)[what](1, holds, o),
    );
  }

  /** Turns to energy of hours that are over. */
  const past = (page: Page) =>
    page.getByRole("button", { name: "Cover what you already used" }).click();
  const energyField = (page: Page) => page.getByLabel("Energy", { exact: true });

  it("buys the cheapest offers, one over the tie line, with a permit in one transaction", async () => {
    const { wattline, chain, network } = stack;
    const { address } = await chain.wallet(NEWCOMER);
    const operator = await chain.wallet(0);
    await wattline.send(operator.address, (o) =>
      wattline.euro.connect(operator.signer).mint(address, FUNDS, o),
    );
    const { page, wallet, watch } = await open();
    await past(page);
    await page.getByLabel("Which delivery slots").selectOption("Cheapest first");
    await energyField(page).fill("13");
    const button = page.getByRole("button", { name: /^Buy 13 kWh for €/ });
    await button.waitFor();
    await page.getByText("From 2 neighbours").waitFor();
    await takeScreenshots(page, "market-buy");
    await button.click();
    await page.getByText("You bought 13 kWh").waitFor();
    expect(await violationsOf(page, "main [role=status]")).to.deep.equal([]);
    await takeScreenshots(page, "market-bought");

    const [permit, ...others] = wallet.typedData();
    expect(others).to.deep.equal([]);
    const calls = callsOf(wallet);
    expect(calls.map(({ functionName }) => functionName)).to.deep.equal([
      "depositWithPermit",
      "accept",
      "accept",
    ]);
    const takes = calls.flatMap((call) => (call.functionName === "accept" ? [call.args[2]] : []));
    expect(permit?.primaryType).to.equal("Permit");
    expect(permit?.domain).to.deep.equal({
      name: "Test Euro",
      version: "1",
      chainId: network.deployment.chainId,
      verifyingContract: network.currency.address,
    });
    const { owner, spender, value, nonce, deadline } = permit?.message ?? {};
    expect([owner, spender]).to.deep.equal([address, network.deployment.marketplace]);
    const sent = takes.map(({ energy }) => sumWh(energy));
    const [near = 0n, far = 0n] = sent;
    const [nearPrice = 0n, farPrice = 0n] = calls.flatMap((call) =>
      call.functionName === "accept" ? [call.args[0].price] : [],
    );
    const cost = near * nearPrice + far * (farPrice + 2n * stack.CENT);
    expect([value, nonce].map(String)).to.deep.equal([String(ceilDiv(cost, MILLIS_PER_UNIT)), "0"]);
    expect(Number(deadline)).to.be.greaterThan(await chain.chainTime());
    // The whole deposit was needed, and the energy over the tie line lost three percent.
    const account = await wattline.marketplace.accountOf(wattline.addresses.euro, address);
    expect(account.balance < MILLIS_PER_UNIT).to.equal(true);
    expect(near + far > 13_000n).to.equal(true);
    const first = stack.series.firstSlot >> 3;
    const last = first + DAY_BLOCKS;
    const held = await wattline.energy.profileOf(address, 1, 0, first, last - first + 1);
    expect(sumWh(held)).to.equal(13_000n);
    watch.assertNoFaults();
  });

  it("traces retired energy that came over the tie line to the meters that made it", async () => {
    const { wattline, chain, network, series } = stack;
    const { signer, address } = await chain.wallet(NEWCOMER);
    const firstBlock = series.firstSlot >> 3;
    const blocks = DAY_BLOCKS;
    const held = await wattline.energy.profileOf(address, 1, 0, firstBlock, blocks);
    const { firstBlock: from, words } = packProfile(unpackProfile({ firstBlock, words: held }));
    const sent = await wattline.energy
      .connect(signer)
      .retire(1, 0, from, [...words], address, "Bakery, midsummer");
    const receipt = await sent.wait();
    const retired = receipt?.logs.find(
      (log) => wattline.energy.interface.parseLog(log)?.name === "Retired",
    );
    const certificate = `${stack.url}/certificate/${sent.hash}-${retired?.index}`;

    const { context, watch } = await openContext(browser);
    contexts.push(context);
    const page = await context.newPage();
    await page.goto(certificate);
    await page.getByRole("heading", { name: "Verified", exact: true }).waitFor();
    await page
      .getByText(new RegExp(`meters of ${series.name} and Millbrook reported .* followed back`))
      .waitFor();
    await page.getByText(`Solar, made in ${series.name} and Millbrook`).waitFor();
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "certificate-line");
    // Without a wallet and with two microgrids the header is widest; it must stay on one line.
    await page.setViewportSize(VIEWPORTS.phone);
    expect((await page.getByRole("banner").boundingBox())?.height).to.be.lessThan(70);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.equal(390);
    watch.assertNoFaults();

    // An endpoint that says that Millbrook's meters have reported nothing.
    const { interface: meters } = wattline.meters;
    const { topicHash } = meters.getEvent("Reported");
    const far = market.far.community.households.map(({ device }) => pad(device.address));
    const silenced = (log: Log): Log => {
      const [topic, meter] = log.topics;
      if (topic !== topicHash || !far.some((one) => one.toLowerCase() === meter)) return log;
      const [firstBlock, exported] = meters
        .decodeEventLog("Reported", log.data, log.topics)
        .slice(1);
      const nothing = exported.map((word: bigint) => word & GUARD_BITS);
      const types = parseAbiParameters("uint32, uint256[]");
      return { ...log, data: encodeAbiParameters(types, [Number(firstBlock), nothing]) };
    };
    await context.route(`${network.rpcUrl}/**`, async (route) => {
      const response = await route.fetch();
      const retold = (answer: { result?: unknown }) =>
        Array.isArray(answer.result) && answer.result[0]?.topics
          ? { ...answer, result: answer.result.map(silenced) }
          : answer;
      const json = await response.json();
      await route.fulfill({
        response,
        json: Array.isArray(json) ? json.map(retold) : retold(json),
      });
    });
    await page.reload();
    await page.getByText("Something is wrong with this certificate").waitFor();
    await page.getByText(/More is retired of these slots, or sent on,/).waitFor();
    await context.unrouteAll({ behavior: "ignoreErrors" });
  });

  it("spreads a need as one's own meter has counted, by the agent's export, until that is forgotten", async () => {
    const { page, watch } = await open(market.neighbour.account);
    const { firstSlot, slotSeconds } = stack.series;
    const ways = page.getByLabel("Which delivery slots");
    const chosen = ways.locator("option:checked");
    const file = page.locator(`input[type=file][aria-label="Your home agent's export"]`);
    const give = (json: object) =>
      file.setInputFiles({
        name: "export.json",
        mimeType: "application/json",
        buffer: Buffer.from(JSON.stringify(json)),
      });
    await past(page);
    await energyField(page).fill("0.3");
    await ways.selectOption("As I use it");
    await give({ readings: [] });
    await page.getByText("This is no home agent's export").waitFor();
    expect(await violationsOf(page, "main")).to.deep.equal([]);
    await takeScreenshots(page, "market-own-use");

    // For two weeks this home has drawn energy between eleven and noon only.
    const slots = slotsIn({ firstSlot: firstSlot - 14 * 96, lastSlot: firstSlot - 1 });
    await give({
      slotSeconds,
      slots: slots.map((slot) => {
        const isDrawing = localTimeOf(slotStart(slot, slotSeconds), ZONE).startsWith("11:");
        return { slot, importWh: isDrawing ? "100" : "0", quality: "measured" };
      }),
    });
    const curve = page.getByText(/^4 delivery slots from 11:00 to 12:00/);
    await curve.waitFor();
    expect(await page.getByText("This is no home agent's export").count()).to.equal(0);
    await takeScreenshots(page, "market-own-use-known");

    // It is known from now on, and then comes first.
    await page.goto(`${stack.url}/market`);
    await past(page);
    await energyField(page).fill("0.3");
    await curve.waitFor();
    expect(await ways.locator("option").allTextContents()).to.deep.equal([
      "As I use it",
      "As a household uses it",
      "Cheapest first",
    ]);
    await page.getByRole("button", { name: "Forget it" }).click();
    await curve.waitFor({ state: "detached" });
    expect(await chosen.textContent()).to.equal("As a household uses it");
    watch.assertNoFaults();
  });

  it("locks the money for energy to come, and says so", async () => {
    const { neighbour } = market;
    const { wattline } = stack;
    const before = await wattline.marketplace.accountOf(wattline.addresses.euro, neighbour.address);
    const { page, wallet, watch } = await open(neighbour.account);
    await page.getByRole("button", { name: "Still to come" }).click();
    await page.getByLabel("Which delivery slots").selectOption("Cheapest first");
    await energyField(page).fill("1,5");
    await page.getByText(/If the sun stays away, what is missing is refunded/).waitFor();
    await page.getByRole("button", { name: "Reserve 1.5 kWh for €0.24" }).click();
    await page.getByText("You reserved 1.5 kWh").waitFor();
    await page.getByText(/locked for energy to come/).waitFor();
    expect(wallet.typedData()).to.deep.equal([]);
    expect(callsOf(wallet).map(({ functionName }) => functionName)).to.deep.equal(["reserve"]);
    const after = await wattline.marketplace.accountOf(wattline.addresses.euro, neighbour.address);
    expect(before.balance - after.balance).to.equal(240_000_000n);
    watch.assertNoFaults();
  });

  it("accepts that the wallet declines", async () => {
    const { page, wallet } = await open(market.neighbour.account);
    wallet.decline(true);
    await page.getByRole("button", { name: BUY }).click();
    await page.getByText("You declined it in your wallet. Nothing was sent.").waitFor();
    await page.getByRole("button", { name: BUY }).waitFor();
  });

  it("shows an offer's distance and its seller's record, and keeps filters in the URL", async () => {
    const { page, watch } = await open();
    const table = page.getByRole("region", { name: "Offers", exact: true });
    await table.getByText("Millbrook, 3% loss").filter({ visible: true }).first().waitFor();
    await table.getByText("75% of 400 Wh").filter({ visible: true }).waitFor();
    await table.getByText("New seller").filter({ visible: true }).waitFor();
    await page.getByRole("combobox", { name: "Kind" }).selectOption({ label: "To come" });
    await page.waitForURL(/kind=promised/);
    const prices = table.getByText(/^€0\.1\d\/kWh$/);
    // Rows that go away move the header, which would be missed by a press that has begun.
    await prices.nth(2).waitFor({ state: "detached" });
    await table.getByRole("button", { name: /Price/ }).click();
    await page.waitForURL(/desc=true/);
    await page.reload();
    await scrollThrough(page);
    await prices.nth(1).waitFor();
    expect(await prices.allTextContents()).to.deep.equal(["€0.18/kWh", "€0.16/kWh"]);
    watch.assertNoFaults();
  });

  it("moves through the day by keyboard and announces each slot", async () => {
    const { page, watch } = await open();
    const strip = page.getByRole("slider", { name: "Delivery slot" });
    await strip.focus();
    const before = await strip.getAttribute("aria-valuetext");
    await page.keyboard.press("ArrowLeft");
    await page.waitForURL(/slot=\d+/);
    expect(await strip.getAttribute("aria-valuetext")).not.to.equal(before);
    await page.getByText(/At the community price of .+ is offered and .+ wanted/).waitFor();
    watch.assertNoFaults();
  });

  it("lets the user choose any window of the day, by keyboard too", async () => {
    const { page, watch } = await open();
    const [from, to] = ["From", "To"].map((name) =>
      page.getByRole("combobox", { name, exact: true }),
    );
    if (from === undefined || to === undefined) throw new Error("There are no times to choose.");
    await past(page);
    await page.waitForURL(/first=\d+/);
    const { slotSeconds } = stack.series;
    const now = await stack.chain.chainTime();
    await from.locator("option").nth(1).waitFor({ state: "attached" });
    await from.selectOption("11:00");
    expect(await from.locator("option:checked").textContent()).to.equal("11:00");
    const ends = await to.locator("option").allTextContents();
    expect(ends[0]).to.equal("11:15");
    expect(ends.at(-1)).to.equal(localTimeOf(slotEnd(slotAt(now, slotSeconds), slotSeconds), ZONE));
    const before = ends.at(-2) ?? "";
    await to.focus();
    await page.keyboard.press("ArrowUp");
    await to.locator("option:checked", { hasText: before }).waitFor({ state: "attached" });
    await page.reload();
    await page.getByRole("button", { name: BUY }).waitFor();
    await to.locator("option:checked", { hasText: before }).waitFor({ state: "attached" });
    expect(await from.locator("option:checked").textContent()).to.equal("11:00");
    watch.assertNoFaults();
  });

  it("shows another household's new offer as soon as the relay streams it", async () => {
    const { page } = await open();
    const { community, trading, morning, CENT } = stack;
    const offer = await trading.sign(community, market.jane, "offer", {
      ...morning,
      pricePerKwh: 9n * CENT,
    });
    await relay.post([offer]);
    await page
      .getByRole("region", { name: "Offers", exact: true })
      .getByText("€0.09/kWh")
      .waitFor();
  });

  it("follows the rules of islanded slots and of a closed microgrid, and explains them", async () => {
    const { page, watch } = await open(market.neighbour.account);
    const { chain, wattline, community, trading, series, CENT } = stack;
    const { slotSeconds } = series;
    // After the slots of which a test before has reserved energy: what is promised there is not for sale.
    const first = slotAt(await chain.chainTime(), slotSeconds) + 4;
    await chain.passTo(slotStart(first, slotSeconds));
    const islanded = Array.from({ length: 4 }, (_, index) => first + index);
    const clock = (slot: number) => localTimeOf(slotStart(slot, slotSeconds), ZONE);
    const grid = page.getByText(/The grid pays €/);
    await grid.waitFor();
    await declare("setIslanded", true);
    try {
      await page.getByText(/is islanded: disconnected from the grid/).waitFor();
      await page.getByText(/^The community price is now/).waitFor();
      expect(await grid.count()).to.equal(0);
      await page.goto(stack.url);
      await page.getByText("islanded: there is no grid to buy from").waitFor();
      expect(await page.getByText("the grid charges").count()).to.equal(0);
      await chain.passTo(slotStart(first + 4, slotSeconds));
      await report(wattline, market.jane, new Map(islanded.map((slot) => [slot, 600n])));
      await relay.post([
        await trading.sign(community, market.jane, "offer", {
          firstSlot: first,
          lastSlot: first + 3,
          pricePerKwh: 12n * CENT,
        }),
      ]);
      await page.goto(`${stack.url}/market`);
      await past(page);
      await page.getByRole("combobox", { name: "From", exact: true }).selectOption(clock(first));
      await page.getByRole("combobox", { name: "To", exact: true }).selectOption(clock(first + 4));
      await energyField(page).fill("100");
      // 250 Wh in each of four slots.
      await page.getByRole("button", { name: /^Buy 1 kWh for €/ }).click();
      await page.getByText("You bought 1 kWh").waitFor();
      await declare("setClosed", true);
      try {
        await page.getByText(/is closed for new trades/).waitFor();
      } finally {
        await declare("setClosed", false);
      }
    } finally {
      await declare("setIslanded", false);
    }
    watch.assertNoFaults();
  });

  it("explains why a purchase is refused when the seller cancels while the wallet asks", async () => {
    const { wattline, chain } = stack;
    const buyer = await chain.wallet(NEWCOMER + 1);
    const operator = await chain.wallet(0);
    await wattline.send(operator.address, (o) =>
      wattline.euro.connect(operator.signer).mint(buyer.address, FUNDS, o),
    );
    const { community, trading, morning, CENT } = stack;
    const cheapest = await trading.sign(community, market.jane, "offer", {
      ...morning,
      pricePerKwh: 5n * CENT,
    });
    await relay.post([cheapest]);
    const { page, wallet } = await open(buyer.account);
    await past(page);
    await energyField(page).fill("0.1");
    const { asked, decide } = wallet.hesitate();
    await page.getByRole("button", { name: "Buy 100 Wh for <€0.01" }).click();
    await asked;
    await wattline.send(market.jane.address, (o) =>
      wattline.marketplace.connect(market.jane.signer).cancel([cheapest.order.nonce], o),
    );
    decide();
    await page.getByText(/This order was cancelled by who made it/).waitFor();
    expect(wallet.transactions()).to.deep.equal([]);
    expect(await wattline.euro.balanceOf(buyer.address)).to.equal(FUNDS);
  });

  it("has no WCAG 2.2 AA violation in either theme, and no sideways scrolling on a phone", async () => {
    const { page, watch } = await open(market.neighbour.account);
    await page.getByRole("region", { name: "Offers", exact: true }).waitFor();
    expect(await violationsOf(page)).to.deep.equal([]);
    // Yellow is energy that is offered, and no price; red is a fault, and there is none.
    const main = page.getByRole("main");
    const strip = main.getByRole("slider", { name: "Delivery slot" });
    expect(await paintedIn(strip, "sun")).to.deep.equal([]);
    expect(await paintedIn(main, "danger")).to.deep.equal([]);
    const chart = main.locator("section", {
      has: page.getByRole("heading", { name: "Merit order of the slot" }),
    });
    for (const [label, token] of [
      ["Offers", "sun"],
      ["Bids", "sky"],
      ["Community price", "leaf"],
    ] as const) {
      const series = chart.locator(".u-series").filter({ hasText: label });
      const wanted = await colourOf(main, token);
      // A chart is drawn anew in a task of its own when the theme changes.
      await until(async () => {
        const painted = await series
          .locator(".u-marker")
          .evaluate((marker) => getComputedStyle(marker).borderTopColor);
        return painted === wanted;
      });
    }
    await takeScreenshots(page, "market");
    await page.setViewportSize(VIEWPORTS.phone);
    // What one came for is on the first screen.
    await page.evaluate(() => window.scrollTo(0, 0));
    const buy = await page.getByRole("button", { name: BUY }).boundingBox();
    expect((buy?.y ?? Number.POSITIVE_INFINITY) + (buy?.height ?? 0)).to.be.at.most(
      VIEWPORTS.phone.height,
    );
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.equal(390);
    watch.assertNoFaults();
  });

  it("says what counts while the relay is offline", async () => {
    const { timestamp } = (await stack.chain.ethers.provider.getBlock("latest")) ?? {};
    const offline = await openRelay(stack.network, {
      offlineAfterSeconds: 600,
      now: () => Number(timestamp) + 601,
    });
    try {
      stack.setConfig({ networks: [{ ...stack.network, relayUrl: offline.url }] });
      const { context, watch } = await openContext(browser);
      contexts.push(context);
      const page = await context.newPage();
      await page.goto(`${stack.url}/market`);
      await page.getByText("No blocks come from the chain.").waitFor();
      expect(await violationsOf(page)).to.deep.equal([]);
      watch.assertNoFaults();
    } finally {
      stack.setConfig({ networks: [{ ...stack.network, relayUrl: relay.url }] });
      await offline.close();
    }
  });

  it("goes on with orders announced on chain when the relay stops", async () => {
    const { wattline, chain } = stack;
    const board = await chain.ethers.getContractAt("Board", wattline.addresses.board);
    await board.pin(
      market.spot.map(({ order }) => order),
      market.spot.map(({ signature }) => signature),
    );
    const { page } = await open();
    await relay.close();
    await page.reload();
    await page.getByText("The order book does not answer.").waitFor();
    await page.getByText("Announced on chain", { exact: true }).waitFor();
    await page.getByRole("button", { name: BUY }).waitFor();
  });
});

/** The calls to the marketplace of the one transaction that a wallet was asked to send. */
function callsOf(wallet: TestWallet): MarketCall[] {
  const [transaction, ...others] = wallet.transactions();
  if (transaction === undefined) throw new Error("The wallet was asked for no transaction.");
  expect(others).to.deep.equal([]);
  return callsIn(transaction.data);
}
