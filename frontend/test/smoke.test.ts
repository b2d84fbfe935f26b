import { expect } from "chai";
import type { Browser } from "playwright-core";
import { localAccount } from "../../scripts/simulation/accounts.ts";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots } from "./support/browser.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { injectWallet } from "./support/wallet.ts";

const PAGES = ["market", "energy", "microgrid", "audit"] as const;

describe("The app over a community", function () {
  this.timeout(120_000);
  let stack: Stack;
  let browser: Browser;

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    const { community, trading, wattline, morning, CENT } = stack;
    const board = await wattline.chain.ethers.getContractAt("Board", wattline.addresses.board);
    const signed = await Promise.all(
      community.households
        .filter(({ series }) => series.capacityW > 0)
        .map((who, index) =>
          trading.sign(community, who, "offer", {
            firstSlot: morning.firstSlot,
            lastSlot: morning.lastSlot,
            pricePerKwh: (15n + BigInt(index)) * CENT,
          }),
        ),
    );
    await board.pin(
      signed.map(({ order }) => order),
      signed.map(({ signature }) => signature),
    );
  });

  after(async () => {
    await browser?.close();
    await stack?.close();
  });

  it("shows the orders announced on chain while no relay runs", async () => {
    const { context, watch } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(stack.url);
    const rows = page.getByRole("table").getByRole("row");
    await rows.nth(1).waitFor();
    expect(await rows.nth(1).textContent()).to.match(/€0\.1\d\/kWh/);
    expect(new URL(page.url()).pathname).to.equal("/market");
    watch.assertQuiet();
    await context.close();
  });

  it("connects a wallet that announces itself", async () => {
    const { context, watch } = await openContext(browser);
    const wallet = await injectWallet(context, {
      account: localAccount(2).account,
      rpcUrl: stack.network.rpcUrl,
      chainId: stack.network.deployment.chainId,
    });
    const page = await context.newPage();
    await page.goto(`${stack.url}/energy`);
    await page.getByRole("banner").getByRole("button", { name: "Connect wallet" }).click();
    await page.getByRole("button", { name: "Test Wallet" }).click();
    await page.getByText("In escrow").waitFor();
    await page.getByText("€50.00").waitFor();
    expect(wallet.requests.map(({ method }) => method)).to.include("wallet_requestPermissions");
    watch.assertQuiet();
    await context.close();
  });

  it("lets one try it with the demo wallet, which asks first", async () => {
    const { context, watch } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(`${stack.url}/energy`);
    await page.getByRole("banner").getByRole("button", { name: "Connect wallet" }).click();
    await page.getByRole("button", { name: /Demo wallet/ }).click();
    await page.getByRole("dialog", { name: "Connect to Wattline" }).waitFor();
    await takeScreenshots(page, "demo-confirm");
    await page.getByRole("button", { name: "Decline" }).click();
    await page.getByText("You declined in your wallet").waitFor();
    await page.getByRole("button", { name: /Demo wallet/ }).click();
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByRole("banner").getByRole("button", { name: "Jane" }).waitFor();
    watch.assertQuiet();
    await context.close();
  });

  it("sends a transaction: declined is no failure, and a refusal comes in words before anything is sent", async () => {
    const { context, watch } = await openContext(browser);
    const saver = stack.community.households.at(-1);
    if (saver === undefined) throw new Error("The community has no household.");
    const wallet = await injectWallet(context, {
      account: saver.account,
      rpcUrl: stack.network.rpcUrl,
      chainId: stack.network.deployment.chainId,
    });
    const page = await context.newPage();
    await page.goto(`${stack.url}/energy`);
    await page.getByRole("banner").getByRole("button", { name: "Connect wallet" }).click();
    await page.getByRole("button", { name: "Test Wallet" }).click();
    const withdraw = page.getByRole("button", { name: "Withdraw all" });
    wallet.decline(true);
    await withdraw.click();
    await page.getByText("You declined it in your wallet. Nothing was sent.").waitFor();
    wallet.decline(false);

    const { marketplace, addresses, send } = stack.wattline;
    const until = (await stack.chain.chainTime()) + 3_600;
    await send(saver.address, (o) =>
      marketplace.connect(saver.signer).lock(addresses.euro, until, o),
    );
    const before = wallet.requests.length;
    await withdraw.click();
    await page.getByText(/has promised not to withdraw before/).waitFor();
    const sent = wallet.requests.slice(before).map(({ method }) => method);
    expect(sent).not.to.include("eth_sendTransaction");

    await stack.chain.passTo(until + 1);
    await withdraw.click();
    await page.getByText("Done.").waitFor();
    await withdraw.waitFor({ state: "detached" });
    watch.assertQuiet();
    await context.close();
  });

  it("speaks German when the browser does", async () => {
    const { context, watch } = await openContext(browser, { locale: "de-DE" });
    const page = await context.newPage();
    await page.goto(stack.url);
    await page.getByRole("heading", { name: "Markt", exact: true }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).to.equal("de");
    watch.assertQuiet();
    await context.close();
  });

  it("says what is wrong with a malformed /wattline.json", async () => {
    const { context } = await openContext(browser);
    const page = await context.newPage();
    stack.say({ networks: [{ ...stack.network, rpcUrl: "nowhere" }] });
    try {
      await page.goto(stack.url);
      await page.getByText(/networks\.0\.rpcUrl/).waitFor();
    } finally {
      stack.say({ networks: [stack.network] });
    }
    await context.close();
  });

  for (const name of PAGES) {
    it(`has no WCAG 2.2 AA violation in ${name}, in either theme`, async () => {
      const { context, watch } = await openContext(browser);
      const page = await context.newPage();
      await page.goto(`${stack.url}/${name}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByRole("status").first().waitFor({ state: "detached" });
      expect(await violationsOf(page)).to.deep.equal([]);
      await takeScreenshots(page, name);
      watch.assertQuiet();
      await context.close();
    });
  }
});
