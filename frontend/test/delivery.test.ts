import { readFileSync } from "node:fs";
import type { Household } from "@wattline/community/simulation";
import { deliveryFromJson } from "@wattline/sdk/statements";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { agentExport } from "../../test/support/agentExport.ts";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots } from "./support/browser.ts";
import { untilDrawn } from "./support/drawn.ts";
import { TEST_MS } from "./support/limits.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { connectWallet, injectWallet } from "./support/wallet.ts";

const NOON = 12 * 4;
/** What Hanna bought and imported in two slots. Of the first more than she used counts nowhere. Wh. */
const BOUGHT = [400n, 300n] as const;
const IMPORTED = [250n, 1_000n] as const;

describe("The page of delivery statements", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let hanna: Household;
  let exported: string;
  let statement: string;

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    const { community, trading, series, morning, network } = stack;
    const [jane, neighbour] = community.households;
    if (jane === undefined || neighbour === undefined) throw new Error("There are no homes.");
    hanna = neighbour;
    const offer = await trading.sign(community, jane, "offer", {
      ...morning,
      pricePerKwh: 170_000n,
    });
    const noon = series.firstSlot + NOON;
    const bought = new Map(BOUGHT.map((wh, index) => [noon + index, wh]));
    await trading.accept(community, hanna, offer, bought);
    exported = await agentExport(network.deployment, hanna.device, noon, IMPORTED);
  });

  after(async () => {
    await browser?.close();
    await stack?.close();
  });

  async function visit(path: string, locale = "en-GB") {
    const { context, watch } = await openContext(browser, { locale });
    const page = await context.newPage();
    await page.goto(stack.url + path);
    await untilDrawn(page);
    return { context, watch, page };
  }

  const choose = (page: Page, label: string, text: string) =>
    page.locator(`input[type=file][aria-label="${label}"]`).setInputFiles({
      name: "mine.json",
      mimeType: "application/json",
      buffer: Buffer.from(text),
    });

  it("makes a household's statement from its agent's export, and retires what is missing", async () => {
    const { context, watch } = await openContext(browser);
    await injectWallet(context, stack.network, { account: hanna.account });
    const page = await context.newPage();
    await page.goto(`${stack.url}/energy`);
    await connectWallet(page);
    await page.getByRole("link", { name: "Show that you used it" }).click();
    await page.waitForFunction(() => document.title === "Delivery statement · Wattline");

    await choose(page, "Your home agent's export", exported);
    await page.getByText("550 Wh more were bought and used.").waitFor();
    await page.getByText("0.000 kWh", { exact: true }).first().waitFor();
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "delivery-due");
    await page.getByRole("button", { name: "Retire 550 Wh for it" }).click();
    await page.getByText("0.550 kWh", { exact: true }).first().waitFor();
    expect(await page.getByText(/more were bought and used/).count()).to.equal(0);

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save the statement (JSON)" }).click(),
    ]);
    statement = readFileSync(await download.path(), "utf8");
    const { countsWh, household } = deliveryFromJson(statement, "saved.json");
    expect([countsWh, household]).to.deep.equal([550n, hanna.address]);

    // What her agent exports tells how she uses energy, too.
    await page.getByRole("navigation").getByText("Market").filter({ visible: true }).click();
    const way = page.getByLabel("Which delivery slots").locator("option:checked");
    await way.waitFor({ state: "attached" });
    expect(await way.textContent()).to.equal("As I use it");
    watch.assertNoFaults();
    await context.close();
  });

  it("checks a statement without a wallet, shows and prints it, and sends it nowhere", async () => {
    const { page, context, watch } = await visit("/audit");
    const sent: string[] = [];
    context.on("request", (request) => sent.push(request.postData() ?? ""));
    await page.getByRole("link", { name: "Check a delivery statement" }).click();
    await choose(page, "Delivery statement", statement);
    await page.getByText("It holds.").waitFor();
    await page.getByText(hanna.address, { exact: true }).first().waitFor();
    const total = page.locator("tfoot tr");
    expect((await total.textContent())?.replaceAll(/\s/g, " ")).to.equal(
      "Total1.250 kWh0.700 kWh0.550 kWh0.550 kWh",
    );
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "delivery");
    await page.emulateMedia({ media: "print" });
    for (const gone of ["Print", "Connect wallet"]) {
      expect(await page.getByRole("button", { name: gone }).isVisible()).to.equal(false);
    }
    expect(await page.getByText("It holds.").isVisible()).to.equal(true);
    const { id, imports } = deliveryFromJson(statement, "saved.json");
    const signature = imports[0]?.signature;
    for (const text of sent) expect(text).not.to.contain(id).and.not.to.contain(signature);
    watch.assertNoFaults();
    await context.close();
  });

  it("refuses a changed statement by name, in German too, and a file that is none", async () => {
    const { page, context, watch } = await visit("/delivery", "de-DE");
    const changed = statement.replace(
      /("purchases"[\s\S]*?"wh": ")(\d+)"/,
      (_, start: string, wh: string) => `${start}${BigInt(wh) + 1n}"`,
    );
    await choose(page, "Liefernachweis", changed);
    await page.getByText("Er wird abgelehnt.").waitFor();
    await page.getByText("Der Kauf war ein anderer als angegeben").waitFor();
    await page.getByText(/401 Wh are stated/).waitFor();
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "delivery-refused");
    await choose(page, "Liefernachweis", "{}");
    await page.getByText("Die Datei konnte nicht gelesen werden").waitFor();
    await page.getByText(/mine\.json is no delivery statement/).waitFor();
    expect(await page.getByText("Er wird abgelehnt.").count()).to.equal(0);
    watch.assertNoFaults();
    await context.close();
  });

  it("says on the certificate that its energy was used, once the statement is shown", async () => {
    const [retirement] = deliveryFromJson(statement, "saved.json").retirements;
    if (retirement === undefined) throw new Error("The statement has no retirement.");
    const { transaction, logIndex } = retirement;
    const { page, context, watch } = await visit(`/certificate/${transaction}-${logIndex}`);
    await page.getByText("Not shown.").waitFor();
    await choose(page, "Delivery statement", statement);
    await page.getByText("Yes.").waitFor();
    await page.getByText(/the household used 0\.550 kWh of 0\.550 kWh/).waitFor();
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "certificate-used");
    await choose(
      page,
      "Delivery statement",
      statement.replace(/"countsWh": "\d+"\n}/, '"countsWh": "1"\n}'),
    );
    await page.getByText("This delivery statement does not hold.").waitFor();
    watch.assertNoFaults();
    await context.close();
  });
});
