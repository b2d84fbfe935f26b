import { type Household, type LocalAccount, localAccount } from "@wattline/community/simulation";
import {
  MILLIS_PER_UNIT,
  marketDomain,
  marketplaceAbi,
  ORDER_TYPES,
  packProfile,
  SIDES,
  signedOrderFromJson,
  sourceIndex,
  sumWh,
  unpackProfile,
} from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";
import {
  type Address,
  createPublicClient,
  createWalletClient,
  decodeFunctionData,
  encodeFunctionData,
  erc20Abi,
  http,
  parseAbi,
  zeroAddress,
} from "viem";
import { hardhat } from "viem/chains";
import { inOneBlock } from "../../services/audit/test/support/oneBlock.ts";
import { openBrowser, openContext } from "./support/browser.ts";
import { callsIn } from "./support/calls.ts";
import { TEST_MS } from "./support/limits.ts";
import { openRelay } from "./support/relay.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { connectWallet, injectWallet, textsOf } from "./support/wallet.ts";

/** A local account without a home: its key signs for Dora's account, because the code there accepts it. */
const GUARDIAN = 32;
/** A local account that has code for one block only. */
const PASSING = 33;
const CODE_OF_A_DELEGATION = "0xef0100";
const walletAbi = parseAbi(["function setUp(address signer, uint8 answer)"]);

