import { localAccount } from "@wattline/community/simulation";
import { MILLIS_PER_UNIT } from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { type Address, getAddress, type Hex } from "viem";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext } from "./support/browser.ts";
import { callsIn } from "./support/calls.ts";
import { TEST_MS } from "./support/limits.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";
import { connectWallet, injectWallet, type Quirks, type TestWallet } from "./support/wallet.ts";

/** The label of the field that deposits. */
const DEPOSIT = "From your wallet into escrow";
const EURO = 1_000_000n;
/** A euro as the escrow counts it. */
const EURO_MILLIS = EURO * MILLIS_PER_UNIT;
type Context = Awaited<ReturnType<typeof openContext>>["context"];

describe("Wallets as they are", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  const opened: Context[] = [];

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    const { wattline, community } = stack;
    const [jane] = community.households;
    if (jane === undefined) throw new Error("The town has no home.");
    await wattline.send(jane.address, (o) =>
      wattline.euro.connect(jane.signer).mint(jane.address, 1_000n * EURO, o),
    );
  });
  afterEach(async () => {
    for (const context of opened.splice(0)) await context.close();
    stack.setConfig({ networks: [stack.network] });
  });
  after(async () => {
    await browser?.close();
    await stack?.close();
  });

  /** Jane opens a page with her wallet, and connects it. */
  async function visit(
    path: string,
    quirks: Partial<Quirks> = {},
    { row, ...options }: Partial<Parameters<typeof injectWallet>[2]> & { row?: string } = {},
  ): Promise<{ page: Page; wallet: TestWallet }> {
    const { context } = await openContext(browser);
    opened.push(context);
    const wallet = await injectWallet(context, stack.network, {
      account: localAccount(2).account,
      quirks,
      ...options,
    });
    const page = await context.newPage();
    await page.goto(`${stack.url}/${path}`);
    await connectWallet(page, row);
    return { page, wallet };
  }

  const escrow = async ({
    currency = stack.wattline.addresses.euro,
    holder = localAccount(2).account.address,
  } = {}): Promise<bigint> => {
    const { balance } = await stack.wattline.marketplace.accountOf(currency, holder);
    return balance;
  };

  async function deposit(page: Page, amount: string): Promise<void> {
    await page.getByLabel(DEPOSIT).fill(amount);
    await page.getByRole("button", { name: "Deposit", exact: true }).click();
  }

  /** Waits until a deposit is through: its form is empty again. */
  const deposited = (page: Page) =>
    until(async () => (await page.getByLabel(DEPOSIT).inputValue()) === "");

  const rpc = (method: string, params: unknown[] = []) =>
    stack.chain.ethers.provider.send(method, params);

  it("are found in the page where none announces itself, and once where one does so twice", async () => {
    const { wallet } = await visit(
      "energy?tab=money",
      { announced: "injected only" },
      { row: "Wallet of this browser" },
    );
    expect(wallet.requests.map(({ method }) => method)).to.include("wallet_requestPermissions");

    const { context } = await openContext(browser);
    opened.push(context);
    await injectWallet(context, stack.network, {
      account: localAccount(2).account,
      quirks: { announced: "twice" },
    });
    const page = await context.newPage();
    await page.goto(`${stack.url}/energy`);
    await page.getByRole("banner").getByRole("button", { name: "Connect wallet" }).click();
    const rows = page.getByRole("dialog").getByRole("button", { name: "Test Wallet" });
    await rows.first().waitFor();
    expect(await rows.count()).to.equal(1);
  });

  for (const [name, refusal] of Object.entries({
    "by code -32000": { code: -32_000, message: "User rejected the transaction" },
    "by a code within": { code: -32_603, message: "Internal error", data: { code: 4001 } },
    "by words": { message: "Cancelled by user" },
    "by the device": { message: "Ledger device: (denied by the user?) (0x6985)" },
  })) {
    it(`decline ${name}, and are asked once`, async () => {
      const { page, wallet } = await visit("energy?tab=money");
      wallet.quirks.refusal = refusal;
      await page.getByLabel("From escrow into your wallet").fill("1");
      await page.getByRole("button", { name: "Withdraw", exact: true }).click();
      await page.getByText("You declined it in your wallet. Nothing was sent.").waitFor();
      expect(wallet.transactions()).to.have.length(1);
    });
  }

  it("have their other words folded beneath words that help", async () => {
    const { page, wallet } = await visit("energy?tab=money");
    const message = "Ledger device: Invalid data received (0x6a80)";
    wallet.quirks.refusal = { message };
    await page.getByLabel("From escrow into your wallet").fill("1");
    await page.getByRole("button", { name: "Withdraw", exact: true }).click();
    // The message stays for as long as the pointer is on it.
    await page.getByText(/Allow blind signing in the settings of its Ethereum app/).hover();
    const raw = page.getByText(message);
    expect(await raw.isVisible()).to.equal(false);
    await page.getByText("In its own words").click();
    await raw.waitFor({ state: "visible" });
    expect(await violationsOf(page, "[data-sonner-toast]")).to.deep.equal([]);
  });

  it("are not asked for a signature while they are on another network", async () => {
    const { page, wallet } = await visit("energy?tab=money", {}, { startsOn: 1 });
    await deposit(page, "1");
    await page.getByText(/Your wallet is on another network: switch it to/).waitFor();
    expect(wallet.typedData()).to.deep.equal([]);
  });

  for (const signatures of ["v of 0 or 1", "compact", "high s"] as const) {
    it(`may write signatures with ${signatures}`, async () => {
      const { page } = await visit("energy?tab=money", { signatures });
      const before = await escrow();
      await deposit(page, "1");
      await deposited(page);
      expect((await escrow()) - before).to.equal(EURO_MILLIS);
    });
  }

  for (const refusal of [
    { code: 5750, message: "User rejected the upgrade" },
    { code: 5760, message: "Atomicity is not supported" },
    { code: 4200, message: "Unsupported method" },
    { code: -32_603, message: "Internal error" },
  ]) {
    it(`may refuse to bundle calls (${refusal.code}): then one after another, and not asked again`, async () => {
      const { page, wallet } = await visit("energy?tab=money", { upgradeRefusal: refusal });
      const before = await escrow();
      await deposit(page, "1");
      await deposited(page);
      await deposit(page, "2");
      await deposited(page);
      expect((await escrow()) - before).to.equal(3n * EURO_MILLIS);
      expect(wallet.bundles()).to.have.length(1);
    });
  }

  it("may be slow to tell that they bundle calls: they are asked for one bundle all the same", async () => {
    const told = Promise.withResolvers<void>();
    const { page, wallet } = await visit("energy?tab=money", {
      tellsCapabilitiesAfter: told.promise,
      upgradeRefusal: { code: 5750, message: "User rejected the upgrade" },
    });
    await deposit(page, "1");
    told.resolve();
    await deposited(page);
    expect(wallet.bundles()).to.have.length(1);
  });

  describe("that let a paymaster pay", () => {
    const paymasterUrl = "https://paymaster.example/rpc";
    let contract: Address;

    before(async () => {
      const { ethers } = stack.chain;
      const deployed = await (await ethers.deployContract("ContractWallet")).waitForDeployment();
      contract = getAddress(await deployed.getAddress());
      await (await deployed.getFunction("setUp")(localAccount(2).account.address, 0)).wait();
      const euro = await ethers.getContractAt("TestEuro", stack.wattline.addresses.euro);
      await (await euro.getFunction("mint")(contract, 100n * EURO)).wait();
    });

    /** Jane's smart account deposits two euros and withdraws one. */
    async function depositAndWithdraw(named: string | undefined, usesPaymasters: boolean) {
      stack.setConfig({ networks: [{ ...stack.network, ...(named && { paymasterUrl: named }) }] });
      const { page, wallet } = await visit("energy?tab=money", { usesPaymasters }, { contract });
      const before = await escrow({ holder: contract });
      await deposit(page, "2");
      await deposited(page);
      await page.getByLabel("From escrow into your wallet").fill("1");
      await page.getByRole("button", { name: "Withdraw", exact: true }).click();
      await until(async () => (await escrow({ holder: contract })) - before === EURO_MILLIS);
      return wallet;
    }

    it("are told of the host's, for a bundle and for a single call", async () => {
      const wallet = await depositAndWithdraw(paymasterUrl, true);
      expect(wallet.transactions()).to.deep.equal([]);
      expect(wallet.bundles().map(({ calls }) => calls.length)).to.deep.equal([2, 1]);
      for (const { capabilities } of wallet.bundles()) {
        expect(capabilities).to.deep.equal({
          paymasterService: { url: paymasterUrl, optional: true },
        });
      }
    });

    for (const [name, named, usesPaymasters] of [
      ["the host names none", undefined, true],
      ["they use none", paymasterUrl, false],
    ] as const) {
      it(`are told of none where ${name}: a single call is a transaction`, async () => {
        const wallet = await depositAndWithdraw(named, usesPaymasters);
        expect(wallet.transactions()).to.have.length(1);
        expect(wallet.bundles().map(({ capabilities }) => capabilities)).to.deep.equal([undefined]);
      });
    }
  });

  describe("with a currency", () => {
    /** Puts the page onto another currency, of which Jane has 100. */
    async function openCurrency(contract: string): Promise<Address> {
      const { ethers } = stack.chain;
      const token = await (await ethers.deployContract(contract)).waitForDeployment();
      const address = getAddress(await token.getAddress());
      await (await token.getFunction("mint")(localAccount(2).account.address, 100n * EURO)).wait();
      stack.setConfig({
        networks: [
          { ...stack.network, currency: { ...stack.network.currency, address, name: "Odd" } },
        ],
      });
      return address;
    }

    it("whose permits are in a domain of version 2 that it does not describe, deposit with a permit", async () => {
      const currency = await openCurrency("VersionTwoToken");
      const { page, wallet } = await visit("energy?tab=money");
      await deposit(page, "1");
      await deposited(page);
      expect(await escrow({ currency })).to.equal(EURO_MILLIS);
      expect(wallet.typedData().map(({ domain }) => domain.version)).to.deep.equal(["2"]);
      expect(wallet.transactions()).to.have.length(1);
    });

    it("that takes authorizations (ERC-3009), deposit with one signature that anyone could submit", async () => {
      const currency = await openCurrency("TestEuro3009");
      const { page, wallet } = await visit("energy?tab=money");
      await deposit(page, "1");
      await deposited(page);
      expect(await escrow({ currency })).to.equal(EURO_MILLIS);
      const [authorization, ...others] = wallet.typedData();
      expect(others).to.deep.equal([]);
      expect(authorization?.primaryType).to.equal("ReceiveWithAuthorization");
      const { from, to, value } = authorization?.message ?? {};
      expect([from, to].map((who) => getAddress(String(who)))).to.deep.equal([
        localAccount(2).account.address,
        getAddress(stack.wattline.addresses.marketplace),
      ]);
      expect(String(value)).to.equal(String(EURO));
      const [sent, ...more] = wallet.transactions();
      expect(more).to.deep.equal([]);
      expect(callsIn(sent?.data ?? "0x").map(({ functionName }) => functionName)).to.deep.equal([
        "depositWithAuthorization",
      ]);
    });

    it("whose permits are for all or nothing, approve and deposit", async () => {
      const currency = await openCurrency("AllOrNothingToken");
      const { page, wallet } = await visit("energy?tab=money");
      await deposit(page, "1");
      await deposited(page);
      expect(await escrow({ currency })).to.equal(EURO_MILLIS);
      expect(wallet.typedData()).to.deep.equal([]);
      expect(wallet.transactions()).to.have.length(2);
    });

    it("that wants an allowance reset first, use what an interrupted deposit has left or reset it", async () => {
      const currency = await openCurrency("ResetFirstToken");
      const { page, wallet } = await visit("energy?tab=money");
      await deposit(page, "3");
      await deposited(page);
      const token = await stack.chain.ethers.getContractAt("ResetFirstToken", currency);
      const jane = localAccount(2).account.address;
      const allowance = () =>
        token.getFunction("allowance")(jane, stack.wattline.addresses.marketplace);

      // The approval goes through, and the deposit is declined.
      const approval = wallet.hesitate();
      await deposit(page, "5");
      await approval.asked;
      wallet.decline(true);
      approval.decide();
      await page.getByText(/You declined the rest in your wallet/).waitFor();
      wallet.decline(false);
      expect(await allowance()).to.equal(5n * EURO);

      await deposit(page, "4");
      await deposited(page);
      expect(await escrow({ currency })).to.equal(7n * EURO_MILLIS);
      expect(await allowance()).to.equal(1n * EURO);

      await deposit(page, "2");
      await deposited(page);
      expect(await escrow({ currency })).to.equal(9n * EURO_MILLIS);
    });
  });

  describe("when a transaction is replaced", () => {
    beforeEach(() => rpc("evm_setAutomine", [false]));
    afterEach(async () => {
      await rpc("evm_setAutomine", [true]);
      await rpc("evm_mine");
    });

    async function withdraw(how: "speed up" | "cancel" | "replace") {
      const { page, wallet } = await visit("energy?tab=money");
      const before = await escrow();
      await page.getByLabel("From escrow into your wallet").fill("1");
      await page.getByRole("button", { name: "Withdraw", exact: true }).click();
      await page.getByText("Sent. Waiting for the chain…").waitFor();
      // The page has to have seen it wait.
      await page.waitForFunction(() =>
        JSON.parse(localStorage.getItem("wattline.pending") ?? "[]").some(
          ({ nonce }: { nonce?: number }) => nonce !== undefined,
        ),
      );
      await wallet.replaceLast(how);
      await rpc("evm_mine");
      return { page, before };
    }

    it("says that it was cancelled, and not that it is done", async () => {
      const { page, before } = await withdraw("cancel");
      await page.getByText(/You cancelled it in your wallet/).waitFor();
      expect(await escrow()).to.equal(before);
      expect(await page.getByText("Done.").count()).to.equal(0);
    });

    it("is done when it was sped up", async () => {
      const { page, before } = await withdraw("speed up");
      await page.getByText("Done: your wallet sped it up.").waitFor();
      expect(before - (await escrow())).to.equal(EURO_MILLIS);
    });

    it("says that another one took its place", async () => {
      const { page, before } = await withdraw("replace");
      await page.getByText(/sent another transaction in its place/).waitFor();
      expect(await escrow()).to.equal(before);
    });
  });

  describe("may have sent something before the page was loaded", () => {
    const hash: Hex = `0x${"ab".repeat(32)}`;

    /** Opens a page that remembers something sent, on this chain but for what `on` says. */
    async function openWithPending(on: { genesis?: string | undefined; marketplace?: string }) {
      const { deployment } = stack.network;
      const { hash: genesis } = (await stack.chain.ethers.provider.getBlock(0)) ?? {};
      const pending = {
        id: hash,
        kind: "transaction",
        chainId: deployment.chainId,
        genesis,
        marketplace: deployment.marketplace,
        from: localAccount(2).account.address,
        title: "Deposit €5.00",
        ...on,
      };
      const localStorage = [{ name: "wattline.pending", value: JSON.stringify([pending]) }];
      const { context } = await openContext(browser, {
        storageState: { cookies: [], origins: [{ origin: stack.url, localStorage }] },
      });
      opened.push(context);
      return context.newPage();
    }
    const remembered = (page: Page): Promise<{ id: string }[]> =>
      page.evaluate(() => JSON.parse(localStorage.getItem("wattline.pending") ?? "[]"));

    for (const [where, on] of Object.entries({
      "a chain with another first block": { genesis: hash },
      "a chain with another marketplace": { marketplace: `0x${"12".repeat(20)}` },
      "a chain that an earlier edition did not tell apart": { genesis: undefined },
    })) {
      it(`on ${where}: that is dropped, and the page says so`, async () => {
        const page = await openWithPending(on);
        // A message goes by itself, so the wait for it begins before the page is opened.
        await Promise.all([
          page.getByText(/It was sent on a chain that is not there any more/).waitFor(),
          page.goto(`${stack.url}/energy`),
        ]);
        expect(await remembered(page)).to.deep.equal([]);
      });
    }

    it("on this chain: that is followed", async () => {
      const page = await openWithPending({});
      await page.goto(`${stack.url}/energy`);
      await page.getByText("Sent. Waiting for the chain…").waitFor();
      expect((await remembered(page)).map(({ id }) => id)).to.deep.equal([hash]);
    });
  });
});
