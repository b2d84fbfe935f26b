import { expect } from "chai";
import type { Browser, Page, Request } from "playwright-core";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots, VIEWPORTS } from "./support/browser.ts";
import { untilDrawn } from "./support/drawn.ts";
import { TEST_MS } from "./support/limits.ts";
import { openStack, type Stack } from "./support/stack.ts";

/** In every file, so that a request that carries data is recognised. */
const METER = "AT0099secret";
const SMALL = "neighbours=2&roofs=1";

/** Quarter-hours of days from 1 July 2025 on, 00:00 in Vienna. */
function fileOf(
  name: string,
  values: (hour: number) => readonly number[],
  { header = `${METER} import (kWh)`, offset = "+02:00", days = 20 } = {},
) {
  const rows = Array.from({ length: days * 96 }, (_, quarter) => {
    const at = new Date(Date.UTC(2025, 6, 1) + quarter * 900_000).toISOString().slice(0, 16);
    const wh = values(Math.floor((quarter % 96) / 4));
    return [`${at}${offset}`, ...wh.map((each) => each / 1000)].join(",");
  });
  const text = [`start,${header}`, ...rows, ""].join("\n");
  return { name, mimeType: "text/csv", buffer: Buffer.from(text) };
}

const mine = fileOf("mine.csv", () => [100]);
const friend = fileOf("friend.csv", (hour) => (hour >= 9 && hour < 16 ? [0, 300] : [50, 0]), {
  header: `${METER} import (kWh),${METER} export (kWh)`,
});

