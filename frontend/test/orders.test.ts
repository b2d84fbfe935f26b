import { type Household, localAccount, OPERATOR } from "@wattline/community/simulation";
import {
  ANY_SOURCE,
  ANYONE,
  addDays,
  formatAmount,
  localDayOf,
  type SignedOrder,
  signedOrderFromJson,
  slotsOfWindow,
  sourceMask,
} from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, BrowserContext, Page, Route } from "playwright-core";
import { type Address, zeroAddress } from "viem";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots, type Watch } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openRelay } from "./support/relay.ts";
import { scrollThrough } from "./support/scroll.ts";
import { settlePair } from "./support/settle.ts";
import { openStack, type Stack } from "./support/stack.ts";
import {
  connectWallet,
  injectWallet,
  type ShownTypedData,
  type TestWallet,
  textsOf,
} from "./support/wallet.ts";

interface Visit {
  readonly context: BrowserContext;
  readonly watch: Watch;
  readonly page: Page;
  readonly wallet: TestWallet;
}

/** The time zone of the tests' browsers. */
const ZONE = "Europe/Berlin";
const DAY_SECONDS = 86_400;
/** Of an order: any place behind others. */
const ANY_AHEAD = 2n ** 31n - 1n;
/** A local account without a home. */
const NEWCOMER = 33;

