import {
  fund,
  localAccount,
  readOptions,
  report,
  settleCommunity,
  tieLineFor,
} from "@wattline/community/simulation";
import {
  isDeclaredIn,
  isIslandedIn,
  levelFor,
  localDayOf,
  localTimeOf,
  metersDomain,
  NOTICE_SECONDS,
  REGISTRATION_TYPES,
  rationWhIn,
  slotAt,
  slotStart,
  slotsIn,
  sourceIndex,
} from "@wattline/sdk";
import { expect } from "chai";
import { isError } from "ethers";
import type { Browser, Page } from "playwright-core";
import { getAddress, toFunctionSelector } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { scrollThrough } from "./support/scroll.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";
import { connectWallet, injectWallet } from "./support/wallet.ts";

const OPERATOR = 0;
const PANEL = "[role=tabpanel][data-state=active]";
const SECONDS_PER_DAY = 86_400;
/** The time zone of the tests' browsers. */
const ZONE = "Europe/Berlin";
/** How the error begins, within the one of the call. */
const ISLANDED = toFunctionSelector("Deals_Islanded()").slice(2);
/** Accounts of the second community: its operator, its DSO, its households. */
const SECOND_FIRST_ACCOUNT = 10;

describe("The microgrid page", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let nextDoor: Awaited<ReturnType<typeof settleSecondMicrogrid>>;

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    nextDoor = await settleSecondMicrogrid(stack);
  });

  after(async () => {
    await browser?.close();
    await stack?.close();
  });

  async function openAs(account: number, search = "?microgrid=1") {
    const { context, watch } = await openContext(browser);
    const wallet = await injectWallet(context, stack.network, {
      account: localAccount(account).account,
    });
    const page = await context.newPage();
    await page.goto(`${stack.url}/microgrid${search}`);
    await connectWallet(page);
    await page.getByRole("button", { name: "Found a microgrid" }).waitFor();
    return { page, context, wallet, watch };
  }

  const field = (page: Page, name: string) => page.getByLabel(name, { exact: true });
  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
  const openTab = (page: Page, name: string) =>
    page.getByRole("tab", { name, exact: true }).click();

  /** The first microgrid, by the chain's events. */
  const facts = async () => (await stack.wattline.facts()).known(1);
  /** The first microgrid's delivery slot at the chain's time. */
  const currentSlot = async () => slotAt(await stack.chain.chainTime(), stack.series.slotSeconds);
  const passTo = (slot: number) => stack.chain.passTo(slotStart(slot, stack.series.slotSeconds));

  it("shows members, the day and the tie line, without a wallet", async () => {
    const { context, watch } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(`${stack.url}/microgrid?microgrid=1`);
    await page.getByRole("heading", { name: "Connected" }).waitFor();
    await scrollThrough(page);
    await page
      .getByRole("img", { name: /^Picture of \d+ homes in 2 microgrids with 1 tie lines/ })
      .waitFor();
    await page.getByText("3%", { exact: true }).waitFor();
    const members = page.getByRole("region", { name: "Members" });
    await members.getByText("Critical load").waitFor();
    expect(
      await members
        .getByRole("listitem")
        .filter({ hasText: /0x|You/ })
        .count(),
    ).to.be.at.least(stack.community.households.length);
    // 300 Wh here; the energy over the tie line arrived elsewhere.
    for (const text of [
      /Exported today\d/,
      /Traded today300 Wh/,
      /Last 24 hours out \/ in200 Wh \/ 0 Wh/,
    ]) {
      await page.getByRole("main").filter({ hasText: text }).waitFor();
    }
    expect(await violationsOf(page)).to.deep.equal([]);
    await page.getByText("exported so far").first().waitFor();
    await takeScreenshots(page, "microgrid-connected");
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.equal(390);
    await page.getByRole("img", { name: /^Picture of/ }).scrollIntoViewIfNeeded();
    await takeScreenshots(page, "microgrid-lines");
    watch.assertNoFaults();
    await context.close();
  });

  it("does not call a part of what is exported what came over a tie line", async () => {
    const { context, watch } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(`${stack.url}/microgrid?microgrid=2`);
    // The meters there report the slots after that of their registration.
    const slot = (await currentSlot()) + 1;
    await passTo(slot + 1);
    await nextDoor.sell(slot);
    await nextDoor.buy(slot);
    await nextDoor.reportNothing(slot);
    // Of 10 Wh from the other side the line loses 3 %, rounded up.
    for (const text of [
      /Exported in the newest slot0 W0 Wh, /,
      /Traded in the newest slot36 Wbought here, also over tie lines/,
    ]) {
      await page.getByRole("main").filter({ hasText: text }).waitFor();
    }
    watch.assertNoFaults();
    await context.close();
  });

  it("islands the microgrid from the current slot on, until its operator says that the grid is back", async () => {
    const { page, context, wallet, watch } = await openAs(OPERATOR);
    const first = await currentSlot();
    await button(page, "Declare it islanded").click();
    await page.getByRole("heading", { name: "Islanded" }).waitFor();
    await page.getByText(/Nothing crosses a tie line until it is connected again/).waitFor();
    await page.getByText("Carries nothing now").waitFor();
    expect(wallet.requests.map(({ method }) => method)).to.include("eth_sendTransaction");
    expect(isIslandedIn(await facts(), first)).to.equal(true);
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "microgrid-islanded");

    // Only energy of islanded slots does not cross the line.
    await passTo(first + 1);
    await nextDoor.sell(first);
    const refused = await nextDoor.buy(first).then(() => "", reasonOf);
    expect(refused).to.contain(ISLANDED);
    await nextDoor.buy(stack.morning.lastSlot);

    const last = await currentSlot();
    await button(page, "Reconnected").click();
    await button(page, "Declare it islanded").waitFor();
    await page.getByRole("heading", { name: "Islanded" }).waitFor();
    await passTo(last + 1);
    await page.getByRole("heading", { name: "Connected" }).waitFor();
    const after = await facts();
    expect([last, last + 1].map((slot) => isIslandedIn(after, slot))).to.deep.equal([true, false]);
    watch.assertNoFaults();
    await context.close();
  });

  /** Why a transaction has failed, as a call of the same says it. */
  async function reasonOf(error: unknown): Promise<string> {
    const { provider } = stack.chain.ethers;
    const hash = isError(error, "CALL_EXCEPTION") ? error.receipt?.hash : undefined;
    const sent = hash === undefined ? null : await provider.getTransaction(hash);
    if (sent === null) return String(error);
    const { from, to, data } = sent;
    return provider.call({ from, to, data }).catch(String);
  }

  it("declares past slots islanded, and sets the ration from the next slot on", async () => {
    const { page, context, watch } = await openAs(OPERATOR);
    const now = await currentSlot();
    await field(page, "First slot").selectOption(`${now - 9}`);
    await field(page, "Last slot").selectOption(`${now - 8}`);
    await button(page, "Declare these slots islanded").click();
    await until(async () => (await facts()).declared.length === 1);
    const declared = await facts();
    const slots = [now - 10, now - 9, now - 8, now - 7];
    expect(slots.map((slot) => isDeclaredIn(declared, slot))).to.deep.equal([
      false,
      true,
      true,
      false,
    ]);
    // Trades that were made stand.
    expect(slots.some((slot) => isIslandedIn(declared, slot))).to.equal(false);

    await page.getByText(/^Now 250 Wh/).waitFor();
    await field(page, "Island ration per slot").fill("0.4");
    await button(page, "Set the ration").click();
    await until(async () => (await facts()).rations.length === 2);
    const slot = await currentSlot();
    const changed = await facts();
    expect([slot, slot + 1].map((each) => rationWhIn(changed, each))).to.deep.equal([250n, 400n]);
    await passTo(slot + 1);
    await page.getByText(/^Now 400 Wh/).waitFor();
    watch.assertNoFaults();
    await context.close();
  });

  it("closes the microgrid for slots that start later, and opens it again", async () => {
    const { page, context, watch } = await openAs(OPERATOR);
    await button(page, "Close it").click();
    await page.getByText("The microgrid is closed. Opened again, all slots trade.").waitFor();
    await page.getByRole("heading", { name: "Connected" }).waitFor();
    await passTo((await currentSlot()) + 1);
    await page.getByRole("heading", { name: "Closed" }).waitFor();
    await button(page, "Open it").click();
    await page.getByRole("heading", { name: "Connected" }).waitFor();
    expect((await facts()).closedFrom).to.equal(undefined);
    watch.assertNoFaults();
    await context.close();
  });

  it("announces prices by the hour, and explains a refusal before anything is sent", async () => {
    const { page, context, wallet, watch } = await openAs(OPERATOR);
    const before = await facts();
    await openTab(page, "Prices");
    await field(page, "Feed-in tariff").fill("9");
    await button(page, "Announce the prices").click();
    await page
      .getByRole("main")
      .getByText(/the feed-in tariff at most the retail tariff/)
      .waitFor();
    expect(wallet.requests.map(({ method }) => method)).not.to.include("eth_sendTransaction");
    await field(page, "Feed-in tariff").fill("0.07");
    await button(page, "Other prices at certain hours").click();
    const evening = page.getByRole("group", { name: "At certain hours" });
    await evening.getByLabel("From hour", { exact: true }).selectOption("18:00");
    await evening.getByLabel("To hour", { exact: true }).selectOption("22:00");
    await evening.getByLabel("Community price", { exact: true }).fill("0.31");
    await evening.getByLabel("Network fee", { exact: true }).fill("0.015");
    await takeScreenshots(page, "microgrid-prices");
    await button(page, "Announce the prices").click();
    await page.getByRole("heading", { name: /^Announced from / }).waitFor();
    await page.getByRole("cell", { name: "18–22", exact: true }).waitFor();
    await page.getByRole("cell", { name: "€0.31/kWh", exact: true }).waitFor();
    expect(await violationsOf(page)).to.deep.equal([]);

    const after = await facts();
    expect(after.schedules.length).to.equal(2);
    const [now, { slotSeconds }] = [await currentSlot(), stack.series];
    const from = after.schedules[1]?.firstSlot ?? 0;
    expect(slotStart(from, slotSeconds) - (await stack.chain.chainTime())).to.be.within(
      NOTICE_SECONDS,
      NOTICE_SECONDS + 3_600,
    );
    // What held keeps holding until then.
    expect(levelFor(after, now)).to.deep.equal(levelFor(before, now));
    expect(levelFor(after, from - 1)).to.deep.equal(levelFor(before, now));
    const { utcOffsetMinutes } = after;
    const nextDay = Math.ceil(slotStart(from, slotSeconds) / SECONDS_PER_DAY) * SECONDS_PER_DAY;
    const [five, six] = [17.75, 18].map((hour) =>
      levelFor(after, slotAt(nextDay + hour * 3_600 - utcOffsetMinutes * 60, slotSeconds)),
    );
    expect(five?.feePerKwh).to.equal(levelFor(before, now).feePerKwh);
    expect([five, six].map((level) => level?.feedInPerKwh)).to.deep.equal([
      7n * stack.CENT,
      7n * stack.CENT,
    ]);
    expect([six?.pricePerKwh, six?.feePerKwh]).to.deep.equal([310_000n, 15_000n]);

    // A bid for such an evening begins with its price, and not with what holds now.
    await page.goto(`${stack.url}/market?do=bid`);
    const bid = page.getByRole("dialog");
    const evening18 = nextDay + 18 * 3_600 - utcOffsetMinutes * 60;
    const at = (seconds: number) => `${localDayOf(seconds, ZONE)}T${localTimeOf(seconds, ZONE)}`;
    await bid.getByLabel("From", { exact: true }).fill(at(evening18));
    await bid.getByLabel("Until", { exact: true }).fill(at(evening18 + 7_200));
    await bid.getByText("The community price is €0.31/kWh.").waitFor();
    expect(await bid.getByLabel("Limit", { exact: true }).inputValue()).to.equal("0.31");
    watch.assertNoFaults();
    await context.close();
  });

  it("registers a meter with the consent of a demo device, and retires it", async () => {
    const { page, context, wallet, watch } = await openAs(OPERATOR);
    await openTab(page, "Register a meter");
    const owner = localAccount(3).address;
    await field(page, "Household's account").fill(owner);
    await field(page, "Source of what it exports").selectOption("Wind");
    await field(page, "Most it can export").fill("4.2");
    await button(page, "Create a demo device").click();
    await page.getByText(/The demo device's key/).waitFor();
    const device = await field(page, "Address of the device").inputValue();

    // The device has consented to this source and this capacity only.
    await field(page, "Most it can export").fill("9.9");
    await button(page, "Register the meter").click();
    await page
      .getByRole("main")
      .getByText(/has not signed this/)
      .waitFor();
    expect(wallet.requests.map(({ method }) => method)).not.to.include("eth_sendTransaction");

    await field(page, "Most it can export").fill("4.2");
    await button(page, "Register the meter").click();
    const line = page.getByRole("listitem").filter({ hasText: "Wind, 4.2 kW" }).last();
    await line.waitFor();
    const meter = await stack.wattline.meters.meterOf(device);
    expect([meter.owner, meter.source, meter.capacityW, meter.active]).to.deep.equal([
      owner,
      BigInt(sourceIndex("Wind")),
      4_200n,
      true,
    ]);

    await line.getByRole("button", { name: "Retire" }).click();
    await button(page, "Retire it for good").click();
    await line.getByText("Retired").waitFor();
    expect((await stack.wattline.meters.meterOf(device)).active).to.equal(false);
    watch.assertNoFaults();
    await context.close();
  });

  it("fills in everything that the consent of an agent's link names", async () => {
    const { deployment } = stack.network;
    const device = privateKeyToAccount(generatePrivateKey());
    const owner = localAccount(3).address;
    const consent = await device.signTypedData({
      domain: metersDomain(deployment.chainId, deployment.meters),
      types: REGISTRATION_TYPES,
      primaryType: "Registration",
      message: {
        microgrid: 1,
        owner: getAddress(owner),
        meter: device.address,
        source: sourceIndex("Storage"),
        capacityW: 5_500,
      },
    });
    const brought = new URLSearchParams({
      owner,
      device: device.address,
      source: "Storage",
      capacity: "5500",
      consent,
    });
    const { page, context, watch } = await openAs(OPERATOR, `?microgrid=1&${brought}`);
    await button(page, "Register the meter").click();
    await page.getByRole("listitem").filter({ hasText: "5.5 kW" }).last().waitFor();
    const meter = await stack.wattline.meters.meterOf(device.address);
    expect([meter.owner, meter.source]).to.deep.equal([owner, BigInt(sourceIndex("Storage"))]);
    watch.assertNoFaults();
    await context.close();
  });

  it("changes a tie line when both operators agree, after the notice period", async () => {
    const mine = await openAs(OPERATOR);
    await openTab(mine.page, "Tie lines");
    await field(mine.page, "Lost on the way").fill("5");
    await field(mine.page, "Wheeling charge outwards").fill("0.01");
    await field(mine.page, "Wheeling charge inwards").fill("0.03");
    await mine.page.getByText(/a change after 7 days' notice/).waitFor();
    await button(mine.page, "Propose it").click();
    await mine.page.getByText("You have proposed a tie line to Riverside:").waitFor();
    await mine.context.close();

    // The other operator sees that it waits, wherever on the page, and which way leads there.
    const theirs = await openAs(SECOND_FIRST_ACCOUNT, "?microgrid=2");
    await theirs.page.getByText("A neighbour's proposal of a tie line waits for you.").waitFor();
    await theirs.page.getByRole("tab", { name: "Tie lines 1 proposal" }).waitFor();
    await theirs.page.getByRole("link", { name: "Look at it" }).click();
    await button(theirs.page, "Agree").click();
    await theirs.page.getByText(/on: loses 5%/).waitFor();
    // Until then the old terms hold.
    expect((await stack.wattline.microgrids.crossingOf(1, 2)).lossBps).to.equal(300n);
    theirs.watch.assertNoFaults();
    await theirs.context.close();
  });

  it("lets either operator end a tie line alone, once, after the notice period", async () => {
    const { page, context, watch } = await openAs(SECOND_FIRST_ACCOUNT, "?microgrid=2");
    await openTab(page, "Tie lines");
    await button(page, "End the line").click();
    await page.getByText(/^It ends on /).waitFor();
    await button(page, "End the line").waitFor({ state: "detached" });
    expect((await stack.wattline.microgrids.crossingOf(1, 2)).capacity > 0n).to.equal(true);
    const line = (await stack.wattline.facts()).lineBetween(1, 2);
    expect(line?.next?.capacityWh).to.equal(0n);
    watch.assertNoFaults();
    await context.close();
  });

  it("lets anyone found a microgrid", async () => {
    const { page, context, watch } = await openAs(4);
    await page.getByRole("button", { name: "Found a microgrid" }).click();
    const sheet = page.getByRole("dialog", { name: "Found a microgrid" });
    const values = {
      Name: "Hillside",
      Latitude: "48.1",
      Longitude: "11.6",
      "Feed-in tariff": "0.08",
      "Retail tariff": "0.34",
      "Network fee": "0.02",
      "Island price cap": "0.50",
      "Island ration per slot": "0.5",
      "Reporting deadline": "48",
    };
    for (const [name, value] of Object.entries(values)) {
      await sheet.getByLabel(name, { exact: true }).fill(value);
    }
    await sheet.getByLabel("The community's clock").selectOption("UTC+01:00");
    // Neighbours pay less while the sun shines; all else stays as it is all day.
    await button(page, "Other prices at certain hours").click();
    const midday = sheet.getByRole("group", { name: "At certain hours" });
    await midday.getByLabel("From hour", { exact: true }).selectOption("11:00");
    await midday.getByLabel("To hour", { exact: true }).selectOption("15:00");
    await midday.getByLabel("Community price", { exact: true }).fill("0.12");
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "microgrid-found");
    await sheet.getByRole("button", { name: "Found the microgrid" }).click();
    await sheet.waitFor({ state: "detached" });
    // The new one is shown, with what there is to do next, and not as if all were well there.
    await page.getByRole("heading", { level: 1, name: "Hillside" }).waitFor();
    await page.getByText("What comes next").waitFor();
    await page.getByText(/^Nobody is metered here yet/).waitFor();
    await page.getByRole("link", { name: "Do it" }).first().click();
    await page.getByRole("tab", { name: "Register a meter", selected: true }).waitFor();
    await page.getByRole("option", { name: "Hillside" }).waitFor({ state: "attached" });
    const founded = (await stack.wattline.facts()).known(3);
    expect(founded).to.deep.include({
      operator: localAccount(4).address,
      dso: localAccount(4).address,
      latitudeTenths: 481,
      reportingDeadlineSeconds: 48 * 3_600,
      utcOffsetMinutes: 60,
    });
    const { slotSeconds } = founded;
    const [early, noon] = [4, 12].map((hour) =>
      levelFor(founded, slotAt(20_000 * SECONDS_PER_DAY + (hour - 1) * 3_600, slotSeconds)),
    );
    // An empty community price is the middle of the two tariffs.
    expect(early).to.deep.include({ pricePerKwh: 210_000n, feePerKwh: 20_000n });
    expect(noon).to.deep.include({ pricePerKwh: 120_000n, feePerKwh: 20_000n });
    watch.assertNoFaults();
    await context.close();
  });

  it("has no WCAG 2.2 AA violation in any form of the operator, in either theme", async () => {
    const { page, context, watch } = await openAs(OPERATOR);
    const tabs = page.getByRole("tablist", { name: "Operator's tasks" }).getByRole("tab");
    await tabs.first().waitFor();
    for (const tab of await tabs.all()) {
      await tab.click();
      expect(await violationsOf(page, PANEL), (await tab.textContent()) ?? "").to.deep.equal([]);
    }
    await takeScreenshots(page, "microgrid-operator");
    await page.getByRole("button", { name: "Found a microgrid" }).click();
    await page.getByRole("dialog").getByRole("textbox").first().waitFor();
    expect(await violationsOf(page)).to.deep.equal([]);
    watch.assertNoFaults();
    await context.close();
  });

  it("hands over the operator's role in two steps", async () => {
    const successor = 9;
    const first = await openAs(OPERATOR);
    await first.page.getByRole("tab", { name: "DSO and hand-over" }).click();
    await field(first.page, "Successor").fill(localAccount(successor).address);
    await first.page.getByRole("button", { name: "Offer the role" }).click();
    await first.page.getByText(/You stay the operator until it is accepted/).waitFor();
    await first.context.close();

    const next = await openAs(successor);
    await next.page.getByRole("button", { name: "Accept the role" }).click();
    await next.page.getByRole("heading", { name: "You are the operator" }).waitFor();
    expect(await stack.wattline.microgrids.operatorOf(1)).to.equal(localAccount(successor).address);
    next.watch.assertNoFaults();
    await next.context.close();
  });
});