describe("The page of gains", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
  });

  after(async () => {
    await browser?.close();
    await stack?.close();
  });

  async function visit(search = SMALL, options: Parameters<typeof openContext>[1] = {}) {
    const { context, watch } = await openContext(browser, options);
    const page = await context.newPage();
    await page.goto(`${stack.url}/gains?${search}`);
    await untilDrawn(page);
    return { context, watch, page };
  }

  const choose = (page: Page, label: string, ...files: ReturnType<typeof fileOf>[]) =>
    page.locator(`input[type=file][aria-label="${label}"]`).setInputFiles(files);
  const found = (page: Page) => page.getByRole("heading", { name: "How sure is that?" }).waitFor();
  /** The figure under a label. */
  const stat = (page: Page, label: string) =>
    page
      .locator("main p", { hasText: new RegExp(`^${label}$`) })
      .locator("xpath=following-sibling::p[1]");

  it("is found from Home and from My energy, without a wallet", async () => {
    const { context, watch } = await openContext(browser, { viewport: VIEWPORTS.phone });
    const page = await context.newPage();
    await page.goto(`${stack.url}/energy`);
    await page.getByRole("link", { name: "What would I gain?" }).click();
    await page.getByRole("heading", { name: "What would I gain?" }).waitFor();
    await page.getByRole("navigation").getByText("Home").filter({ visible: true }).click();
    await page.getByRole("link", { name: "What would I gain?" }).click();
    await page.getByText("Your year with the neighbours").waitFor();
    await page.waitForFunction(() => document.title === "What would I gain? · Wattline");
    watch.assertNoFaults();
    await context.close();
  });

  it("lets one buy as the file has counted, without a wallet", async () => {
    const { page, watch, context } = await visit();
    await choose(page, "Your meter files", mine);
    await found(page);
    await page.getByRole("link", { name: "Buy as I use it" }).click();
    const way = page.getByLabel("Which delivery slots").locator("option:checked");
    await way.waitFor({ state: "attached" });
    expect(await way.textContent()).to.equal("As I use it");
    const until = await page.getByText("As your meter counted until").textContent();
    expect(until).to.match(/until 21 Jul 2025, 00:00,/);
    watch.assertNoFaults();
    await context.close();
  });

  it("studies a dropped file and a friend's, to the cent, and sends no request with their data", async () => {
    const { page, context, watch } = await visit();
    const requests: Request[] = [];
    context.on("request", (request) => requests.push(request));
    const data = await page.evaluateHandle(
      ([name, text]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text ?? ""], name ?? ""));
        return transfer;
      },
      [mine.name, mine.buffer.toString()],
    );
    await page.locator("label", { hasText: "Your meter files" }).dispatchEvent("drop", {
      dataTransfer: data,
    });
    await found(page);
    await choose(page, "Meter files of friends", friend);
    // 192 kWh at 0.32; on 20 days, 7 hours of 400 Wh cost 0.20 instead.
    await page.getByText("€61.44").first().waitFor();
    await page.getByText("€54.72").first().waitFor();
    expect(await stat(page, "You gain").textContent()).to.equal("€6.72");
    expect(await stat(page, "Hours with neighbours").textContent()).to.equal("140");
    await page.getByText("Your files cover 20 days").waitFor();
    for (const request of requests) {
      const { origin, pathname, search } = new URL(request.url());
      const isCode = origin === stack.url && pathname.startsWith("/assets/") && search === "";
      const isChain = request.url().startsWith(stack.network.rpcUrl);
      expect(isCode || isChain, request.url()).to.equal(true);
      if (isCode) expect(request.method()).to.equal("GET");
      expect(request.postData() ?? "").not.to.include(METER);
    }
    expect(page.url()).not.to.match(/secret|mine|friend/);
    watch.assertNoFaults();
    await context.close();
  });

  it("shows the sample home at once, with months, battery and range, on a phone too", async () => {
    const { page, context, watch } = await visit(SMALL, { viewport: VIEWPORTS.phone });
    await page.getByRole("button", { name: "Look at the sample home" }).click();
    await found(page);
    await page
      .getByText(/Best month: \w+ 2025 with €\d+\.\d\d\. Worst month/)
      .first()
      .waitFor();
    await page.getByText(/In 5 such streets you gain from/).waitFor();
    await page.getByRole("table", { name: "Bills with and without a battery" }).waitFor();
    expect(new URL(page.url()).searchParams.get("home")).to.equal("roof");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.equal(390);
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "gains");
    watch.assertNoFaults();
    await context.close();
  });

  it("carries its assumptions, in a link that gives the same figures", async () => {
    const { page, context, watch } = await visit(`${SMALL}&home=noRoof`);
    await found(page);
    const before = await stat(page, "Bill with the utility alone").textContent();
    await page.getByLabel("Retail tariff").fill("0.64");
    await page.getByLabel("Retail tariff").press("Enter");
    await page.waitForURL(/retail=640000/);
    await page.waitForFunction(
      (old) => !document.querySelector("main")?.textContent?.includes(old ?? ""),
      before,
    );
    await found(page);
    const [alone, gain] = [
      await stat(page, "Bill with the utility alone").textContent(),
      await stat(page, "You gain").textContent(),
    ];
    const other = await context.newPage();
    await other.goto(page.url());
    await found(other);
    expect(await stat(other, "Bill with the utility alone").textContent()).to.equal(alone);
    expect(await stat(other, "You gain").textContent()).to.equal(gain);
    await other.getByLabel("Feed-in tariff").fill("much");
    await other.getByLabel("Feed-in tariff").press("Enter");
    await other.getByText("Write a number, such as").waitFor();
    watch.assertNoFaults();
    await context.close();
  });

  it("asks for what a file does not say, beside its rows", async () => {
    const { page, context, watch } = await visit();
    const open = fileOf("open.csv", () => [100], { header: "value", offset: "" });
    await choose(page, "Your meter files", open);
    await page.getByRole("heading", { name: "What open.csv does not say" }).waitFor();
    await page.getByRole("cell", { name: "2025-07-01T00:00" }).waitFor();
    expect(await page.getByLabel("By which clock are its times?").inputValue()).to.equal(
      "Europe/Berlin",
    );
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "gains-questions");
    for (const [question, answer] of [
      ["In which unit", "kWh"],
      ["What does “value” count", "what is drawn from the grid"],
    ] as const) {
      await page.getByLabel(question).selectOption(answer);
    }
    await page.getByRole("button", { name: "Go on" }).click();
    await found(page);
    expect(await stat(page, "Bill with the utility alone").textContent()).to.equal("€61.44");
    watch.assertNoFaults();
    await context.close();
  });

  it("names file, row, column and cure of what can't be read", async () => {
    const { page, context, watch } = await visit();
    const lines = mine.buffer.toString().split("\n");
    const broken = [...lines.slice(0, 499), "2025-07-06T04:30+02:00,lots", ...lines.slice(500)];
    await choose(page, "Your meter files", {
      ...mine,
      name: "broken.csv",
      buffer: Buffer.from(broken.join("\n")),
    });
    const alert = page.getByRole("alert");
    await alert.getByText("A file could not be read").waitFor();
    const text = (await alert.textContent()) ?? "";
    expect(text)
      .to.match(/Filebroken\.csv/)
      .and.match(/Row500/)
      .and.match(/Foundlots/);
    expect(text).to.include(`Column${METER} import (kWh)`);
    await page.getByRole("button", { name: "Remove broken.csv" }).click();
    await page.getByText("Your year with the neighbours").waitFor();
    watch.assertNoFaults();
    await context.close();
  });

  it("speaks German throughout", async () => {
    const { page, context, watch } = await visit(`${SMALL}&home=roof`, { locale: "de-DE" });
    await page.getByRole("heading", { name: "Wie sicher ist das?" }).waitFor();
    await page
      .getByText(/Bester Monat: \S+ 2025 mit \d+,\d\d €/)
      .first()
      .waitFor();
    const text = (await page.getByRole("main").textContent()) ?? "";
    expect(text).not.to.match(/\b(the|with|neighbours?|you)\b/i);
    watch.assertNoFaults();
    await context.close();
  });
});