describe("An account with a key that runs a contract's code (EIP-7702)", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let relay: Awaited<ReturnType<typeof openRelay>>;
  /** The household with the account; it has solar panels. */
  let dora: Household;
  let neighbour: Household;
  /** Another household with solar panels. */
  let otherSeller: Household;
  const guardian: LocalAccount = localAccount(GUARDIAN);
  const contexts: BrowserContext[] = [];

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    relay = await openRelay(stack.network);
    stack.setConfig({ networks: [{ ...stack.network, relayUrl: relay.url }] });
    const { households } = stack.community;
    const [first, second] = households.filter((who) => who.series.capacityW > 0);
    const other = households.find((who) => who !== first && who !== second);
    if (first === undefined || second === undefined || other === undefined) {
      throw new Error("The microgrid has too few homes for this test.");
    }
    [dora, otherSeller, neighbour] = [first, second, other];
    await delegate();
  });

  after(async () => {
    await browser?.close();
    await relay?.close();
    await stack?.close();
  });

  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });

  /** Dora authorises the code, sets the key that it accepts, and withdraws her money. */
  async function delegate(): Promise<void> {
    const { chain, network, wattline } = stack;
    const owner = await chain.wallet(GUARDIAN);
    const deploying = await chain.ethers.deployContract("ContractWallet", owner.signer);
    const code = await deploying.waitForDeployment();
    const contractAddress = (await code.getAddress()) as Address;
    const transport = http(network.rpcUrl);
    const client = createWalletClient({ account: dora.account, chain: hardhat, transport });
    const reader = createPublicClient({ chain: hardhat, transport });
    const mined = async (hash: `0x${string}`) => {
      const { status } = await reader.waitForTransactionReceipt({ hash, pollingInterval: 50 });
      expect(status).to.equal("success");
    };
    const authorization = await client.signAuthorization({ contractAddress, executor: "self" });
    await mined(
      await client.sendTransaction({
        authorizationList: [authorization],
        to: dora.address,
        data: encodeFunctionData({ abi: walletAbi, args: [guardian.address, 0] }),
      }),
    );
    const { balance } = await wattline.marketplace.accountOf(wattline.addresses.euro, dora.address);
    await mined(
      await client.writeContract({
        address: wattline.addresses.marketplace,
        abi: marketplaceAbi,
        functionName: "withdraw",
        args: [wattline.addresses.euro, balance / MILLIS_PER_UNIT, dora.address],
      }),
    );
    expect(await reader.getCode({ address: dora.address })).to.equal(
      `${CODE_OF_A_DELEGATION}${contractAddress.slice(2).toLowerCase()}`,
    );
  }

  /** Opens a page with a wallet of Dora's account; `smart` when the wallet acts by the account's code. */
  async function visit(path: string, account: LocalAccount["account"], smart: boolean) {
    const { context, watch } = await openContext(browser);
    contexts.push(context);
    const wallet = await injectWallet(context, stack.network, {
      account,
      ...(smart && { contract: dora.address }),
    });
    const page = await context.newPage();
    await page.goto(stack.url + path);
    await connectWallet(page);
    return { watch, page, wallet };
  }

  /** Wh of the morning's solar energy that a holder has. */
  async function heldBy(holder: Address): Promise<bigint> {
    const { morning, wattline } = stack;
    const first = morning.firstSlot >> 3;
    const blocks = (morning.lastSlot >> 3) - first + 1;
    return sumWh(await wattline.energy.profileOf(holder, 1, 0, first, blocks));
  }

  /** Fills in the form and signs. @returns The order as the relay lists it. */
  async function offerInBrowser(page: Page, kWh: string, price: string) {
    await page.goto(`${stack.url}/market?do=sell`);
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Energy at most").fill(kWh);
    await dialog.getByLabel("Posted price", { exact: true }).fill(price);
    await dialog.getByRole("button", { name: "Sign the offer" }).click();
    await page
      .getByText(/is in the book/)
      .first()
      .waitFor();
    const { orders } = await relay.client.orders({ maker: dora.address });
    const listed = orders.find(({ order }) => order.energy === Number(kWh) * 1_000);
    if (listed === undefined) throw new Error("The relay does not list the offer.");
    return listed;
  }

  /** The neighbour buys 100 Wh of an offer on chain. */
  async function isBought(listed: Awaited<ReturnType<typeof offerInBrowser>>): Promise<void> {
    const { community, trading, wattline, morning } = stack;
    const firstBlock = morning.firstSlot >> 3;
    const words = await wattline.energy.profileOf(dora.address, 1, 0, firstBlock, 4);
    const { firstSlot, lastSlot } = listed.order;
    const [slot = 0] =
      [...unpackProfile({ firstBlock, words })].find(
        ([at, wh]) => at >= firstSlot && at <= lastSlot && wh >= 100n,
      ) ?? [];
    const before = await heldBy(neighbour.address);
    await trading.accept(
      community,
      neighbour,
      signedOrderFromJson(listed),
      new Map([[slot, 100n]]),
    );
    expect((await heldBy(neighbour.address)) - before).to.equal(100n);
  }

  it("sells by its own key", async () => {
    const { page, wallet, watch } = await visit("/market", dora.account, false);
    const listed = await offerInBrowser(page, "1", "0.17");
    expect(listed.signer).to.equal("maker");
    const [signed] = wallet.typedData();
    expect(textsOf(signed?.message ?? {})).to.include({ maker: dora.address, energy: "1000" });
    await isBought(listed);
    watch.assertNoFaults();
  });

  it("sells by a key that only its code accepts (ERC-1271)", async () => {
    const { page, wallet, watch } = await visit("/market", guardian.account, true);
    const listed = await offerInBrowser(page, "2", "0.16");
    expect(listed.signer).to.equal("wallet");
    const [signed] = wallet.typedData();
    expect(textsOf(signed?.message ?? {})).to.include({ maker: dora.address, energy: "2000" });
    await isBought(listed);
    watch.assertNoFaults();
  });

  it("withdraws an offer from the order book by either key", async () => {
    const { page, wallet, watch } = await visit("/energy?tab=orders", guardian.account, true);
    const rows = page.getByRole("listitem").filter({ hasText: "filled" });
    await rows.nth(1).waitFor();
    await rows.first().getByRole("button", { name: "Take back…" }).click();
    await page.getByRole("button", { name: "Take it off the book" }).click();
    // While the dialog is open, the rows have no role.
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await rows.nth(1).waitFor({ state: "detached" });
    expect(wallet.typedData().map(({ primaryType }) => primaryType)).to.deep.equal([
      "OrderWithdrawal",
    ]);
    watch.assertNoFaults();
  });

  it("buys with a permit of its own key, in one transaction", async () => {
    await offer(1_000n);
    const { page, wallet, watch } = await visit("/market", dora.account, false);
    const before = await heldBy(dora.address);
    await page.getByLabel("Energy", { exact: true }).fill("0.3");
    await page
      .getByText(
        /^€.* comes from your wallet, with a permit that you sign\. The rest is in escrow\.$/,
      )
      .waitFor();
    await page.getByRole("button", { name: /^Buy 300 Wh for €/ }).click();
    await page.getByText("You bought 300 Wh").waitFor();
    expect((await heldBy(dora.address)) - before).to.equal(300n);
    expect(wallet.typedData().map(({ primaryType }) => primaryType)).to.deep.equal(["Permit"]);
    const [transaction, ...others] = wallet.transactions();
    expect(others).to.deep.equal([]);
    expect(
      callsIn(transaction?.data ?? "0x").map(({ functionName }) => functionName),
    ).to.deep.equal(["depositWithPermit", "accept"]);
    watch.assertNoFaults();
  });

  it("buys by its code: approval, deposit and purchase as one bundle", async () => {
    await offer(1_000n);
    const { page, wallet, watch } = await visit("/market", dora.account, true);
    const before = await heldBy(dora.address);
    await page.getByLabel("Energy", { exact: true }).fill("0.4");
    await page.getByText(/comes from your wallet, confirmed together with the purchase/).waitFor();
    await page.getByRole("button", { name: /^Buy 400 Wh for €/ }).click();
    await page.getByText("You bought 400 Wh").waitFor();
    expect((await heldBy(dora.address)) - before).to.equal(400n);
    expect(wallet.typedData(), "one confirmation is enough").to.deep.equal([]);
    expect(wallet.transactions()).to.deep.equal([]);
    const abi = [...erc20Abi, ...marketplaceAbi];
    const calls = wallet.bundles().flatMap((bundle) => bundle.calls);
    expect(calls.map(({ data }) => decodeFunctionData({ abi, data }).functionName)).to.deep.equal([
      "approve",
      "deposit",
      "accept",
    ]);
    watch.assertNoFaults();
  });

  it("is shown as having accepted an order, though its code was there for one block only", async () => {
    const { chain, wattline, morning, trading, community, network } = stack;
    const { marketplace, euro, addresses } = wattline;
    const [passing, helper] = [await chain.wallet(PASSING), await chain.wallet(GUARDIAN)];
    const { address, signer } = passing;
    const money = 1_000_000n;
    await wattline.send(address, (o) => euro.connect(signer).mint(address, money, o));
    await wattline.send(address, (o) =>
      euro.connect(signer).approve(addresses.marketplace, money, o),
    );
    await wattline.send(address, (o) =>
      marketplace.connect(signer).deposit(addresses.euro, money, o),
    );
    const { firstBlock, words } = takenFrom(
      await wattline.energy.profileOf(otherSeller.address, 1, 0, morning.firstSlot >> 3, 4),
    );
    const { order } = await trading.sign(community, otherSeller, "offer", {
      ...morning,
      pricePerKwh: 15n * stack.CENT,
    });
    const bid = {
      ...order,
      maker: passing.address,
      meter: zeroAddress,
      side: SIDES.indexOf("bid"),
    };
    const signature = await guardian.account.signTypedData({
      domain: marketDomain(network.deployment.chainId, network.deployment.marketplace),
      types: ORDER_TYPES,
      primaryType: "Order",
      message: bid,
    });
    const hash = await inOneBlock(chain, passing, guardian.address, helper, (fees) =>
      marketplace.connect(otherSeller.signer).accept(
        bid,
        signature,
        {
          microgrid: 1,
          meter: zeroAddress,
          source: sourceIndex("Solar"),
          schedule: 0,
          takerSchedule: 0,
          firstBlock,
          energy: [...words],
          leastWh: 1,
          limit: 0n,
          mostAhead: 0,
        },
        fees,
      ),
    );
    const { page, watch } = await visit(`/audit?tx=${hash}`, dora.account, false);
    await page.getByRole("region", { name: "Settlements" }).getByRole("button").first().click();
    await page.getByRole("dialog").getByText("Accepted by its wallet").waitFor();
    watch.assertNoFaults();

    /** The first slot in which the other household holds energy, and 50 Wh of it. */
    function takenFrom(held: readonly bigint[]) {
      const profile = unpackProfile({ firstBlock: morning.firstSlot >> 3, words: held });
      const [slot] = [...profile].find(([, wh]) => wh >= 50n) ?? [];
      if (slot === undefined) throw new Error("The other household holds no energy.");
      return packProfile(new Map([[slot, 50n]]));
    }
  });

  it("has a history without audit findings", async () => {
    const { page, watch } = await visit("/audit", dora.account, false);
    await page.getByRole("button", { name: "Verify everything" }).click();
    await page.getByText("All checks passed.").waitFor();
    watch.assertNoFaults();
  });

  /** The other household offers energy, cheaper than Dora. */
  async function offer(energyWh: bigint): Promise<void> {
    const { community, trading, morning, CENT } = stack;
    const terms = { ...morning, energyWh, pricePerKwh: 15n * CENT };
    await relay.post([await trading.sign(community, otherSeller, "offer", terms)]);
  }
});
