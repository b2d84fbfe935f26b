import { type Household, report } from "@wattline/community/simulation";
import { LANES } from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { freePort } from "../../scripts/testing/ports.ts";
import { type RunningIndexer, startIndexer } from "../../services/indexer/test/support/indexer.ts";
import { openBrowser, openContext } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { stoppable } from "./support/stuck.ts";
import { connectWallet, injectWallet, type TestWallet } from "./support/wallet.ts";

const PROMISED = 100n;

describe("Two forwards of a household, of which one can't be released", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let page: Page;
  let wallet: TestWallet;
  let indexer: RunningIndexer | undefined;
  let stopIndexer: () => void;
  let seller: Household;
  let buyer: Household;
  /** The first slots of the two forwards, each in a block of its own. */
  let slots: readonly [number, number];

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    const { community, trading, series, morning, chain, network } = stack;
    const roof = community.households.find((who) => who.series.capacityW > 0);
    const other = community.households.find((who) => who !== roof);
    if (roof === undefined || other === undefined) throw new Error("Nobody can trade.");
    [seller, buyer] = [roof, other];
    const next = ((morning.lastSlot >> 3) + 2) * LANES;
    slots = [next, next + LANES];
    for (const firstSlot of slots) {
      const offer = await trading.sign(community, seller, "offer", {
        firstSlot,
        lastSlot: firstSlot + LANES - 1,
        pricePerKwh: 17n * stack.CENT,
        bondPerKwh: 50_000n,
      });
      await trading.reserve(community, buyer, offer, new Map([[firstSlot, PROMISED]]));
    }
    await chain.passTo((next + 2 * LANES) * series.slotSeconds);
    await delivered(slots[0]);

    const { rpcUrl, deployment } = network;
    indexer = await startIndexer({ deployment, rpcUrl, port: await freePort() });
    await indexer.caughtUp();
    stack.setConfig({ networks: [{ ...network, indexerUrl: indexer.url }] });
    const { context } = await openContext(browser);
    stopIndexer = await stoppable(context, indexer.url);
    wallet = await injectWallet(context, network, { account: buyer.account });
    page = await context.newPage();
    await page.goto(`${stack.url}/activity`);
    await connectWallet(page);
  });
  after(async () => {
    await page?.context().unrouteAll({ behavior: "ignoreErrors" });
    await browser?.close();
    await indexer?.end();
    await stack?.close();
  });

  /** The seller's meter reports what was promised in a slot. */
  const delivered = (slot: number) => report(stack.wattline, seller, new Map([[slot, PROMISED]]));

  const items = () =>
    page
      .getByRole("listitem")
      .filter({ hasText: /You have reserved 100 Wh from|Bought 100 Wh from/ });
  const release = () => page.getByRole("button", { name: "Release", exact: true });

  it("offers to release the one whose reading has come, and says what the other waits for", async () => {
    await items().nth(1).waitFor();
    await release().waitFor();
    await page.getByText(/^Waits for its reading, until/).waitFor();
    expect(await page.getByRole("button", { name: "Settle all" }).count()).to.equal(1);
  });

  it("releases that one, and leaves the other as it is, though the indexer has stopped", async () => {
    stopIndexer();
    await release().click();
    await page.getByText("delivered: 100 Wh").waitFor();
    await release().waitFor({ state: "detached" });
    await page.getByText(/^Waits for its reading, until/).waitFor();
    expect(wallet.transactions()).to.have.length(1);
  });

  it("says how old the history of others is", async () => {
    await page.getByText(/^The history is as of .+\.$/).waitFor();
  });

  it("offers the other as soon as its reading has come", async () => {
    await delivered(slots[1]);
    await release().click();
    await page.getByText("delivered: 100 Wh").nth(1).waitFor();
    expect(wallet.transactions()).to.have.length(2);
  });
});