/** A second community with a tie line to the first, and a purchase from there. */
async function settleSecondMicrogrid({
  wattline,
  community,
  trading,
  series,
  morning,
  CENT,
}: Stack) {
  const options = await readOptions(["--seed", "7", "--days", "1"]);
  if (options === "help") throw new Error("The options of the stack ask for help.");
  const homes = { ...series, name: "Riverside", households: series.households.slice(0, 2) };
  const other = await settleCommunity(wattline, homes, options.tariffs, 2, SECOND_FIRST_ACCOUNT);
  const line = tieLineFor(series.slotSeconds);
  await other.agreeTieLine(1, line);
  await community.agreeTieLine(2, line);
  const seller = community.households.find((who) => who.series.capacityW > 0);
  const neighbour = community.households.find((who) => who !== seller);
  const [buyer] = other.households;
  const roof = other.households.find((who) => who.series.capacityW > 0);
  if (seller === undefined || neighbour === undefined || buyer === undefined || roof === undefined)
    throw new Error("Nobody can trade.");
  await fund(wattline, buyer, 5_000_000n);
  const terms = { pricePerKwh: 15n * CENT, crosses: true };
  const offer = await trading.sign(community, seller, "offer", { ...morning, ...terms });
  const offers = new Map(slotsIn(morning).map((slot) => [slot, offer]));
  const noon = morning.lastSlot - 4;
  await trading.accept(community, neighbour, offer, new Map([[noon, 300n]]));
  await trading.accept(other, buyer, offer, new Map([[noon, 200n]]));
  return {
    /** A household here reports and offers energy of a slot, over the tie line too. */
    async sell(slot: number) {
      await report(wattline, seller, new Map([[slot, 100n]]));
      const slots = { firstSlot: slot, lastSlot: slot };
      offers.set(slot, await trading.sign(community, seller, "offer", { ...slots, ...terms }));
    },
    /** A household there has exported nothing. */
    reportNothing: (slot: number) => report(wattline, roof, new Map([[slot, 0n]])),
    /** A household there buys a little energy of a slot from here. */
    async buy(slot: number) {
      const found = offers.get(slot);
      if (found === undefined) throw new Error(`Nothing is offered of slot ${slot}.`);
      await trading.accept(other, buyer, found, new Map([[slot, 10n]]));
    },
  };
}
