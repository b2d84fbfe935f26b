import { type Household, localAccount, signReading } from "@wattline/community/simulation";
import {
  ceilDiv,
  costMillis,
  localDayOf,
  MILLIS_PER_UNIT,
  marketplaceAbi,
  metersAbi,
  signedOrderFromJson,
  sumWh,
  unpackProfile,
} from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { type Address, decodeFunctionData, erc20Abi } from "viem";
import { openBrowser, openContext, type Watch } from "./support/browser.ts";
import { callsIn, onlyCall } from "./support/calls.ts";
import { TEST_MS } from "./support/limits.ts";
import { openRelay } from "./support/relay.ts";
import { settlePair } from "./support/settle.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { connectWallet, injectWallet, type TestWallet, textsOf } from "./support/wallet.ts";

interface Visit {
  readonly context: BrowserContext;
  readonly watch: Watch;
  readonly page: Page;
  readonly wallet: TestWallet;
}

const EURO = 1_000_000n;
/** A euro as the escrow counts it. */
const EURO_MILLIS = EURO * MILLIS_PER_UNIT;
const SLOTS_PER_HOUR = 4;
const PRICE = 170_000n;
/** A local account without a home, which owns a smart account. */
const OWNER = 31;

describe("Selling and buying with every kind of wallet", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let relay: Awaited<ReturnType<typeof openRelay>>;
  let jane: Household;
  let neighbour: Household;
  /** Another household with solar panels. */
  let otherSeller: Household;
  /** The smart account. */
  let contract: Address;
  /** Makes calls as the smart account. */
  let asContract: (calls: readonly { to: string; data: string }[]) => Promise<void>;
  const contexts: BrowserContext[] = [];

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    relay = await openRelay(stack.network);
    stack.setConfig({ networks: [{ ...stack.network, relayUrl: relay.url }] });
    const { wattline, community, chain, series } = stack;
    const { marketplace, addresses, euro, send } = wattline;
    const { households } = community;
    const [first, second] = households.filter((who) => who.series.capacityW > 0);
    const other = households.find((who) => who !== first && who !== second);
    if (first === undefined || second === undefined || other === undefined) {
      throw new Error("The microgrid has too few homes for this test.");
    }
    [jane, otherSeller, neighbour] = [first, second, other];
    await chain.passTo((series.firstSlot + 16 * SLOTS_PER_HOUR) * series.slotSeconds);

    // The money of the neighbour and of the smart account is in their wallets.
    const { balance } = await marketplace.accountOf(addresses.euro, neighbour.address);
    await send(neighbour.address, (o) =>
      marketplace
        .connect(neighbour.signer)
        .withdraw(addresses.euro, balance / MILLIS_PER_UNIT, neighbour.address, o),
    );
    const owner = await chain.wallet(OWNER);
    const deploying = await chain.ethers.deployContract("ContractWallet", owner.signer);
    const deployed = await deploying.waitForDeployment();
    await (await deployed.getFunction("setUp")(owner.address, 0)).wait();
    asContract = async (calls) => {
      const sent = await deployed.getFunction("executeAll")(
        calls.map(({ to, data }) => ({ to, data })),
      );
      await sent.wait();
    };
    contract = (await deployed.getAddress()) as Address;
    await send(jane.address, (o) => euro.connect(jane.signer).mint(contract, 20n * EURO, o));
  });

  after(async () => {
    await browser?.close();
    await relay?.close();
    await stack?.close();
  });

  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });

  async function visit(
    account: Household["account"],
    path: string,
    smart?: Address,
    bundles = smart !== undefined,
  ): Promise<Visit> {
    const { context, watch } = await openContext(browser);
    contexts.push(context);
    const wallet = await injectWallet(context, stack.network, {
      account,
      ...(smart && { contract: smart }),
      bundles,
    });
    const page = await context.newPage();
    await page.goto(stack.url + path);
    await connectWallet(page);
    return { context, watch, page, wallet };
  }

  const escrowOf = async (holder: Address): Promise<bigint> =>
    (await stack.wattline.marketplace.accountOf(stack.wattline.addresses.euro, holder)).balance;
  const inWallet = (holder: Address): Promise<bigint> => stack.wattline.euro.balanceOf(holder);

  /** Wh of the day's solar energy that a holder has. */
  async function heldBy(holder: Address): Promise<bigint> {
    const { series, wattline } = stack;
    const first = series.firstSlot >> 3;
    return sumWh(await wattline.energy.profileOf(holder, 1, 0, first, 13));
  }

  const domain = () => ({
    name: "Wattline",
    version: "2",
    chainId: String(stack.network.deployment.chainId),
    verifyingContract: stack.network.deployment.marketplace,
  });

  const mine = () => stack.chain.connection.provider.request({ method: "evm_mine", params: [] });
  const minesAtOnce = (on: boolean) =>
    stack.chain.connection.provider.request({ method: "evm_setAutomine", params: [on] });
  const stillPending = (page: Page) =>
    page.evaluate(() => JSON.parse(localStorage.getItem("wattline.pending") ?? "[]").length);

  /** Lets `act` send something, reloads the page before it is mined, and checks that the page still reports it. */
  async function reloadInTheMiddle(page: Page, title: string, act: () => Promise<void>) {
    const toast = page.getByRole("listitem").filter({ hasText: title });
    await minesAtOnce(false);
    try {
      await act();
      await toast.getByText("Sent. Waiting for the chain…").waitFor();
      await page.reload();
      await toast.getByText("Sent. Waiting for the chain…").waitFor();
      expect(await stillPending(page)).to.equal(1);
      await mine();
    } finally {
      await minesAtOnce(true);
    }
    await toast.getByText("Done.").waitFor();
    expect(await stillPending(page)).to.equal(0);
  }

  it("Jane mints, signs, her neighbour buys with a permit in one transaction, Jane withdraws", async () => {
    const { series, wattline, network } = stack;
    const [two, four] = [14 * SLOTS_PER_HOUR, 16 * SLOTS_PER_HOUR];
    const afternoon = new Map(
      jane.series.exportedWh
        .slice(two, four)
        .map((wh, index) => [series.firstSlot + two + index, wh]),
    );
    const mintedWh = [...afternoon.values()].reduce((sum, wh) => sum + wh, 0n);
    const { reading, signature } = await signReading(wattline, jane, afternoon);
    stack.serveFile("readings.json", {
      readings: [{ ...reading, exported: reading.exported.map(String), signature }],
    });
    const before = await heldBy(jane.address);
    const atHome = await visit(jane.account, "/energy");
    await atHome.page.getByRole("button", { name: /^Mint / }).click();
    await atHome.page.getByText(/No readings are waiting/).waitFor();
    expect((await heldBy(jane.address)) - before).to.equal(mintedWh);

    await atHome.page.goto(`${stack.url}/market?do=sell`);
    const dialog = atHome.page.getByRole("dialog");
    await dialog.getByLabel("Energy at most").fill("3");
    await dialog.getByLabel("Posted price", { exact: true }).fill("0.17");
    await dialog.getByRole("button", { name: "Sign the offer" }).click();
    await atHome.page
      .getByText(/is in the book/)
      .first()
      .waitFor();
    const [signed, ...more] = atHome.wallet.typedData();
    expect(more).to.deep.equal([]);
    expect(signed?.primaryType).to.equal("Order");
    expect(textsOf(signed?.domain ?? {})).to.deep.equal(domain());
    const [listed] = (await relay.client.orders({ maker: jane.address })).orders;
    if (listed === undefined) throw new Error("The relay lists no order of Jane's.");
    expect(textsOf(signed?.message ?? {})).to.deep.equal(textsOf(listed.order));
    expect(textsOf(listed.order)).to.deep.include({
      maker: jane.address,
      meter: jane.device.address,
      energy: "3000",
      price: String(PRICE),
    });

    const count = () => stack.chain.ethers.provider.getTransactionCount(neighbour.address);
    const [sentBefore, escrowBefore] = [await count(), await escrowOf(jane.address)];
    const heldBefore = await heldBy(neighbour.address);
    const nextDoor = await visit(neighbour.account, "/market");
    const amount = nextDoor.page.getByLabel("Energy", { exact: true });
    await amount.fill("2.5");
    await nextDoor.page.getByRole("button", { name: /^Buy 2\.5 kWh for €/ }).click();
    await nextDoor.page.getByText("You bought 2.5 kWh").waitFor();
    expect((await count()) - sentBefore).to.equal(1);
    expect((await heldBy(neighbour.address)) - heldBefore).to.equal(2_500n);
    const cost = (await escrowOf(jane.address)) - escrowBefore;
    expect(cost >= costMillis(PRICE, 2_500n)).to.equal(true);

    const [transaction, ...others] = nextDoor.wallet.transactions();
    if (transaction === undefined) throw new Error("The neighbour sent no transaction.");
    expect(others).to.deep.equal([]);
    expect(textsOf(transaction)).to.include({
      from: neighbour.address,
      to: network.deployment.marketplace,
    });
    const calls = callsIn(transaction.data);
    expect(calls.map(({ functionName }) => functionName)).to.deep.equal([
      "depositWithPermit",
      "accept",
    ]);
    const deposit = onlyCall(calls, "depositWithPermit");
    const [order, orderSignature, take] = onlyCall(calls, "accept").args;
    expect(textsOf(order)).to.deep.equal(textsOf(listed.order));
    expect(orderSignature).to.equal(listed.signature);
    const [permit, ...permits] = nextDoor.wallet.typedData();
    expect(permits).to.deep.equal([]);
    expect(permit?.primaryType).to.equal("Permit");
    expect(permit?.types.Permit).to.deep.equal([
      { name: "owner", type: "address" },
      { name: "spender", type: "address" },
      { name: "value", type: "uint256" },
      { name: "nonce", type: "uint256" },
      { name: "deadline", type: "uint256" },
    ]);
    expect(textsOf(permit?.domain ?? {})).to.deep.equal({
      name: "Test Euro",
      version: "1",
      chainId: String(network.deployment.chainId),
      verifyingContract: network.currency.address,
    });
    expect(textsOf(permit?.message ?? {})).to.deep.equal({
      owner: neighbour.address,
      spender: network.deployment.marketplace,
      // The limit is per kWh, all in.
      value: String(ceilDiv(costMillis(take.limit, 2_500n), MILLIS_PER_UNIT)),
      nonce: "1",
      deadline: String(deposit.args[3]),
    });

    await atHome.page.goto(`${stack.url}/energy?tab=money`);
    const inEscrow = await escrowOf(jane.address);
    const owned = await inWallet(jane.address);
    await atHome.page.getByLabel("From escrow into your wallet").fill("50.4");
    await atHome.page.getByRole("button", { name: "Withdraw", exact: true }).click();
    await atHome.page.getByText("Done.").first().waitFor();
    expect(inEscrow - (await escrowOf(jane.address))).to.equal(50_400_000n * MILLIS_PER_UNIT);
    expect((await inWallet(jane.address)) - owned).to.equal(50_400_000n);
    const did = atHome.wallet
      .transactions()
      .map(({ data }) => decodeFunctionData({ abi: [...metersAbi, ...marketplaceAbi], data }));
    expect(did.map(({ functionName }) => functionName)).to.deep.equal(["report", "withdraw"]);
    atHome.watch.assertNoFaults();
    nextDoor.watch.assertNoFaults();
  });

  it("still follows a transaction after the page is reloaded", async () => {
    const { page, wallet, watch } = await visit(neighbour.account, "/energy?tab=money");
    const before = await escrowOf(neighbour.address);
    await page.getByLabel("From your wallet into escrow").fill("3");
    await reloadInTheMiddle(page, "Deposit €3.00", () =>
      page.getByRole("button", { name: "Deposit", exact: true }).click(),
    );
    expect((await escrowOf(neighbour.address)) - before).to.equal(3n * EURO_MILLIS);
    expect(wallet.transactions()).to.have.lengthOf(1);
    watch.assertNoFaults();
  });

  it("buys by a smart account: approval, deposit and purchase as one bundle", async () => {
    await offer(2_000n);
    const before = await heldBy(contract);
    const { page, wallet, watch } = await visit(localAccount(OWNER).account, "/market", contract);
    await page.getByLabel("Energy", { exact: true }).fill("0.5");
    // The wallet has said what it can do.
    await page.getByText(/confirmed together with the purchase/).waitFor();
    await page.getByRole("button", { name: /^Buy 500 Wh for €/ }).click();
    await page.getByText("You bought 500 Wh").waitFor();
    expect((await heldBy(contract)) - before).to.equal(500n);
    expect(wallet.transactions()).to.deep.equal([]);
    expect(wallet.typedData(), "a contract signs no permit").to.deep.equal([]);
    const [bundle, ...others] = wallet.bundles();
    if (bundle === undefined) throw new Error("The wallet was asked for no bundle.");
    expect(others).to.deep.equal([]);
    expect(textsOf(bundle)).to.include({ from: contract, atomicRequired: "true" });
    const abi = [...erc20Abi, ...marketplaceAbi];
    expect(
      bundle.calls.map(({ data }) => decodeFunctionData({ abi, data }).functionName),
    ).to.deep.equal(["approve", "deposit", "accept"]);
    watch.assertNoFaults();
  });

  it("buys by a smart account whose wallet bundles nothing: an approval, then the purchase", async () => {
    await offer(2_000n);
    const before = await heldBy(contract);
    const { account } = localAccount(OWNER);
    const { page, wallet, watch } = await visit(account, "/market", contract, false);
    await page.getByLabel("Energy", { exact: true }).fill("0.6");
    await page.getByText(/^€.* comes from your wallet: you approve that first/).waitFor();
    await page.getByRole("button", { name: /^Buy 600 Wh for €/ }).click();
    await page.getByText("You bought 600 Wh").waitFor();
    expect((await heldBy(contract)) - before).to.equal(600n);
    expect(wallet.typedData(), "a contract signs no permit").to.deep.equal([]);
    const [approval, purchase, ...others] = wallet.transactions();
    expect(others).to.deep.equal([]);
    expect(
      decodeFunctionData({ abi: erc20Abi, data: approval?.data ?? "0x" }).functionName,
    ).to.equal("approve");
    expect(callsIn(purchase?.data ?? "0x").map(({ functionName }) => functionName)).to.deep.equal([
      "deposit",
      "accept",
    ]);
    watch.assertNoFaults();
  });

  it("still follows a bundle after the page is reloaded", async () => {
    const { page, watch } = await visit(localAccount(OWNER).account, "/energy?tab=money", contract);
    const before = await escrowOf(contract);
    await page.getByLabel("From your wallet into escrow").fill("5");
    await reloadInTheMiddle(page, "Deposit €5.00", () =>
      page.getByRole("button", { name: "Deposit", exact: true }).click(),
    );
    expect((await escrowOf(contract)) - before).to.equal(5n * EURO_MILLIS);
    watch.assertNoFaults();
  });

  it("bids by a smart account (ERC-1271), and its limit trades with a neighbour's offer", async () => {
    const { community, trading, wattline, morning, series } = stack;
    // Its money is deposited, whatever the earlier tests did.
    await asContract([
      await wattline.euro.approve.populateTransaction(wattline.addresses.marketplace, EURO),
      await wattline.marketplace.deposit.populateTransaction(wattline.addresses.euro, EURO),
    ]);
    const { page, wallet, watch } = await visit(localAccount(OWNER).account, "/market", contract);
    await page.goto(`${stack.url}/market?do=bid`);
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Energy at most").fill("1");
    await dialog.getByLabel("Limit", { exact: true }).fill("0.2");
    const day = localDayOf(morning.firstSlot * series.slotSeconds, "Europe/Berlin");
    await dialog.getByLabel("From", { exact: true }).fill(`${day}T00:00`);
    await dialog.getByLabel("Until", { exact: true }).fill(`${day}T23:45`);
    await dialog.getByRole("button", { name: "Sign the bid" }).click();
    await page
      .getByText(/is in the book/)
      .first()
      .waitFor();
    const [signed] = wallet.typedData();
    expect(textsOf(signed?.message ?? {})).to.deep.include({ maker: contract, side: "1" });
    const [bid] = (await relay.client.orders({ maker: contract })).orders;
    if (bid === undefined) throw new Error("The relay lists no bid of the smart account.");
    expect(bid.signer).to.equal("wallet");

    const before = await heldBy(contract);
    const firstBlock = morning.firstSlot >> 3;
    const words = await wattline.energy.profileOf(otherSeller.address, 1, 0, firstBlock, 4);
    const slot = [...unpackProfile({ firstBlock, words })].find(([, wh]) => wh >= 100n)?.[0] ?? 0;
    const sold = await trading.sign(community, otherSeller, "offer", {
      firstSlot: slot,
      pricePerKwh: 15n * stack.CENT,
    });
    const energyWh = new Map([[slot, 100n]]);
    await settlePair(stack, otherSeller, sold, signedOrderFromJson(bid), energyWh);
    expect((await heldBy(contract)) - before).to.equal(100n);
    watch.assertNoFaults();
  });

  /** The other household offers energy, cheaper than Jane. */
  async function offer(energyWh: bigint): Promise<void> {
    const { community, trading, morning } = stack;
    const signed = await trading.sign(community, otherSeller, "offer", {
      ...morning,
      energyWh,
      pricePerKwh: PRICE - stack.CENT,
    });
    await relay.post([signed]);
  }
});
