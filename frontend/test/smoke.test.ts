import { readFileSync } from "node:fs";
import { localAccount } from "@wattline/community/simulation";
import { expect } from "chai";
import type { Browser } from "playwright-core";
import { numberToHex } from "viem";
import { freePort } from "../../scripts/testing/ports.ts";
import { SECURITY_HEADERS } from "../securityHeaders.ts";
import type { Network } from "../src/chain/config.ts";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots, VIEWPORTS } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openProxy } from "./support/proxy.ts";
import { scrollThrough } from "./support/scroll.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { connectWallet, injectWallet } from "./support/wallet.ts";

/** The pages, and a text that each shows once it has read the chain. */
const CONTENT = {
  market: /^€0\.1\d\/kWh$/,
  energy: "€50.00",
  microgrid: "Critical load",
  audit: "Verify everything",
} as const;

describe("The app over a community", function () {
  this.timeout(TEST_MS);
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

  /** Opens the page and connects a wallet. */
  async function visit(
    path: string,
    { network = stack.network, startsOn }: { network?: Network; startsOn?: number } = {},
  ) {
    const { context, watch } = await openContext(browser);
    const wallet = await injectWallet(context, network, {
      account: localAccount(2).account,
      ...(startsOn !== undefined && { startsOn }),
    });
    const page = await context.newPage();
    await page.goto(`${stack.url}/${path}`);
    await connectWallet(page);
    return { context, watch, page, wallet };
  }

  it("is served with headers that let no inline script run, and in no frame", async () => {
    const response = await fetch(stack.url);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      expect(response.headers.get(name), name).to.equal(value);
    }
    const html = await response.text();
    expect(html.match(/<script(?![^>]*\ssrc=)[^>]*>|\son\w+="/g)).to.equal(null);
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(stack.url);
    const ran = await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "document.documentElement.dataset.injected = 'yes'";
      document.head.append(script);
      return document.documentElement.dataset.injected;
    });
    expect(ran).to.equal(undefined);
    await context.close();
  });

  it("has its headers in the build and in the documentation for other hosts", async () => {
    const file = await (await fetch(`${stack.url}/_headers`)).text();
    const documented = readFileSync(new URL("../../docs/HOSTING.md", import.meta.url), "utf8");
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      expect(file).to.contain(`  ${name}: ${value}\n`);
      expect(documented).to.contain(`add_header ${name} "${value}" always;\n`);
    }
  });

  it("shows the orders announced on chain while no relay runs", async () => {
    const { context, watch } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(`${stack.url}/market`);
    await scrollThrough(page);
    const offers = page.getByRole("region", { name: "Offers", exact: true });
    await offers.getByText(CONTENT.market).filter({ visible: true }).first().waitFor();
    watch.assertNoFaults();
    await context.close();
  });

  it("connects a wallet that announces itself", async () => {
    const { page, wallet, watch, context } = await visit("energy");
    await page.getByText("In escrow", { exact: true }).waitFor();
    await page.getByText("€50.00").first().waitFor();
    expect(wallet.requests.map(({ method }) => method)).to.include("wallet_requestPermissions");
    watch.assertNoFaults();
    await context.close();
  });

  it("can be tried with the demo wallet, which asks first", async () => {
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
    watch.assertNoFaults();
    await context.close();
  });

  it("offers to switch a wallet that is on another network, and to add the network", async () => {
    const visited = await visit("market", { startsOn: 1 });
    const { page, wallet, watch, context } = visited;
    const { name, deployment, rpcUrl } = stack.network;
    await page.getByText("Your wallet is on another network.").waitFor();
    const button = page.getByRole("button", { name: `Switch to ${name}` });
    wallet.decline(true);
    await Promise.all([wallet.nextRequest("wallet_switchEthereumChain"), button.click()]);
    await button.waitFor();
    wallet.decline(false);
    wallet.forget(deployment.chainId);
    await button.click();
    await page.getByText("Your wallet is on another network.").waitFor({ state: "detached" });
    const added = wallet.requests.find(({ method }) => method === "wallet_addEthereumChain");
    expect(added?.params[0]).to.deep.include({
      chainId: numberToHex(deployment.chainId),
      chainName: name,
      rpcUrls: [rpcUrl],
    });
    await wallet.changeChain(page, 1);
    await button.waitFor();
    await button.click();
    await page.getByText("Your wallet is on another network.").waitFor({ state: "detached" });
    watch.assertNoFaults();
    await context.close();
  });

  it("works on every page without relay and indexer, and says what is down", async () => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    stack.setConfig({ networks: [{ ...stack.network, relayUrl: dead, indexerUrl: dead }] });
    try {
      const { page, context, watch } = await visit("market");
      for (const [name, shown] of Object.entries(CONTENT)) {
        await page.goto(`${stack.url}/${name}`);
        await page.getByText("The order book does not answer.").waitFor();
        await page.getByText("The indexer does not answer.").waitFor();
        await page.getByRole("main").getByText(shown).first().waitFor();
      }
      expect(watch.foreignRequests).to.deep.equal([]);
      await context.close();
    } finally {
      stack.setConfig({ networks: [stack.network] });
    }
  });

  it("says on every page that the chain is down, and recovers with it", async () => {
    const proxy = await openProxy(await freePort(), stack.network.rpcUrl);
    const behindProxy = { ...stack.network, rpcUrl: proxy.url };
    stack.setConfig({ networks: [behindProxy] });
    try {
      const { page, context, watch } = await visit("market", { network: behindProxy });
      const down = page.getByText(`${stack.network.name} does not answer.`);
      for (const [name, shown] of Object.entries(CONTENT)) {
        await page.goto(`${stack.url}/${name}`);
        const content = page.getByRole("main").getByText(shown).first();
        await content.waitFor();
        await proxy.stop();
        await down.waitFor();
        expect(await content.isVisible(), "what was read stays").to.equal(true);
        await proxy.start();
        await down.waitFor({ state: "detached" });
      }
      // A page that is first opened now says so, too.
      await proxy.stop();
      await page.goto(`${stack.url}/market`);
      await down.waitFor();
      await page.getByRole("heading", { level: 1 }).waitFor();
      await takeScreenshots(page, "chain-down");
      await proxy.start();
      await down.waitFor({ state: "detached" });
      await page.getByRole("main").getByText(CONTENT.market).first().waitFor();
      expect(watch.foreignRequests).to.deep.equal([]);
      await context.close();
    } finally {
      await proxy.stop();
      stack.setConfig({ networks: [stack.network] });
    }
  });

  it("is in German when the browser is", async () => {
    const { context, watch } = await openContext(browser, { locale: "de-DE" });
    const page = await context.newPage();
    await page.goto(`${stack.url}/market`);
    await page.getByRole("heading", { name: "Markt", exact: true }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).to.equal("de");
    watch.assertNoFaults();
    await context.close();
  });

  it("shows a page in the reader's language and theme before its script is loaded", async () => {
    const { context } = await openContext(browser, { locale: "de-AT", colorScheme: "dark" });
    await context.route("**/assets/*.js", () => undefined);
    const page = await context.newPage();
    for (const [path, title] of [
      ["", "Sonne von nebenan"],
      ["market", "Markt"],
      ["energy", "Meine Energie"],
      ["activity", "Aktivität"],
      ["autopilot", "Autopilot"],
      ["delivery", "Liefernachweise"],
      ["microgrid?microgrid=1", "Microgrid"],
      ["audit", "Prüfung"],
      ["gains", "Was hätte ich davon?"],
    ] as const) {
      await page.goto(`${stack.url}/${path}`, { waitUntil: "commit" });
      await page.locator("h1", { hasText: title }).waitFor();
      expect(await page.locator("html").getAttribute("data-theme")).to.equal("dark");
      // Buttons are inert until the script is there.
      expect(await page.locator("[inert] button").count()).to.equal(
        await page.locator("button").count(),
      );
    }
    await context.close();
  });

  it("starts in a browser that reports no paints, too", async () => {
    const { context, watch } = await openContext(browser);
    await context.addInitScript(() => {
      PerformanceObserver.prototype.observe = () => undefined;
    });
    const page = await context.newPage();
    await page.goto(`${stack.url}/market`);
    await page.getByRole("banner").getByRole("button", { name: "Connect wallet" }).click();
    await page.getByRole("dialog").waitFor();
    watch.assertNoFaults();
    await context.close();
  });

  it("lets the user choose among several networks by keyboard, and remembers the choice", async () => {
    const { network } = stack;
    const other = {
      ...network,
      name: "Another chain",
      rpcUrl: `http://127.0.0.1:${await freePort()}`,
    };
    const deployment = { ...network.deployment, chainId: 31_338 };
    stack.setConfig({ networks: [network, { ...other, deployment }] });
    try {
      const { page, wallet, context } = await visit("market");
      await page.getByRole("main").getByText(CONTENT.market).first().waitFor();
      const choice = page.getByRole("banner").getByLabel("Network");
      await takeScreenshots(page, "networks");
      await page.setViewportSize(VIEWPORTS.phone);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.equal(390);
      expect(await violationsOf(page, "header")).to.deep.equal([]);
      await page.setViewportSize(VIEWPORTS.desktop);
      await choice.focus();
      await page.keyboard.type("Another");
      await page.getByText("Another chain does not answer.").waitFor();
      await page.getByRole("button", { name: "Switch to Another chain" }).waitFor();
      await page.reload();
      await page.getByText("Another chain does not answer.").waitFor();
      expect(await choice.inputValue()).to.equal("31338");
      await choice.selectOption(network.name);
      await page.getByRole("main").getByText(CONTENT.market).first().waitFor();
      expect(wallet.requests.map(({ method }) => method)).not.to.include(
        "wallet_switchEthereumChain",
      );
      await context.close();
    } finally {
      stack.setConfig({ networks: [network] });
    }
    const { page, context } = await visit("market");
    expect(await page.getByRole("banner").getByLabel("Network").count()).to.equal(0);
    await context.close();
  });

  it("says what is wrong with a malformed /wattline.json", async () => {
    const { context } = await openContext(browser);
    const page = await context.newPage();
    stack.setConfig({ networks: [{ ...stack.network, rpcUrl: "nowhere" }] });
    try {
      await page.goto(stack.url);
      await page.getByText(/networks\.0\.rpcUrl/).waitFor();
      stack.setConfig({ networks: [stack.network, stack.network] });
      await page.reload();
      await page.getByText(/two networks with the chain id 31337/).waitFor();
    } finally {
      stack.setConfig({ networks: [stack.network] });
    }
    await context.close();
  });

  for (const [name, shown] of Object.entries(CONTENT)) {
    it(`has no WCAG 2.2 AA violation in ${name}, in either theme, with a wallet`, async () => {
      const { page, watch, context } = await visit(name);
      await page.getByRole("main").getByText(shown).first().waitFor();
      await scrollThrough(page);
      expect(await violationsOf(page)).to.deep.equal([]);
      await takeScreenshots(page, name);
      watch.assertNoFaults();
      await context.close();
    });
  }
});
