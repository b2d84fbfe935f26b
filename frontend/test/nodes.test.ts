import { localAccount } from "@wattline/community/simulation";
import { sumWh } from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { type MisbehavingNode, misbehavingNode } from "../../test/support/misbehavingNode.ts";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openRelayWithOffer } from "./support/relay.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { connectWallet, injectWallet, type TestWallet } from "./support/wallet.ts";

describe("Nodes as they are", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let relay: Awaited<ReturnType<typeof openRelayWithOffer>>;
  let node: MisbehavingNode;
  const opened: BrowserContext[] = [];

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    relay = await openRelayWithOffer(stack);
    node = await misbehavingNode(stack.network.rpcUrl, {});
    stack.setConfig({
      networks: [{ ...stack.network, rpcUrl: node.url, relayUrl: relay.url }],
    });
  });
  afterEach(async () => {
    for (const context of opened.splice(0)) await context.close();
    node.become({});
  });
  after(async () => {
    await browser?.close();
    await node?.close();
    await relay?.close();
    await stack?.close();
  });

  async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
    const { context } = await openContext(browser, options);
    opened.push(context);
    return context.newPage();
  }

  /** Jane opens the market with her wallet, whose own node is a good one. */
  async function visitMarket(): Promise<{ page: Page; wallet: TestWallet }> {
    const page = await openPage();
    const wallet = await injectWallet(page.context(), stack.network, {
      account: localAccount(2).account,
    });
    await page.goto(`${stack.url}/market`);
    await connectWallet(page);
    await page.getByLabel("Energy", { exact: true }).fill("0.2");
    // Enabled only when everything that a purchase rests on has been read.
    await page.getByRole("button", { name: /^Buy 200 Wh for €/, disabled: false }).waitFor();
    return { page, wallet };
  }

  const energyOf = async (holder: string): Promise<bigint> => {
    const { morning, wattline } = stack;
    const first = morning.firstSlot >> 3;
    const blocks = (morning.lastSlot >> 3) - first + 1;
    return sumWh(await wattline.energy.profileOf(holder, 1, 0, first, blocks));
  };

  for (const batchRefusal of ["status", "error", "each"] as const) {
    it(`may refuse every batch (by ${batchRefusal}): the market is shown, and a purchase goes through`, async () => {
      node.become({ batchesUpTo: 1, batchRefusal });
      const refusedBefore = node.batches.refused;
      const { page, wallet } = await visitMarket();
      const before = await energyOf(wallet.address);
      await page.getByRole("button", { name: /^Buy 200 Wh for €/ }).click();
      await page.getByText("You bought 200 Wh").waitFor();
      expect((await energyOf(wallet.address)) - before).to.equal(200n);
      expect(node.batches.refused - refusedBefore, "batches were tried").to.be.greaterThan(0);
    });
  }

  it("may be out of reach when one buys: that is said, nothing is sent, and it goes on afterwards", async () => {
    const { page, wallet } = await visitMarket();
    const buy = page.getByRole("button", { name: /^Buy 200 Wh for €/ });
    await page.context().route(`${node.url}/**`, (route) => route.abort());
    const said = page.getByText(/^The node of Test chain can't be reached\. Check your connection/);
    await Promise.all([said.first().waitFor(), buy.click()]);
    expect(wallet.transactions()).to.deep.equal([]);
    await page.context().unrouteAll({ behavior: "ignoreErrors" });
    await page.getByText("Test chain does not answer.").waitFor({ state: "detached" });
    await buy.click();
    await page.getByText("You bought 200 Wh").waitFor();
    expect(wallet.transactions()).to.have.length(1);
  });

  it("may not know a method: a German reader is told so in German, with its own words folded", async () => {
    node.become({ lacks: ["eth_getTransactionReceipt"] });
    const page = await openPage({ locale: "de-DE" });
    await page.goto(`${stack.url}/certificate/0x${"ab".repeat(32)}-0`);
    const alert = page.getByRole("alert");
    await alert.getByText("Die Antwort war nicht, was sie sein sollte.").waitFor();
    const raw = alert.getByText(/eth_getTransactionReceipt does not exist/);
    expect(await raw.isVisible()).to.equal(false);
    await alert.getByText("Im Wortlaut").click();
    await raw.waitFor({ state: "visible" });
    expect(await violationsOf(page)).to.deep.equal([]);

    node.become({});
    await alert.getByRole("button").click();
    await page.getByText("Auf Test chain gibt es keine solche Transaktion.").waitFor();
    await page.goto(`${stack.url}/certificate/nonsense`);
    await page.getByText(/^Der Link ist beschädigt/).waitFor();
  });
});
