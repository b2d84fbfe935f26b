import {
  fund,
  localAccount,
  readOptions,
  settleCommunity,
  tieLineFor,
} from "@wattline/community/simulation";
import { metersDomain, REGISTRATION_TYPES } from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { getAddress } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { injectWallet } from "./support/wallet.ts";

const OPERATOR = 0;
const PANEL = "[role=tabpanel][data-state=active]";
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
    const wallet = await injectWallet(context, {
      account: localAccount(account).account,
      rpcUrl: stack.network.rpcUrl,
      chainId: stack.network.deployment.chainId,
    });
    const page = await context.newPage();
    await page.goto(`${stack.url}/microgrid${search}`);
    await page.getByRole("banner").getByRole("button", { name: "Connect wallet" }).click();
    await page.getByRole("button", { name: "Test Wallet" }).click();
    await page.getByRole("button", { name: "Found a microgrid" }).waitFor();
    return { page, context, wallet, watch };
  }

  const field = (page: Page, name: string) => page.getByLabel(name, { exact: true });

  it("shows members, the day and the tie line, without a wallet", async () => {
    const { context, watch } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(`${stack.url}/microgrid?microgrid=1`);
    await page.getByRole("heading", { name: "Connected" }).waitFor();
    await page.getByRole("img", { name: /^Diagram: 2 microgrids and 1 tie lines/ }).waitFor();
    await page.getByText("3%", { exact: true }).waitFor();
    const members = page.getByRole("region", { name: "Members" });
    await members.getByText("Critical load").waitFor();
    expect(await members.getByRole("listitem").filter({ hasText: "0x" }).count()).to.be.at.least(
      stack.community.households.length,
    );
    // 300 Wh here; the energy over the tie line arrived elsewhere.
    for (const text of [
      /Produced today\d/,
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
    await page.getByRole("img", { name: /^Diagram/ }).scrollIntoViewIfNeeded();
    await takeScreenshots(page, "microgrid-lines");
    watch.assertNoFaults();
    await context.close();
  });

  it("islands the microgrid, and says what that means; energy over the tie line is refused", async () => {
    const { page, context, wallet, watch } = await openAs(OPERATOR);
    await page.getByRole("combobox", { name: "Mode" }).selectOption("Islanded");
    await page.getByRole("button", { name: "Declare it" }).click();
    await page.getByRole("heading", { name: "Islanded" }).waitFor();
    await page.getByText(/Nothing crosses a tie line until it is connected again/).waitFor();
    await page.getByText("Carries nothing now").waitFor();
    expect(wallet.requests.map(({ method }) => method)).to.include("eth_sendTransaction");
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "microgrid-islanded");

    const refused = await nextDoor.purchase().then(
      () => "",
      (error: unknown) => String(error),
    );
    expect(refused).to.include("Trading_Islanded");

    await page.getByRole("combobox", { name: "Mode" }).selectOption("Connected");
    await page.getByRole("button", { name: "Declare it" }).click();
    await page.getByRole("heading", { name: "Connected" }).waitFor();
    watch.assertNoFaults();
    await context.close();
  });

  it("publishes tariffs, and explains a refusal before anything is sent", async () => {
    const { page, context, wallet, watch } = await openAs(OPERATOR);
    await page.getByRole("tab", { name: "Tariffs" }).click();
    await field(page, "Feed-in tariff").fill("9");
    await page.getByRole("button", { name: "Publish the tariffs" }).click();
    await page
      .getByRole("main")
      .getByText("The feed-in tariff can't be higher than the retail tariff.")
      .waitFor();
    expect(wallet.requests.map(({ method }) => method)).not.to.include("eth_sendTransaction");
    await field(page, "Feed-in tariff").fill("0.07");
    await page.getByRole("button", { name: "Publish the tariffs" }).click();
    await page.getByText("€0.07/kWh").waitFor();
    const { tariffs } = await stack.wattline.meters.microgridOf(1);
    expect(tariffs.feedIn).to.equal(7n * stack.CENT);
    watch.assertNoFaults();
    await context.close();
  });

  it("registers a meter with the consent of a demo device, and retires it", async () => {
    const { page, context, watch } = await openAs(OPERATOR);
    await page.getByRole("tab", { name: "Register a meter" }).click();
    const owner = localAccount(3).address;
    await field(page, "Household's account").fill(owner);
    await page.getByRole("button", { name: "Create a demo device" }).click();
    await field(page, "Most it can export").fill("4.2");
    await page.getByText(/The demo device's key/).waitFor();
    const device = await field(page, "Address of the device").inputValue();
    await page.getByRole("button", { name: "Register the meter" }).click();
    const line = page.getByRole("listitem").filter({ hasText: "4.2 kW" }).last();
    await line.waitFor();
    expect((await stack.wattline.meters.meterOf(device)).owner).to.equal(owner);

    await line.getByRole("button", { name: "Retire" }).click();
    await page.getByRole("button", { name: "Retire it for good" }).click();
    await line.getByText("Retired").waitFor();
    expect((await stack.wattline.meters.meterOf(device)).active).to.equal(false);
    watch.assertNoFaults();
    await context.close();
  });

  it("fills in the device and consent of an agent's link", async () => {
    const { deployment } = stack.network;
    const device = privateKeyToAccount(generatePrivateKey());
    const owner = localAccount(3).address;
    const consent = await device.signTypedData({
      domain: metersDomain(deployment.chainId, deployment.meters),
      types: REGISTRATION_TYPES,
      primaryType: "Registration",
      message: { microgrid: 1, owner: getAddress(owner) },
    });
    const brought = new URLSearchParams({ owner, device: device.address, consent });
    const { page, context, watch } = await openAs(OPERATOR, `?microgrid=1&${brought}`);
    await field(page, "Most it can export").fill("5.5");
    await page.getByRole("button", { name: "Register the meter" }).click();
    await page.getByRole("listitem").filter({ hasText: "5.5 kW" }).last().waitFor();
    expect((await stack.wattline.meters.meterOf(device.address)).owner).to.equal(owner);
    watch.assertNoFaults();
    await context.close();
  });

  it("changes a tie line when both operators agree, after the notice period", async () => {
    const mine = await openAs(OPERATOR);
    await mine.page.getByRole("tab", { name: "Tie lines" }).click();
    await field(mine.page, "Lost on the way").fill("5");
    await field(mine.page, "Wheeling charge outwards").fill("0.01");
    await field(mine.page, "Wheeling charge inwards").fill("0.03");
    await mine.page.getByText(/a change after 7 days' notice/).waitFor();
    await mine.page.getByRole("button", { name: "Propose it" }).click();
    await mine.page.getByText("You have proposed a tie line to Riverside:").waitFor();
    await mine.context.close();

    const theirs = await openAs(SECOND_FIRST_ACCOUNT, "?microgrid=2");
    await theirs.page.getByRole("tab", { name: "Tie lines" }).click();
    await theirs.page.getByRole("button", { name: "Agree" }).click();
    await theirs.page.getByText(/on: loses 5%/).waitFor();
    // Until then the old terms hold.
    expect((await stack.wattline.meters.crossingOf(1, 2)).lossBps).to.equal(300n);
    theirs.watch.assertNoFaults();
    await theirs.context.close();
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
    };
    for (const [name, value] of Object.entries(values)) {
      await sheet.getByLabel(name, { exact: true }).fill(value);
    }
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "microgrid-found");
    await sheet.getByRole("button", { name: "Found the microgrid" }).click();
    await sheet.waitFor({ state: "detached" });
    await page.getByRole("option", { name: "Hillside" }).waitFor({ state: "attached" });
    const { operator, charter } = await stack.wattline.meters.microgridOf(3);
    expect(operator).to.equal(localAccount(4).address);
    expect(charter.latitudeTenths).to.equal(481n);
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
    await takeScreenshots(page, "microgrid-found");
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
    expect(await stack.wattline.meters.operatorOf(1)).to.equal(localAccount(successor).address);
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
  if (seller === undefined || neighbour === undefined || buyer === undefined)
    throw new Error("Nobody can trade.");
  await fund(wattline, buyer, 5_000_000n);
  const offer = await trading.sign(community, seller, "offer", {
    ...morning,
    pricePerKwh: 15n * CENT,
  });
  const noon = morning.lastSlot - 4;
  await trading.accept(community, neighbour, offer, new Map([[noon, 300n]]));
  await trading.accept(other, buyer, offer, new Map([[noon, 200n]]));
  return {
    /** A household there buys energy from here. */
    purchase: () => trading.accept(other, buyer, offer, new Map([[morning.lastSlot, 1n]])),
  };
}
