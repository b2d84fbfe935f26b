import { readFile } from "node:fs/promises";
import { ANYONE, batchesOf } from "@wattline/sdk";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { freePort } from "../../scripts/testing/ports.ts";
import { startIndexer } from "../../services/indexer/test/support/indexer.ts";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots, VIEWPORTS } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openStack, type Stack } from "./support/stack.ts";

type Cells = Readonly<Record<string, string>>;

describe("The audit page, without a wallet and from the chain alone", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let traded: Awaited<ReturnType<typeof trade>>;

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    traded = await trade(stack);
  });

  after(async () => {
    await browser?.close();
    await stack?.close();
  });

  async function openAudit(search = ""): Promise<{
    page: Page;
    context: BrowserContext;
    assertNoFaults(): void;
  }> {
    const { context, watch } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(`${stack.url}/audit${search}`);
    await page.getByRole("heading", { name: "Audit", level: 1 }).waitFor();
    return { page, context, assertNoFaults: watch.assertNoFaults };
  }

  const table = (page: Page) => page.getByRole("region", { name: "Settlements" }).getByRole("row");
  /** Waits until the table has this many settlements. */
  const untilRows = (page: Page, count: number) =>
    page.locator(`table[aria-rowcount="${count + 1}"]`).waitFor();

  it("lists every settlement, and finds them by household, meter, slot and transaction", async () => {
    const { page, context, assertNoFaults } = await openAudit();
    const { purchase, match } = traded;
    await untilRows(page, 2);
    await page.getByText("From the chain", { exact: true }).waitFor();
    // Totals grow while one looks: they say up to when they are counted, as the newest row does.
    const counted = await page.getByText(/^up to /).textContent();
    const newest = await table(page).nth(1).getByRole("button").first().textContent();
    expect(newest).to.match(new RegExp(`^${counted?.replace("up to ", "")}`));

    await page.getByLabel("Household").fill(purchase.buyer.address);
    await untilRows(page, 1);
    expect(new URL(page.url()).searchParams.get("household")).to.match(/^0x/);
    await page.getByRole("button", { name: "Show all" }).click();
    await untilRows(page, 2);

    await page.getByLabel("Meter").fill(match.buyer.device.address);
    await untilRows(page, 1);
    expect(await table(page).nth(1).textContent()).to.include("Batch match");
    await page.getByLabel("Meter").fill("0x12");
    await page.getByText("This is not a meter").waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await untilRows(page, 2);

    await page.getByLabel("Transaction").fill(purchase.hash);
    await untilRows(page, 1);
    expect(await table(page).nth(1).textContent()).to.include("Purchase");

    await page.goto(`${stack.url}/audit?slot=${match.slot}`);
    await untilRows(page, 1);
    expect(await table(page).nth(1).textContent()).to.include("Batch match");
    assertNoFaults();
    await context.close();
  });

  it("cuts nothing off on a phone", async () => {
    const { page, context } = await openAudit();
    await page.setViewportSize(VIEWPORTS.phone);
    await untilRows(page, 2);
    const cells = await table(page).getByRole("cell").all();
    expect(cells).not.to.be.empty;
    for (const cell of cells) {
      const [shown, whole] = await cell.evaluate((it) => [it.clientWidth, it.scrollWidth]);
      expect(whole, `${await cell.textContent()}`).to.be.at.most(shown ?? 0);
    }
    await context.close();
  });

  it("shows the same from the indexer as from the chain, and goes on when the indexer stops", async () => {
    const { network } = stack;
    const { deployment, rpcUrl } = network;
    const indexer = await startIndexer({ deployment, rpcUrl, port: await freePort() });
    const { page, context } = await openAudit();
    try {
      await untilRows(page, 2);
      const fromChain = withoutSigners(await download(page, "CSV"));
      await indexer.caughtUp();
      stack.setConfig({ networks: [{ ...network, indexerUrl: indexer.url }] });
      await page.reload();
      await page.getByText("From the indexer", { exact: true }).waitFor();
      await untilRows(page, 2);
      expect(withoutSigners(await download(page, "CSV"))).to.deep.equal(fromChain);
      await page.getByLabel("Meter").fill(traded.match.buyer.device.address);
      await untilRows(page, 1);

      await indexer.stop();
      await page.getByText("The indexer does not answer.").waitFor();
      await page.goto(`${stack.url}/audit`);
      await page.getByText("From the chain", { exact: true }).waitFor();
      await untilRows(page, 2);
    } finally {
      stack.setConfig({ networks: [network] });
      await context.close();
      await indexer.end();
    }
  });

  it("shows a settlement's order, reading, signatures and transaction", async () => {
    const { purchase } = traded;
    const { page, context, assertNoFaults } = await openAudit(`?tx=${purchase.hash}`);
    await untilRows(page, 1);
    await table(page).nth(1).getByRole("button").click();
    const sheet = page.getByRole("dialog", { name: "Purchase" });
    await sheet.getByText("Signed by its maker").waitFor();
    await sheet.getByText("Signed by the device").waitFor();
    const text = (await sheet.textContent()) ?? "";
    expect(text).to.include(purchase.hash).and.include(purchase.signature);
    expect(text).to.match(/Callsaccept/);
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "audit-settlement");
    assertNoFaults();
    await context.close();
  });

  it("exports what is listed as CSV that parses, and as JSON", async () => {
    const { page, context, assertNoFaults } = await openAudit();
    await untilRows(page, 2);
    const [row] = cellsOf(await download(page, "CSV")).filter(
      ({ Transaction }) => Transaction === traded.purchase.hash,
    );
    expect(row?.Kind).to.equal("Purchase");
    expect(Number(row?.["Sent (kWh)"])).to.equal(Number(traded.purchase.energyWh) / 1000);
    expect(row?.Currency).to.equal(stack.network.currency.symbol);
    expect(row?.Buyer?.toLowerCase()).to.equal(traded.purchase.buyer.address.toLowerCase());
    const json: { transaction: string; sentWh: string }[] = JSON.parse(
      await download(page, "JSON"),
    );
    expect(json.map(({ transaction }) => transaction)).to.include(traded.match.hash);
    assertNoFaults();
    await context.close();
  });

  it("verifies the whole history in the browser", async () => {
    const { page, context, assertNoFaults } = await openAudit();
    await page.getByRole("button", { name: "Verify everything" }).click();
    await page.getByText("All checks passed.").waitFor();
    await page.getByRole("heading", { name: "What was checked" }).waitFor();
    expect(await page.getByText("Failed:").count()).to.equal(0);
    expect(await page.getByText("Passed:").count()).to.be.greaterThan(20);
    const readings = cellsOf(await download(page, "Verified readings (CSV)"));
    expect(readings.length).to.be.greaterThan(0);
    expect(new Set(readings.map(({ Signature }) => Signature))).to.deep.equal(new Set(["valid"]));
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "audit-verified");
    assertNoFaults();
    await context.close();
  });

  it("finds a manipulated answer of the node, and names the transaction", async () => {
    const { page, context } = await openAudit();
    await untilRows(page, 2);
    const { purchase } = traded;
    await tamper(context, stack, (log) =>
      log.transactionHash === purchase.hash &&
      log.address.toLowerCase() === stack.network.deployment.marketplace.toLowerCase()
        ? { ...log, data: raised(log.data) }
        : log,
    );
    await page.getByRole("button", { name: "Verify everything" }).click();
    await page.getByText(/things? (is|are) wrong/).waitFor();
    const findings = page.getByRole("listitem").filter({ hasText: purchase.hash });
    await findings.first().waitFor();
    await takeScreenshots(page, "audit-findings");
    const sentences = await findings.allTextContents();
    expect(sentences.join()).to.match(/The DSOs' charge: \d+ where \d+ was due\./);

    await page.getByLabel("Language").selectOption("de");
    await page.getByRole("heading", { name: "Befunde" }).waitFor();
    const inGerman = await findings.allTextContents();
    expect(inGerman).to.have.lengthOf(sentences.length);
    expect(inGerman.join()).to.match(/Das Entgelt der Netzbetreiber: \d+ statt \d+\./);
    await context.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  });

  it("stops when it is cancelled", async () => {
    const { page, context, assertNoFaults } = await openAudit();
    await untilRows(page, 2);
    // The node answers once it is cancelled: a short history might be verified before.
    const cancelled = Promise.withResolvers<void>();
    await context.route(`${stack.network.rpcUrl}/**`, async (route) => {
      await cancelled.promise;
      await route.continue();
    });
    await page.getByRole("button", { name: "Verify everything" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    cancelled.resolve();
    await page.getByRole("button", { name: "Verify everything" }).waitFor();
    expect(await page.getByRole("progressbar").count()).to.equal(0);
    await context.unrouteAll({ behavior: "ignoreErrors" });
    assertNoFaults();
    await context.close();
  });
});

/** A purchase and a match of a batch, in different slots. */
async function trade({ community, trading, wattline, morning, series, CENT }: Stack) {
  const sellers = community.households.filter((who) => who.series.capacityW > 0);
  const [seller] = sellers;
  const [buyer, other] = community.households.filter((who) => who !== seller);
  if (seller === undefined || buyer === undefined || other === undefined) {
    throw new Error("The microgrid has too few homes to trade.");
  }
  const sunny = [...seller.series.exportedWh.entries()]
    .map(([index, wh]) => ({ slot: series.firstSlot + index, wh }))
    .filter(({ slot, wh }) => wh > 0n && morning.firstSlot <= slot && slot <= morning.lastSlot);
  const [first, last] = [sunny[0], sunny.at(-1)];
  if (first === undefined || last === undefined || first === last) {
    throw new Error("The seller has exported too little to sell.");
  }
  const terms = { ...morning, pricePerKwh: 15n * CENT };
  const offer = await trading.sign(community, seller, "offer", terms);
  const bought = await trading.accept(community, buyer, offer, new Map([[first.slot, first.wh]]));
  const limit = { ...terms, pricePerKwh: 25n * CENT, settler: ANYONE };
  const bid = await trading.sign(community, other, "bid", limit);
  const energyWh = new Map([[last.slot, last.wh]]);
  const facts = await wattline.facts();
  const [batch] = batchesOf([{ offer, bid, source: "Solar", energyWh }], {
    known: (microgrid) => facts.known(microgrid),
  });
  if (batch === undefined) throw new Error("The bid does not meet the offer.");
  const matched = await trading.settleBatch(buyer, batch);
  return {
    purchase: { hash: bought.hash, buyer, signature: offer.signature, energyWh: first.wh },
    match: { hash: matched.hash, buyer: other, slot: last.slot },
  };
}

const cellsOf = (csv: string): Cells[] => parse<Cells>(csv, { columns: true, bom: true });

/** Removes what differs between indexer and chain: who signed, and the case of addresses. */
const withoutSigners = (csv: string): Cells[] =>
  cellsOf(csv.toLowerCase()).map((row) => ({ ...row, signers: "" }));

async function download(page: Page, button: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button, exact: true }).click(),
  ]);
  return readFile(await file.path(), "utf8");
}

interface Log {
  readonly transactionHash: string;
  readonly address: string;
  readonly data: string;
}

/** Rewrites the node's logs wherever an answer holds them, receipts included, so that the node does not contradict itself. */
async function tamper(context: BrowserContext, { network }: Stack, rewrite: (log: Log) => Log) {
  await context.route(network.rpcUrl, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: withLogs(await response.json(), rewrite) });
  });
}

const isLog = (value: object): value is Log => "topics" in value && "transactionHash" in value;

function withLogs(value: unknown, rewrite: (log: Log) => Log): unknown {
  if (Array.isArray(value)) return value.map((each) => withLogs(each, rewrite));
  if (typeof value !== "object" || value === null) return value;
  if (isLog(value)) return rewrite(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withLogs(each, rewrite)]),
  );
}

/** Data with another last digit. */
const raised = (data: string): string =>
  data.slice(0, -1) + ((Number.parseInt(data.slice(-1), 16) + 1) % 16).toString(16);
