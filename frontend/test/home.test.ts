import { fund, localAccount } from "@wattline/community/simulation";
import {
  DIRECTORY_TYPES,
  LISTING_TYPES,
  type Listing,
  marketDomain,
  type SignedDirectory,
} from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, Locator, Page } from "playwright-core";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots, VIEWPORTS } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openRelay } from "./support/relay.ts";
import { demoAccount, openStack, type Stack } from "./support/stack.ts";
import { connectWallet, injectWallet } from "./support/wallet.ts";

/** Accounts of the local chain: Jane has a roof; Hanna, who has none, is nobody's neighbour by meter. */
const [JANE, HANNA, OPERATOR] = [2, 30, 0];
const STREET = "Am Mühlbach 3";

describe("Home", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let relay: Awaited<ReturnType<typeof openRelay>>;

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    const { network, wattline, chain, community, trading, morning, CENT } = stack;
    relay = await openRelay(network);
    const hanna = { name: "Hanna", ...(await chain.wallet(HANNA)) };
    await fund(wattline, hanna, 50_000_000n);
    const [, second] = community.households;
    if (second === undefined) throw new Error("Jane has no neighbour.");
    await relay.post([
      await trading.sign(community, second, "offer", { ...morning, pricePerKwh: 15n * CENT }),
    ]);
    stack.setConfig({
      networks: [
        {
          ...network,
          relayUrl: relay.url,
          demo: {
            accounts: [
              demoAccount("Jane", "prosumer", JANE),
              demoAccount("Hanna", "neighbour", HANNA),
            ],
          },
        },
      ],
    });
  });

  after(async () => {
    await browser?.close();
    await relay?.close();
    await stack?.close();
  });

  async function open(options: Parameters<typeof openContext>[1] = {}) {
    const { context, watch } = await openContext(browser, options);
    const page = await context.newPage();
    await page.goto(stack.url);
    await page.getByRole("heading", { level: 1 }).waitFor();
    return { context, watch, page };
  }

  /** Presses something, and counts. */
  function counting(page: Page) {
    let clicks = 0;
    const press = async (role: "button" | "link", name: string | RegExp) => {
      await page.getByRole(role, { name }).first().click();
      clicks += 1;
    };
    return { press, clicks: () => clicks };
  }

  it("lets a newcomer buy as Hanna in three clicks after trying it as her", async () => {
    const { page, context, watch } = await open();
    await page.getByRole("heading", { name: "Sun from next door" }).waitFor();
    await page.getByRole("button", { name: "Try it as Hanna" }).click();
    await page.getByRole("heading", { name: "Hello, Hanna" }).waitFor();
    const { press, clicks } = counting(page);
    await press("link", "Buy from neighbours");
    await press("button", /^Buy .+ for €/);
    await press("button", "Confirm");
    await page.getByText(/^You bought/).waitFor();
    expect(clicks()).to.equal(3);
    watch.assertNoFaults();
    await context.close();
  });

  it("lets a newcomer sell as Jane what is suggested in two", async () => {
    const { page, context, watch } = await open();
    await page.getByRole("button", { name: "Try it as Jane" }).click();
    await page.getByRole("heading", { name: "Hello, Jane" }).waitFor();
    await page.getByText(/that nobody has bought yet/).waitFor();
    const { press, clicks } = counting(page);
    await press("button", "Offer it");
    await press("button", "Confirm");
    await page.getByText("Your offer is in the book").waitFor();
    expect(clicks()).to.equal(2);
    const { orders } = await relay.client.orders({ maker: localAccount(JANE).address });
    expect(orders).to.have.lengthOf(1);
    watch.assertNoFaults();
    await context.close();
  });

  it("calls people by the names that they and the operator have signed, and by one's own above these", async () => {
    await relay.client.publishDirectory(await directoryOf("Berta", STREET));
    const { page, context, watch } = await open();
    await page.getByText("The same as a table").click();
    const berta = page.getByRole("button", { name: "Berta", exact: true });
    await berta.click();
    const dialog = page.getByRole("dialog", { name: "Berta" });
    await dialog.getByText("from the community's directory, signed by its operator").waitFor();
    await dialog.getByText(STREET).waitFor();
    await dialog.getByText(neighbour(), { exact: true }).waitFor();
    await dialog.getByLabel("Your own name for it").fill("0xabc");
    await dialog.getByRole("button", { name: "Save the name" }).click();
    await dialog.getByText(/not like an address/).waitFor();
    await dialog.getByLabel("Your own name for it").fill("Aunt Berta");
    await dialog.getByRole("button", { name: "Save the name" }).click();
    await page.getByRole("button", { name: "Aunt Berta (your own name)" }).waitFor();
    await page.reload();
    await page.getByText("The same as a table").click();
    await page.getByRole("button", { name: "Aunt Berta (your own name)" }).waitFor();
    watch.assertNoFaults();
    await context.close();
  });

  it("goes by no directory that the operator has not signed, and by none that is older than the one seen", async () => {
    const { page, context } = await open();
    await page.getByText("The same as a table").click();
    await page.getByRole("button", { name: "Berta", exact: true }).waitFor();
    // A relay that lies: first with a stranger's signature, then with an older directory.
    const forged = await directoryOf("Mallory", "", { version: 9, by: JANE });
    await page.route("**/directories/1", (route) => route.fulfill({ json: forged }));
    await page.reload();
    await page.getByText("The same as a table").click();
    await page.getByRole("button", { name: "Berta", exact: true }).waitFor();
    expect(await page.getByText("Mallory").count()).to.equal(0);
    await page.unroute("**/directories/1");
    await relay.client.publishDirectory(await directoryOf("Bertha", STREET, { version: 2 }));
    await page.reload();
    await page.getByText("The same as a table").click();
    await page.getByRole("button", { name: "Bertha", exact: true }).waitFor();
    const older = await directoryOf("Berta", STREET);
    await page.route("**/directories/1", (route) => route.fulfill({ json: older }));
    const asked = page.waitForResponse("**/directories/1");
    await page.reload();
    await asked;
    await page.getByText("The same as a table").click();
    await page.getByRole("button", { name: "Bertha", exact: true }).waitFor();
    await context.close();
  });

  it("has no WCAG 2.2 AA violation in either theme, at both widths, in both languages", async () => {
    for (const locale of ["en-GB", "de-DE"]) {
      for (const size of ["phone", "desktop"] as const) {
        const { page, context, watch } = await open({ locale, viewport: VIEWPORTS[size] });
        await page.getByRole("img", { name: /^(Picture of|Bild von)/ }).waitFor();
        expect(await violationsOf(page)).to.deep.equal([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(
          VIEWPORTS[size].width,
        );
        await takeScreenshots(page, `home-${locale}`);
        watch.assertNoFaults();
        await context.close();
      }
    }
  });

  it("shows a home's trades in the picture and by keyboard in the table", async () => {
    const { page, context, watch } = await open();
    const picture = page.getByRole("img", { name: /^Picture of/ });
    await picture.locator(`[data-home="${neighbour()}" i]`).click();
    await page.getByRole("status").getByRole("link", { name: "Trades" }).waitFor();
    await page.getByText("The same as a table").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("row").filter({ hasText: "Bertha" }).getByText("Show").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Bertha").waitFor();
    watch.assertNoFaults();
    await context.close();
  });

  it("publishes the names that households have agreed to, by the operator's signature", async () => {
    const operator = await openAs(OPERATOR, "/microgrid?microgrid=1&task=names");
    const names = operator.page.getByRole("region", { name: "Names" });
    const entryOf = (name: string) =>
      names.getByRole("listitem").filter({ has: operator.page.getByRole("button", { name }) });
    const jane = entryOf("Jane");
    await entryOf("Bertha").getByText("Agreed to, and published").waitFor();
    const publish = operator.page.getByRole("button", { name: /^Sign and publish/ });
    await names.waitFor();
    expect(await publish.count()).to.equal(0);
    const typed = jane.getByLabel("Name or pseudonym");
    for (const [text, words] of [
      ["bertha", "Somebody else is called so too."],
      ["0x12", "not like an address"],
    ] as const) {
      await typed.fill(text);
      await jane.getByText(words).waitFor();
      expect(await jane.getByRole("button", { name: "Copy the invitation" }).count()).to.equal(0);
    }
    await typed.fill("Jane M.");
    await jane.getByText("Not agreed to yet: it is left out.").waitFor();
    expect(await publish.count()).to.equal(0);
    const invitation = await copied(jane, "Copy the invitation");

    const household = await openAs(JANE, invitation);
    const dialog = household.page.getByRole("dialog", { name: /^How you are called in/ });
    expect(await dialog.getByLabel("Name or pseudonym").inputValue()).to.equal("Jane M.");
    await dialog.getByLabel("Street, if it may be known").fill("Lane 3");
    expect(await violationsOf(household.page)).to.deep.equal([]);
    await dialog.getByRole("button", { name: "Agree to it" }).click();
    const answer = await copied(dialog, "Copy the link for the operator");
    household.watch.assertNoFaults();
    await household.context.close();

    await operator.page.goto(answer);
    await jane.getByText("Agreed to", { exact: true }).waitFor();
    expect(await jane.getByLabel("Street, if it may be known").inputValue()).to.equal("Lane 3");
    await operator.page.setViewportSize(VIEWPORTS.phone);
    expect(await violationsOf(operator.page)).to.deep.equal([]);
    expect(await operator.page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(
      VIEWPORTS.phone.width,
    );
    await names.scrollIntoViewIfNeeded();
    await takeScreenshots(operator.page, "names");
    await operator.page.getByRole("button", { name: "Sign and publish 2 names" }).click();
    await operator.page.getByText("The names are published").waitFor();
    await entryOf("Jane M.").getByText("Agreed to, and published").waitFor();
    const published = (await relay.client.directory(1))?.directory;
    expect(published?.version).to.equal(3);
    expect(published?.listings.map(({ name, street }) => [name, street])).to.have.deep.members([
      ["Bertha", STREET],
      ["Jane M.", "Lane 3"],
    ]);

    await entryOf("Bertha").getByLabel("Name or pseudonym").fill("");
    await operator.page.getByRole("button", { name: "Sign and publish 1 name" }).click();
    await names.getByRole("button", { name: "Bertha" }).waitFor({ state: "detached" });
    expect((await relay.client.directory(1))?.directory.listings).to.have.lengthOf(1);
    operator.watch.assertNoFaults();
    await operator.context.close();
  });

  /** A page of an account of the local chain, with its wallet connected. */
  async function openAs(account: number, place: string) {
    const { context, watch } = await openContext(browser, {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await injectWallet(context, stack.network, { account: localAccount(account).account });
    const page = await context.newPage();
    await page.goto(new URL(place, stack.url).href);
    await connectWallet(page);
    return { context, watch, page };
  }

  /** The link that a button copies. */
  async function copied(where: Locator, name: string): Promise<string> {
    await where.getByRole("button", { name }).click();
    await where.page().getByText("The link is copied").last().waitFor();
    return where.page().evaluate(() => navigator.clipboard.readText());
  }

  const neighbour = () => stack.community.households[1]?.address ?? "";

  /** A directory in which one neighbour is listed. */
  async function directoryOf(
    name: string,
    street: string,
    { version = 1, by = OPERATOR } = {},
  ): Promise<SignedDirectory> {
    const { chainId, marketplace } = stack.network.deployment;
    const domain = marketDomain(chainId, marketplace);
    const [, who] = stack.community.households;
    if (who === undefined) throw new Error("Jane has no neighbour.");
    const listing = { account: who.address, name, street };
    const consent = await who.account.signTypedData({
      domain,
      types: LISTING_TYPES,
      primaryType: "Listing",
      message: { microgrid: 1, ...listing },
    });
    const listings: Listing[] = [{ ...listing, consent }];
    const directory = { microgrid: 1, version, listings };
    const signature = await localAccount(by).account.signTypedData({
      domain,
      types: DIRECTORY_TYPES,
      primaryType: "Directory",
      message: directory,
    });
    return { directory, signature };
  }
});
