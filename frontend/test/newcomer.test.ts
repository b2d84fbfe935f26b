import { ANYONE, energyIdOf, MILLIS_PER_UNIT, slotsIn } from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, Locator, Page } from "playwright-core";
import { createPublicClient, http } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { serveMandates } from "../../services/auctioneer/src/mandates/server.ts";
import { Operator } from "../../services/auctioneer/test/support/operator.ts";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots, type Watch } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openRelay } from "./support/relay.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";
import { connectWallet, injectWallet, type TestWallet } from "./support/wallet.ts";

const EURO = 1_000_000n;
/** A local account that no home has: the auctioneer's. */
const AUCTIONEER = 15;
const AGENT = "0x00000000000000000000000000000000000a6e47";

describe("A newcomer without ether", function () {
  this.timeout(TEST_MS);
  const account = privateKeyToAccount(generatePrivateKey());
  let stack: Stack;
  let browser: Browser;
  let relay: Awaited<ReturnType<typeof openRelay>>;
  let operator: Operator;
  let mandates: Awaited<ReturnType<typeof serveMandates>>;
  let page: Page;
  let watch: Watch;
  let wallet: TestWallet;

  before(async () => {
    [stack, browser] = await Promise.all([openStack({}, "TestEuro3009"), openBrowser()]);
    const { network, wattline, community } = stack;
    relay = await openRelay(network);
    operator = await Operator.of(
      { deployment: network.deployment, rpcUrl: network.rpcUrl },
      AUCTIONEER,
    );
    const running = await operator.start({ relays: [relay.url], mandates: {} });
    if (running.auctioneer.mandates === undefined) throw new Error("It takes no mandates.");
    mandates = await serveMandates({ host: "127.0.0.1", port: 0 }, running.auctioneer.mandates);
    stack.setConfig({
      networks: [{ ...network, relayUrl: relay.url, auctioneerUrl: mandates.url }],
    });
    const [friend] = community.households;
    if (friend === undefined) throw new Error("The town has no home.");
    await wattline.send(friend.address, (o) =>
      wattline.euro.connect(friend.signer).mint(account.address, 20n * EURO, o),
    );
    const opened = await openContext(browser);
    watch = opened.watch;
    wallet = await injectWallet(opened.context, network, { account });
    page = await opened.context.newPage();
    await page.goto(`${stack.url}/energy?tab=money`);
    await connectWallet(page);
  });

  after(async () => {
    await browser?.close();
    await mandates?.stop();
    await operator?.remove();
    await relay?.close();
    await stack?.close();
  });

  const escrowed = async (): Promise<bigint> => {
    const { marketplace, addresses } = stack.wattline;
    const { balance } = await marketplace.accountOf(addresses.euro, account.address);
    return balance / MILLIS_PER_UNIT;
  };
  const allowed = async (): Promise<bigint> => {
    const { marketplace, addresses } = stack.wattline;
    const { amount } = await marketplace.allowanceOf(account.address, addresses.euro, AGENT);
    return amount / MILLIS_PER_UNIT;
  };
  const asked = () => wallet.typedData().map(({ primaryType }) => primaryType);
  const isEmptyAgain = (field: Locator) => until(async () => (await field.inputValue()) === "");
  /** As the form's fields have it. */
  const localText = (slot: number): string =>
    new Date(slot * stack.series.slotSeconds * 1000)
      .toLocaleString("sv-SE", { timeZone: "Europe/Berlin" })
      .slice(0, 16)
      .replace(" ", "T");

  /** Signs a bid for all of the morning, at the form's limit unless told otherwise. */
  async function bid(kWh: string, limit?: string): Promise<void> {
    const { firstSlot, lastSlot } = stack.morning;
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("From", { exact: true }).fill(localText(firstSlot));
    await dialog.getByLabel("Until", { exact: true }).fill(localText(lastSlot + 1));
    await dialog.getByLabel("Energy at most").fill(kWh);
    if (limit !== undefined) await dialog.getByLabel("Limit", { exact: true }).fill(limit);
    await dialog.getByRole("button", { name: "Sign the bid" }).click();
    await page
      .getByText(/is in the book/)
      .first()
      .waitFor();
    await dialog.waitFor({ state: "detached" });
  }

  it("deposits with one signature, and is told who pays", async () => {
    await page.getByText(/^Your account has no Ether, and needs none here/).waitFor();
    await takeScreenshots(page, "newcomer-money");
    expect(await violationsOf(page)).to.deep.equal([]);
    const amount = page.getByLabel("From your wallet into escrow");
    await amount.fill("12");
    await page.getByRole("button", { name: "Deposit" }).click();
    await isEmptyAgain(amount);
    expect(await escrowed()).to.equal(12n * EURO);
    expect(asked()).to.deep.equal(["ReceiveWithAuthorization"]);
  });

  it("can't take an offer, is told why, and bids instead", async () => {
    const { community, trading, morning, CENT } = stack;
    const seller = community.households.find(({ series }) => series.capacityW > 0);
    if (seller === undefined) throw new Error("The town has no roof.");
    const terms = { ...morning, pricePerKwh: 15n * CENT, energyWh: 3_000n };
    await relay.post([
      await trading.sign(community, seller, "offer", terms),
      await trading.sign(community, seller, "offer", { ...terms, settler: ANYONE }),
    ]);
    await page.goto(`${stack.url}/market`);
    const buy = page.getByRole("button", { name: /^Buy .+ for €/ });
    await buy.waitFor();
    await page.getByText(/To take an offer at once is a transaction/).waitFor();
    expect(await buy.isDisabled()).to.equal(true);
    await takeScreenshots(page, "newcomer-buy");
    expect(await violationsOf(page)).to.deep.equal([]);
    await page.getByRole("link", { name: "Sign a bid" }).click();
    await bid("1");
    await until(async () => (await energyWh()) === 1_000n);
    expect(asked().at(-1)).to.equal("Order");
  });

  it("takes an order back for certain, lets an agent trade and revokes it", async () => {
    await page.goto(`${stack.url}/market?do=bid`);
    // Below the community price, so that it stays open.
    await bid("0.5", "0.05");
    await page.goto(`${stack.url}/energy?tab=orders`);
    await page.getByRole("button", { name: "Take back…" }).first().click();
    await page.getByText(/the community sends it and pays the fee/).waitFor();
    await page.getByRole("button", { name: "Cancel on chain" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(asked().at(-1)).to.equal("Cancellation");

    await page.goto(`${stack.url}/autopilot`);
    await page.getByLabel("Address of the agent's key").fill(AGENT);
    await page.getByLabel("Spend a day at most").fill("1");
    await page.getByLabel("May spend in all at most").fill("5");
    await page.getByRole("button", { name: "Switch on" }).click();
    await until(async () => (await allowed()) === 5n * EURO);
    await page.getByRole("button", { name: "Switch off" }).click();
    await until(async () => (await allowed()) === 0n);
    expect(asked().slice(-2)).to.deep.equal(["Authorization", "Authorization"]);
  });

  it("withdraws, and says in words why what is not signed needs ether", async () => {
    await page.goto(`${stack.url}/energy?tab=money`);
    const left = await escrowed();
    await page.getByRole("button", { name: /^All/ }).last().click();
    await page.getByRole("button", { name: "Withdraw" }).click();
    await until(async () => {
      const held = await stack.wattline.euro.balanceOf(account.address);
      return held === 8n * EURO + left;
    });
    expect(asked().at(-1)).to.equal("Withdrawal");

    await page.goto(`${stack.url}/energy`);
    await page.getByRole("button", { name: "Retire for a certificate" }).click();
    await page.getByLabel("Purpose").fill("Nothing");
    await page.getByRole("button", { name: /^Retire \d/ }).click();
    await page.getByRole("button", { name: "Yes, retire it" }).click();
    await page.getByText(/This is a transaction, whose fee is paid in Ether/).waitFor();
  });

  it("deposits with a permit where the currency takes no authorization of its", async () => {
    const { chainId } = stack.network.deployment;
    const currency = stack.network.currency.address.toLowerCase();
    await page.evaluate(
      (what) => localStorage.setItem("wattline.authorizationsRefused", what),
      `${chainId} ${currency}`,
    );
    await page.goto(`${stack.url}/energy?tab=money`);
    const before = await escrowed();
    const amount = page.getByLabel("From your wallet into escrow");
    await amount.fill("2");
    await page.getByRole("button", { name: "Deposit" }).click();
    await isEmptyAgain(amount);
    expect((await escrowed()) - before).to.equal(2n * EURO);
    expect(asked().at(-1)).to.equal("Permit");
  });

  it("has sent nothing itself, and is told when the auctioneer does not answer", async () => {
    await mandates.stop();
    await page.goto(`${stack.url}/energy?tab=money`);
    await page.getByLabel("From your wallet into escrow").fill("1");
    await page.getByRole("button", { name: "Deposit" }).click();
    await page.getByText("The community's auctioneer does not answer. Try again later.").waitFor();
    expect(wallet.transactions()).to.deep.equal([]);
    const client = createPublicClient({ transport: http(stack.network.rpcUrl) });
    expect(await client.getTransactionCount(account)).to.equal(0);
    expect(await client.getBalance(account)).to.equal(0n);
    expect(watch.foreignRequests).to.deep.equal([]);
  });

  /** What the newcomer holds of the morning. */
  async function energyWh(): Promise<bigint> {
    const { firstSlot, lastSlot } = stack.morning;
    const held = slotsIn({ firstSlot, lastSlot }).map((slot) =>
      stack.wattline.energy.balanceOf(
        account.address,
        energyIdOf({ microgrid: 1, source: "Solar", slot }),
      ),
    );
    return (await Promise.all(held)).reduce((sum, wh) => sum + wh, 0n);
  }
});