describe("Signing orders", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let relay: Awaited<ReturnType<typeof openRelay>> | undefined;
  let jane: Visit;
  let neighbour: Visit;
  let seller: Household;
  let buyer: Household;
  let shelter: Household;

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    relay = await openRelay(stack.network);
    stack.setConfig({ networks: [{ ...stack.network, relayUrl: relay.url }] });
    const { households } = stack.community;
    const find = (fits: (who: Household) => boolean): Household => {
      const found = households.find(fits);
      if (found === undefined) throw new Error("The community lacks a home that the test needs.");
      return found;
    };
    shelter = find(({ critical }) => critical);
    seller = find(({ series, critical }) => series.capacityW > 0 && !critical);
    buyer = find((who) => who !== seller && who !== shelter);
    [jane, neighbour] = await Promise.all([visit(seller.account), visit(buyer.account)]);
  });

  after(async () => {
    await browser?.close();
    await relay?.close();
    await stack?.close();
  });

  /** Opens the page and connects a wallet. */
  async function visit(account: Household["account"]): Promise<Visit> {
    const { context, watch } = await openContext(browser);
    const wallet = await injectWallet(context, stack.network, { account });
    const page = await context.newPage();
    await page.goto(`${stack.url}/energy`);
    await connectWallet(page);
    await page.getByText("In escrow").first().waitFor();
    return { context, watch, page, wallet };
  }

  async function open({ page }: Visit, form: "sell" | "bid") {
    await page.goto(`${stack.url}/market?do=${form}`);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Sign the/ }).waitFor();
    return dialog;
  }

  /** Signs the form's order, and waits until the relay has it. */
  async function sign({ page, wallet }: Visit): Promise<ShownTypedData> {
    const before = wallet.typedData().length;
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Sign the/ })
      .click();
    await page
      .getByText(/(is|are) in the book/)
      .first()
      .waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const asked = wallet.typedData().slice(before);
    expect(asked).to.have.lengthOf(1);
    return asked[0] as ShownTypedData;
  }

  const bookOf = async (who: Household) => {
    const url = `${relay?.url}/orders?maker=${who.address}&limit=500`;
    const page: { orders: { hash: string; order: Record<string, unknown> }[] } = await (
      await fetch(url)
    ).json();
    return page.orders;
  };

  const domain = () => ({
    name: "Wattline",
    version: "2",
    chainId: String(stack.network.deployment.chainId),
    verifyingContract: stack.network.deployment.marketplace,
  });

  it("offers what the meter has minted, and the neighbour sees it at once", async () => {
    const { morning, series } = stack;
    const unsoldWh = seller.series.exportedWh
      .slice(morning.firstSlot - series.firstSlot, morning.lastSlot - series.firstSlot + 1)
      .reduce((sum, wh) => sum + wh, 0n);
    const { page } = neighbour;
    await page.goto(`${stack.url}/market`);
    await page.getByText("Live", { exact: true }).waitFor();
    await scrollThrough(page);

    const dialog = await open(jane, "sell");
    expect(await dialog.getByLabel("Energy at most").inputValue()).to.equal(
      formatAmount(unsoldWh, 3),
    );
    await dialog.getByLabel("Energy at most").fill("4.2");
    await dialog.getByLabel("Posted price", { exact: true }).fill("0.17");
    await dialog
      .getByText(
        /^You sell up to 4\.2 kWh of solar energy, today .* for €0\.17 per kWh, to anyone\. Valid until/,
      )
      .waitFor();
    expect(await violationsOf(jane.page)).to.deep.equal([]);
    await takeScreenshots(jane.page, "sell");

    const accepted = jane.page.waitForResponse(
      (response) => response.url().endsWith("/orders") && response.request().method() === "POST",
    );
    const signed = sign(jane);
    expect(await (await accepted).json()).to.have.nested.property("results[0].status", "accepted");
    await page.getByRole("table").getByText("€0.17/kWh").first().waitFor();

    const data = await signed;
    expect(textsOf(data.domain)).to.deep.equal(domain());
    expect(data.primaryType).to.equal("Order");
    const held = heldSlots(seller);
    expect(textsOf(data.message)).to.deep.equal({
      maker: seller.address,
      meter: seller.device.address,
      microgrid: "1",
      side: "0",
      sources: String(sourceMask("Solar")),
      firstSlot: String(held[0]),
      lastSlot: String(held.at(-1)),
      energy: "4200",
      price: "170000",
      forward: "false",
      bond: "0",
      mostAhead: String(ANY_AHEAD),
      crosses: "true",
      counterparty: zeroAddress,
      settler: zeroAddress,
      nonce: "0",
      counter: "0",
      deadline: String(((held.at(-1) ?? 0) + 1) * series.slotSeconds + DAY_SECONDS),
    });
    const { requests } = jane.wallet;
    expect(requests.map(({ method }) => method)).not.to.include("eth_sendTransaction");
    neighbour.watch.assertNoFaults();
  });

  /** Slots of the morning in which a home exported. */
  const heldSlots = (who: Household): number[] => {
    const { morning, series } = stack;
    const slots = Array.from(
      { length: morning.lastSlot - morning.firstSlot + 1 },
      (_, index) => morning.firstSlot + index,
    );
    return slots.filter((slot) => (who.series.exportedWh[slot - series.firstSlot] ?? 0n) > 0n);
  };

  it("bids for energy of any source, for the bidder's own meter", async () => {
    const dialog = await open(neighbour, "bid");
    expect(await violationsOf(neighbour.page)).to.deep.equal([]);
    await takeScreenshots(neighbour.page, "bid");
    await dialog.getByLabel("Energy at most").fill("1,5");
    await dialog.getByLabel("Limit", { exact: true }).fill("0.2");
    await dialog.getByLabel("From", { exact: true }).fill(localText(11));
    await dialog.getByLabel("Until", { exact: true }).fill(localText(13));
    const { message } = await sign(neighbour);
    const { firstSlot, lastSlot } = slotsBetween(11, 13);
    expect(textsOf(message)).to.deep.include({
      maker: buyer.address,
      meter: buyer.device.address,
      side: "1",
      sources: String(ANY_SOURCE),
      firstSlot: String(firstSlot),
      lastSlot: String(lastSlot),
      energy: "1500",
      price: "200000",
      forward: "false",
      bond: "0",
      crosses: "false",
      settler: ANYONE,
    });
  });

  /** The stack's day in the browsers' time zone, or a later day. */
  const dayOf = (after = 0): string => {
    const { firstSlot, slotSeconds } = stack.series;
    return addDays(localDayOf(firstSlot * slotSeconds, ZONE), after);
  };
  const clock = (hour: number) => `${String(hour).padStart(2, "0")}:00`;
  const localText = (hour: number): string => `${dayOf()}T${clock(hour)}`;
  /** The slots between two hours in that time zone. */
  const slotsBetween = (from: number, to: number, after = 0) =>
    slotsOfWindow(dayOf(after), clock(from), clock(to), ZONE, stack.series.slotSeconds);

  it("signs a week of different prices with one prompt", async () => {
    const dialog = await open(jane, "sell");
    await dialog.getByText("Energy to come").click();
    await dialog.getByText("A week of prices").click();
    const price = (part: string) => dialog.getByLabel(new RegExp(`^Price on .*, ${part} o'clock`));
    await price("10 to 14").first().fill("0.14");
    await price("14 to 18").first().fill("0.18");
    await dialog.getByRole("button", { name: "Every day as the first" }).click();
    await price("10 to 14").nth(6).fill("0.12");
    await dialog.getByLabel("kWh a day, 10 to 14 o'clock").fill("5");
    await dialog.getByLabel("kWh a day, 14 to 18 o'clock").fill("3");
    await dialog.getByLabel(/^Bond/).fill("0.05");
    await dialog.getByText(/With one signature you sign 14 offers: up to 56 kWh/).waitFor();
    expect(await violationsOf(jane.page)).to.deep.equal([]);
    await takeScreenshots(jane.page, "sell-week");
    const before = (await bookOf(seller)).length;

    const data = await sign(jane);
    expect(data.primaryType).to.equal("BulkOrder");
    expect(data.types.BulkOrder).to.deep.equal([{ name: "tree", type: "Order[2][2][2][2]" }]);
    const leaves = leavesOf(data.message.tree).map(textsOf);
    expect(leaves).to.have.lengthOf(16);
    const signed = leaves.slice(0, 14);
    // The tree is padded with the last order.
    expect(leaves.slice(14)).to.deep.equal([signed[13], signed[13]]);
    expect(signed.map((order) => order.price)).to.deep.equal([
      ...Array.from({ length: 6 }, () => ["140000", "180000"]).flat(),
      "120000",
      "180000",
    ]);
    const { firstSlot, lastSlot } = slotsBetween(10, 14, 1);
    expect(signed[0]).to.deep.include({
      maker: seller.address,
      meter: seller.device.address,
      side: "0",
      firstSlot: String(firstSlot),
      lastSlot: String(lastSlot),
      energy: "5000",
      forward: "true",
      bond: "50000",
      deadline: String(lastSlot * stack.series.slotSeconds - 1),
    });
    expect(new Set(signed.map((order) => order.nonce)).size).to.equal(14);
    expect(await bookOf(seller)).to.have.lengthOf(before + 14);
  });

  it("gives energy to the shelter alone, as a gift", async () => {
    const dialog = await open(jane, "sell");
    const label =
      (await dialog
        .getByRole("option", { name: /critical load/ })
        .first()
        .textContent()) ?? "";
    await dialog.getByLabel("To", { exact: true }).selectOption({ label });
    await dialog.getByRole("button", { name: "Make it a gift" }).click();
    await dialog.getByLabel("Energy at most").fill("1");
    await dialog
      .getByText(/^You give up to 1 kWh of solar energy, .* alone, as a gift\./)
      .waitFor();
    const { message } = await sign(jane);
    expect(textsOf(message)).to.deep.include({
      price: "0",
      counterparty: shelter.address,
      energy: "1000",
    });
  });

  it("explains at the field what is wrong", async () => {
    const dialog = await open(jane, "sell");
    await dialog.getByLabel("Energy at most").fill("much");
    await dialog.getByLabel("Posted price", { exact: true }).fill("-1");
    await dialog.getByLabel("Until", { exact: true }).fill(localText(3));
    await dialog.getByLabel("To", { exact: true }).selectOption("other");
    await dialog.getByLabel("Their address").fill("Bob");
    await dialog.getByRole("button", { name: "Sign the offer" }).click();
    await dialog.getByText(/^Write how many kWh/).waitFor();
    await dialog.getByText(/^Write a price per kWh/).waitFor();
    await dialog.getByText("The end has to come after the beginning.").waitFor();
    await dialog.getByText(/^Write somebody else's address/).waitFor();
    const energy = dialog.getByLabel("Energy at most");
    expect(await energy.getAttribute("aria-invalid")).to.equal("true");
    await energy.fill("1");
    await dialog.getByText(/^Write how many kWh/).waitFor({ state: "detached" });
    expect(await energy.getAttribute("aria-invalid")).to.equal(null);
  });

  it("shows at the field what the relay refuses", async () => {
    const dialog = await open(jane, "sell");
    const before = jane.wallet.typedData().length;
    await dialog.getByLabel("Until", { exact: true }).fill(`${dayOf(60)}T12:00`);
    await dialog.getByRole("button", { name: "Sign the offer" }).click();
    await dialog.getByText(/^The offers book takes no offer over so many delivery slots/).waitFor();
    const until = dialog.getByLabel("Until", { exact: true });
    expect(await until.getAttribute("aria-invalid")).to.equal("true");
    expect(jane.wallet.typedData()).to.have.lengthOf(before + 1);
  });

  it("explains that a bid without money is refused, before anything is signed", async () => {
    const poor = await visit(localAccount(OPERATOR).account);
    const dialog = await open(poor, "bid");
    await dialog.getByRole("button", { name: "Sign the bid" }).click();
    await dialog.getByText(/^You have €0\.00 in escrow/).waitFor();
    expect(poor.wallet.typedData()).to.deep.equal([]);
    await poor.context.close();
  });

  it("deposits the money for a bid from within the form", async () => {
    const { wattline, chain, network } = stack;
    const newcomer = await chain.wallet(NEWCOMER);
    await wattline.send(newcomer.address, (o) =>
      wattline.euro.connect(newcomer.signer).mint(newcomer.address, 5_000_000n, o),
    );
    const visited = await visit(newcomer.account);
    const { page, wallet, watch, context } = visited;
    const dialog = await open(visited, "bid");
    await dialog.getByLabel("Energy at most").fill("2");
    await dialog.getByLabel("Limit", { exact: true }).fill("0.21");
    await takeScreenshots(page, "bid-deposit");
    const bringIn = dialog.getByRole("button", { name: "Bring €0.42 into escrow" });
    wallet.decline(true);
    await bringIn.click();
    await page.getByText("You declined it in your wallet. Nothing was signed.").waitFor();
    wallet.decline(false);
    await bringIn.click();
    await bringIn.waitFor({ state: "detached" });
    const { marketplace, addresses } = wattline;
    const { balance } = await marketplace.accountOf(addresses.euro, newcomer.address);
    expect(balance).to.equal(420_000_000n);
    const permit = wallet.typedData().at(-1);
    expect(permit?.primaryType).to.equal("Permit");
    expect(textsOf(permit?.message ?? {})).to.deep.include({
      owner: newcomer.address,
      spender: network.deployment.marketplace,
      value: "420000",
    });
    // What was filled in is still there.
    expect(await dialog.getByLabel("Limit", { exact: true }).inputValue()).to.equal("0.21");
    const { message } = await sign(visited);
    expect(textsOf(message)).to.deep.include({ energy: "2000", price: "210000" });
    const [listed] = (await relay?.client.orders({ maker: newcomer.address }))?.orders ?? [];
    expect(listed).to.include({ state: "live", remainingWh: "2000" });
    watch.assertNoFaults();
    await context.close();
  });

  it("offers energy to come with one price and a bond, which is locked by a reservation", async () => {
    const { trading, community } = stack;
    const dialog = await open(jane, "sell");
    await dialog.getByText("Energy to come").click();
    await dialog.getByLabel("Energy at most").fill("2.5");
    await dialog.getByLabel("Posted price", { exact: true }).fill("0.16");
    await dialog.getByLabel(/^Bond/).fill("0.04");
    await dialog.getByText(/the buyer gets the money back and €0\.04 of your bond\./).waitFor();
    expect(await violationsOf(jane.page)).to.deep.equal([]);
    await takeScreenshots(jane.page, "sell-ahead");
    const { message } = await sign(jane);
    const { firstSlot, lastSlot } = slotsBetween(11, 15, 1);
    expect(textsOf(message)).to.deep.include({
      maker: seller.address,
      meter: seller.device.address,
      side: "0",
      firstSlot: String(firstSlot),
      lastSlot: String(lastSlot),
      energy: "2500",
      price: "160000",
      forward: "true",
      bond: "40000",
      deadline: String(lastSlot * stack.series.slotSeconds - 1),
    });
    const before = await escrowOf(seller);
    await trading.reserve(community, buyer, await listedAs(message), new Map([[firstSlot, 500n]]));
    expect(before - (await escrowOf(seller))).to.equal(20_000_000n);
  });

  it("bids for energy to come with a lowest bond, which the seller pledges", async () => {
    const { trading, community } = stack;
    const dialog = await open(neighbour, "bid");
    await dialog.getByText("Energy to come").click();
    await dialog.getByLabel("Energy at most").fill("1");
    await dialog.getByLabel("Limit", { exact: true }).fill("0.22");
    const bond = dialog.getByLabel("Bond that you ask for at least");
    await bond.fill("a little");
    await dialog.getByRole("button", { name: "Sign the bid" }).click();
    await dialog.getByText(/^Write a price per kWh/).waitFor();
    expect(await bond.getAttribute("aria-invalid")).to.equal("true");
    await bond.fill("0.06");
    await dialog.getByText(/you get your money back and a bond of at least €0\.06\./).waitFor();
    const { message } = await sign(neighbour);
    const { firstSlot } = slotsBetween(11, 15, 1);
    expect(textsOf(message)).to.deep.include({
      maker: buyer.address,
      side: "1",
      price: "220000",
      forward: "true",
      bond: "60000",
    });
    const before = await escrowOf(seller);
    const sold = await trading.sign(community, seller, "offer", {
      firstSlot,
      pricePerKwh: 15n * stack.CENT,
      bondPerKwh: 60_000n,
    });
    const promised = new Map([[firstSlot, 300n]]);
    await settlePair(stack, seller, sold, await listedAs(message), promised);
    expect(before - (await escrowOf(seller))).to.equal(18_000_000n);
  });

  it("shows the island price cap, refuses an offer above it, and requires a meter for a bid", async () => {
    const { community } = stack;
    await community.setIslanded(true);
    try {
      const offer = await open(jane, "sell");
      await offer.getByText(/nobody pays more than €0\.32\/kWh/).waitFor();
      await takeScreenshots(jane.page, "sell-islanded");
      const asked = jane.wallet.typedData().length;
      await offer.getByText("Energy to come").click();
      await offer.getByLabel("Energy at most").fill("0.5");
      const price = offer.getByLabel("Posted price", { exact: true });
      await price.fill("0.33");
      await offer.getByRole("button", { name: "Sign the offer" }).click();
      await offer
        .getByText(/more than the price cap of these islanded delivery slots: choose a lower price/)
        .waitFor();
      expect(await price.getAttribute("aria-invalid")).to.equal("true");
      expect(jane.wallet.typedData()).to.have.lengthOf(asked);

      const bid = await open(neighbour, "bid");
      await bid.getByText(/nobody pays more than €0\.32\/kWh/).waitFor();
      await bid.getByLabel("Energy at most").fill("0.2");
      const { message } = await sign(neighbour);
      expect(textsOf(message)).to.deep.include({ meter: buyer.device.address });
      const without = await open(neighbour, "bid");
      await without.getByText("Source, meter, tie lines").click();
      await without.getByLabel("Your meter").selectOption("");
      await without.getByRole("button", { name: "Sign the bid" }).click();
      await without.getByText(/are bought for a meter of your own/).waitFor();
    } finally {
      await community.setIslanded(false);
    }
  });

  /** The relay's order with its signature, by the signed message. */
  async function listedAs({ maker, nonce }: ShownTypedData["message"]): Promise<SignedOrder> {
    const orders = (await relay?.client.orders({ maker: maker as Address, limit: 500 }))?.orders;
    const listed = orders?.find(({ order }) => order.nonce === String(nonce));
    if (listed === undefined) throw new Error(`The relay lists no order ${nonce} of ${maker}.`);
    return signedOrderFromJson(listed);
  }

  const escrowOf = async ({ address }: Household): Promise<bigint> =>
    (await stack.wattline.marketplace.accountOf(stack.wattline.addresses.euro, address)).balance;

  it("leaves the form as it was when the signature is declined", async () => {
    const dialog = await open(jane, "sell");
    await dialog.getByLabel("Energy at most").fill("0.7");
    const before = (await bookOf(seller)).length;
    jane.wallet.decline(true);
    try {
      await dialog.getByRole("button", { name: "Sign the offer" }).click();
      await jane.page.getByText("You declined it in your wallet. Nothing was signed.").waitFor();
    } finally {
      jane.wallet.decline(false);
    }
    expect(await dialog.getByLabel("Energy at most").inputValue()).to.equal("0.7");
    expect(await bookOf(seller)).to.have.lengthOf(before);
  });

  it("withdraws an order from the order book by a signature, and cancels one for certain on chain", async () => {
    const { page, wallet } = jane;
    const [first, ...others] = await bookOf(seller);
    await page.goto(`${stack.url}/energy?tab=orders`);
    const rows = page.getByRole("listitem").filter({ hasText: "filled" });
    await rows.nth(others.length).waitFor();
    await takeScreenshots(page, "open-orders");
    expect(await violationsOf(page)).to.deep.equal([]);

    await rows.first().getByRole("button", { name: "Take back…" }).click();
    await page.getByRole("button", { name: "Take it off the book" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await rows.nth(others.length).waitFor({ state: "detached" });
    const withdrawal = wallet.typedData().at(-1);
    expect(withdrawal?.primaryType).to.equal("OrderWithdrawal");
    const left = await bookOf(seller);
    expect(left).to.have.lengthOf(others.length);
    const gone = [first, ...others]
      .map((one) => one?.hash)
      .filter((hash) => !left.some((one) => one.hash === hash));
    expect(gone).to.deep.equal([withdrawal?.message.orderHash]);

    await rows.first().getByRole("button", { name: "Take back…" }).click();
    await page.getByRole("button", { name: "Cancel on chain" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await rows.nth(others.length - 1).waitFor({ state: "detached" });
    const { marketplace } = stack.wattline;
    const cancelled = await Promise.all(
      left.map(({ order }) => marketplace.fillOf(seller.address, String(order.nonce))),
    );
    expect(cancelled.filter((fill) => fill[1])).to.have.lengthOf(1);
  });

  it("cancels everything with one transaction", async () => {
    const { page } = jane;
    await page.goto(`${stack.url}/energy?tab=orders`);
    await page.getByRole("button", { name: "Cancel all…" }).click();
    await page.getByRole("button", { name: "Cancel all", exact: true }).click();
    await page.getByText("You have no open orders").waitFor();
    const { marketplace, addresses } = stack.wattline;
    const { counter } = await marketplace.accountOf(addresses.euro, seller.address);
    expect(counter).to.equal(1n);
  });

  it("announces on chain what the relay can't accept, and never uses a nonce twice", async () => {
    const bookUrl = `${relay?.url}/orders?*`;
    await relay?.close();
    relay = undefined;
    const dialog = await open(jane, "sell");
    await dialog.getByLabel("Energy at most").fill("2");
    await dialog.getByLabel("Posted price", { exact: true }).fill("0.19");

    // The book is asked again every few seconds. What is filled in stays, however long its answer takes.
    const asked = Promise.withResolvers<Route>();
    await jane.page.route(bookUrl, (route) => asked.resolve(route));
    const again = await asked.promise;
    await jane.page.waitForFunction(() => new Promise(requestAnimationFrame));
    expect(await dialog.getByLabel("Energy at most").inputValue()).to.equal("2");
    await again.abort();
    await jane.page.unroute(bookUrl);

    await dialog.getByRole("button", { name: "Sign the offer" }).click();
    await dialog.getByText(/The network fee is about .* ETH/).waitFor();
    await takeScreenshots(jane.page, "announce");
    await dialog.getByRole("button", { name: "Announce on chain" }).click();
    await dialog.waitFor({ state: "detached" });

    const { page } = neighbour;
    await page.goto(`${stack.url}/market`);
    await page.getByText("Announced on chain", { exact: true }).waitFor();
    await scrollThrough(page);
    await page.getByRole("table").getByText("€0.19/kWh").first().waitFor();
    const nonces = jane.wallet
      .typedData()
      .filter(({ primaryType }) => primaryType !== "OrderWithdrawal")
      .flatMap(({ message }) =>
        "tree" in message ? leavesOf(message.tree).slice(0, 14) : [message],
      )
      .map((order) => textsOf(order).nonce);
    expect(new Set(nonces).size).to.equal(nonces.length);
    expect(textsOf(jane.wallet.typedData().at(-1)?.message ?? {}).counter).to.equal("1");
  });
});

const leavesOf = (tree: unknown): object[] =>
  Array.isArray(tree) ? tree.flatMap(leavesOf) : [tree as object];
