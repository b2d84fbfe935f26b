import { type Household, localAccount, signReading } from "@wattline/community/simulation";
import { costMillis, energyIdOf, LANES, levelFor, millisOf } from "@wattline/sdk";
import { expect } from "chai";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { encode } from "uqr";
import { decodeFunctionData, type Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { freePort } from "../../scripts/testing/ports.ts";
import { metersAbi } from "../../sdk/src/abi/meters.ts";
import { startIndexer } from "../../services/indexer/test/support/indexer.ts";
import { violationsOf } from "./support/axe.ts";
import { openBrowser, openContext, takeScreenshots, type Watch } from "./support/browser.ts";
import { TEST_MS } from "./support/limits.ts";
import { openStack, type Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";
import { connectWallet, injectWallet, type TestWallet } from "./support/wallet.ts";

const EURO = 1_000_000n;
/** A euro as the escrow counts it. */
const EURO_MILLIS = millisOf(EURO);
const BOND = 50_000n;
const SLOTS_PER_HOUR = 4;
/** A local account without a home, whose key a lock names. */
const SETTLER = 31;
/** What Jane has promised in each of two slots, and what she then delivered. Wh. */
const [PROMISED, CAME] = [200n, 80n];

describe("My energy", function () {
  this.timeout(TEST_MS);
  let stack: Stack;
  let browser: Browser;
  let jane: Household;
  let neighbour: Household;
  let context: BrowserContext;
  let watch: Watch;
  let wallet: TestWallet;
  let page: Page;
  let certificate: string;
  /** The signature of the reading that backs the certificate. */
  let behind: Hex;
  /** Slots of Jane's forward. */
  let promised: readonly number[];
  /** The afternoon's slots in signed readings that are not submitted yet, with their Wh. */
  let afternoon: ReadonlyMap<number, bigint>;
  const price = 170_000n;
  const soldWh = 400n;

  before(async () => {
    [stack, browser] = await Promise.all([openStack(), openBrowser()]);
    const { community, trading, series, morning, wattline, chain } = stack;
    const [first, second] = community.households;
    if (first === undefined || second === undefined) throw new Error("The microgrid has no homes.");
    [jane, neighbour] = [first, second];
    const offer = await trading.sign(community, jane, "offer", {
      ...morning,
      pricePerKwh: price,
    });
    const noon = series.firstSlot + 12 * SLOTS_PER_HOUR;
    await trading.accept(community, neighbour, offer, new Map([[noon, soldWh]]));

    const four = series.firstSlot + 16 * SLOTS_PER_HOUR;
    promised = [four, four + 1];
    const forward = await trading.sign(community, jane, "offer", {
      firstSlot: four,
      lastSlot: four + LANES - 1,
      pricePerKwh: price,
      bondPerKwh: BOND,
    });
    await trading.reserve(
      community,
      neighbour,
      forward,
      new Map(promised.map((slot) => [slot, PROMISED])),
    );

    await chain.passTo((four + LANES) * series.slotSeconds);
    afternoon = exportOf(14, 16);
    const short = new Map(promised.map((slot) => [slot, CAME]));
    const readings = [await sign(jane, afternoon), await sign(jane, short)];
    stack.serveFile("readings.json", { readings });
    const { euro, send } = wattline;
    await send(jane.address, (o) => euro.connect(jane.signer).mint(jane.address, 30n * EURO, o));

    ({ context, watch, wallet, page } = await connect(jane));
  });

  after(async () => {
    await browser?.close();
    await stack?.close();
  });

  /** What Jane exported between two hours. */
  function exportOf(fromHour: number, toHour: number): Map<number, bigint> {
    const { firstSlot } = stack.series;
    const [from, to] = [fromHour * SLOTS_PER_HOUR, toHour * SLOTS_PER_HOUR];
    const within = jane.series.exportedWh.slice(from, to);
    return new Map(within.map((wh, index) => [firstSlot + from + index, wh]));
  }

  async function sign(who: Household, exportedWh: ReadonlyMap<number, bigint>) {
    const { reading, signature } = await signReading(stack.wattline, who, exportedWh);
    const exported = reading.exported.map(String);
    return { owner: who.address, ...reading, exported, signature };
  }

  async function connect(who: Household) {
    const opened = await openContext(browser);
    const injected = await injectWallet(opened.context, stack.network, { account: who.account });
    const first = await opened.context.newPage();
    await first.goto(`${stack.url}/energy`);
    await connectWallet(first);
    await first.getByText("In escrow").first().waitFor();
    return { ...opened, wallet: injected, page: first };
  }

  const sent = () =>
    wallet.requests
      .filter(({ method }) => method === "eth_sendTransaction")
      .map(({ params }) => params[0] as { to: string; data: Hex });
  const open = (tab: string) => page.getByRole("tab", { name: tab, exact: true }).click();
  /** In thousandths of a base unit. */
  const escrowOf = async ({ address }: Household): Promise<bigint> =>
    (await stack.wattline.marketplace.accountOf(stack.wattline.addresses.euro, address)).balance;
  const held = ({ address }: Household, slot: number): Promise<bigint> =>
    stack.wattline.energy.balanceOf(address, energyIdOf({ microgrid: 1, source: "Solar", slot }));

  it("asks for a wallet when there is none", async () => {
    const opened = await openContext(browser);
    const other = await opened.context.newPage();
    await other.goto(`${stack.url}/energy`);
    await other.getByText("No wallet is connected").waitFor();
    opened.watch.assertNoFaults();
    await opened.context.close();
  });

  it("mints every waiting reading with one button and one confirmation, and then offers to sell it", async () => {
    await page.getByText(/waits to be minted/).waitFor();
    await takeScreenshots(page, "energy-waiting");
    await page.getByRole("button", { name: /^Mint / }).click();
    await page.getByText(/No readings are waiting/).waitFor();
    const [only, ...others] = sent().map(({ data }) =>
      decodeFunctionData({ abi: metersAbi, data }),
    );
    expect(others).to.deep.equal([]);
    if (only?.functionName !== "multicall") throw new Error("The readings were sent one by one.");
    const reports = only.args[0].map((data) => decodeFunctionData({ abi: metersAbi, data }));
    expect(reports.map(({ functionName }) => functionName)).to.deep.equal(["report", "report"]);
    for (const [slot, wh] of afternoon) expect(await held(jane, slot)).to.equal(wh);
    expect(await held(jane, promised[0] ?? 0), "promised energy is kept").to.equal(0n);
    await page.getByRole("link", { name: "Sell this" }).waitFor();
  });

  it("loads a signed reading from text, and says why it would be refused", async () => {
    await page.getByRole("button", { name: "Load a signed reading from a file" }).click();
    const text = page.getByLabel("Or paste it here");
    await text.fill('{ "meter": "0x12" }');
    await page.getByText(/Reading 1 is malformed.*meter: not an address/).waitFor();
    const good = await sign(jane, exportOf(8, 9));
    behind = good.signature;
    const forged = { ...good, exported: [String(BigInt(good.exported[0] ?? 0) + 1n)] };
    await text.fill(JSON.stringify(forged));
    await page.getByText("Not signed by the meter").waitFor();
    expect(
      await page.getByRole("dialog").getByRole("button", { name: "Mint" }).isDisabled(),
    ).to.equal(true);
    await text.fill(JSON.stringify({ reading: good, signature: good.signature }));
    await page.getByText("Signed by the meter", { exact: true }).waitFor();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Mint / })
      .click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    for (const [slot, wh] of exportOf(8, 9)) expect(await held(jane, slot)).to.equal(wh);
  });

  it("shows what is held slot by slot", async () => {
    await open("Energy");
    await page.getByText("As a table").first().click();
    const rows = page.locator("figure details tr");
    const { series } = stack;
    const made = new Map([...exportOf(8, 16)].filter(([, wh]) => wh > 0n));
    const noon = series.firstSlot + 12 * SLOTS_PER_HOUR;
    made.set(noon, (made.get(noon) ?? 0n) - soldWh);
    await page.waitForFunction(
      (count) => document.querySelectorAll("figure details tbody tr").length === count,
      [...made.values()].filter((wh) => wh > 0n).length,
    );
    expect(await rows.nth(1).textContent()).to.match(/\d\d:\d\d – \d\d:\d\d/);
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "energy-balances");
    await open("Meters");
    await page.getByRole("table", { name: "Latest readings" }).waitFor();
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "energy-meters");
  });

  it("releases a forward that was delivered short: money back and the bond to the buyer", async () => {
    const buyer = await connect(neighbour);
    await buyer.page.goto(`${stack.url}/activity`);
    await buyer.page.getByText(/^You have reserved 400 Wh from/).waitFor();
    // 400 Wh at 17 cents per kWh, and a bond of 5 cents per kWh.
    await buyer.page.getByText(/€0.07 locked by the buyer, €0.02 by the seller/).waitFor();
    await takeScreenshots(buyer.page, "energy-forwards");
    expect(await violationsOf(buyer.page)).to.deep.equal([]);
    const before = await escrowOf(neighbour);
    await buyer.page.getByRole("button", { name: "Release", exact: true }).click();
    await buyer.page
      .getByText(/delivered .+ of .+: .+ paid, .+ back$/)
      .first()
      .waitFor();
    const [all, came] = [PROMISED * 2n, CAME * 2n];
    const gained = (await escrowOf(neighbour)) - before;
    expect(gained).to.equal(costMillis(price + BOND, all - came));
    for (const slot of promised) expect(await held(neighbour, slot)).to.equal(CAME);
    buyer.watch.assertNoFaults();
    await buyer.context.close();
  });

  it("deposits with a permit in one transaction, which the wallet shows field by field", async () => {
    await open("Money");
    const [before, inEscrow] = [sent().length, await escrowOf(jane)];
    await page.getByLabel("From your wallet into escrow").fill("12.5");
    await page.getByRole("button", { name: "Deposit" }).click();
    await isEmptyAgain(page.getByLabel("From your wallet into escrow"));
    expect((await escrowOf(jane)) - inEscrow).to.equal(millisOf(12_500_000n));
    const [permit] = wallet.typedData();
    const { addresses, chainId } = stack.wattline;
    expect(permit?.primaryType).to.equal("Permit");
    expect(permit?.domain).to.deep.include({ name: "Test Euro", version: "1" });
    expect(Number(permit?.domain.chainId)).to.equal(chainId);
    expect(String(permit?.domain.verifyingContract).toLowerCase()).to.equal(
      addresses.euro.toLowerCase(),
    );
    expect(String(permit?.message.owner).toLowerCase()).to.equal(jane.address.toLowerCase());
    expect(String(permit?.message.spender).toLowerCase()).to.equal(
      addresses.marketplace.toLowerCase(),
    );
    expect(BigInt(String(permit?.message.value))).to.equal(12_500_000n);
    expect(sent().length - before).to.equal(1);
  });

  it("withdraws into the wallet, and refuses more than there is", async () => {
    const amount = page.getByLabel("From escrow into your wallet");
    await amount.fill("9999");
    await page.getByText(/That is more than the/).waitFor();
    const before = await escrowOf(jane);
    await amount.fill("10");
    await page.getByRole("button", { name: "Withdraw" }).click();
    await isEmptyAgain(amount);
    expect(before - (await escrowOf(jane))).to.equal(10n * EURO_MILLIS);
  });

  it("locks the escrow for a settler, makes the lock longer, and then refuses to withdraw", async () => {
    const { marketplace, addresses } = stack.wattline;
    const settler = localAccount(SETTLER).address;
    const endOf = (text: string) => BigInt(Date.parse(`${text}:00+02:00`) / 1000);
    const lockedUntil = async (): Promise<bigint> =>
      (await marketplace.accountOf(addresses.euro, jane.address)).lockedUntil;
    const [first, longer] = ["2026-06-23T12:00", "2026-06-24T12:00"];
    const end = page.getByLabel("Locked until", { exact: true });
    const address = page.getByLabel("Settler's address");
    const lock = page.getByRole("button", { name: "Lock", exact: true });

    await end.fill("2027-06-23T12:00");
    await page.getByText("A lock can last 30 days at most.").waitFor();
    await end.fill(first);
    await address.fill(jane.address);
    await page.getByText("This is not the address of somebody else.").waitFor();
    expect(await lock.isDisabled()).to.equal(true);
    await address.fill(settler);
    await lock.click();
    await page.getByText(/^Locked until .+ for/).waitFor();
    await address.waitFor({ state: "detached" });
    expect(await lockedUntil()).to.equal(endOf(first));

    await end.fill("2026-06-22T12:00");
    await page.getByText("A lock can only be made longer.").waitFor();
    await end.fill(longer);
    await page.getByRole("button", { name: "Make it longer", disabled: false }).waitFor();
    // Not by the pointer: the toast of the first lock may be over the button.
    await end.press("Enter");
    await until(async () => (await lockedUntil()) === endOf(longer));
    expect((await marketplace.lockOf(addresses.euro, jane.address)).settler).to.equal(settler);

    await page.getByText(/Your money is locked until/).waitFor();
    await page.getByLabel("From escrow into your wallet").fill("1");
    const withdraw = page.getByRole("button", { name: "Withdraw" });
    expect(await withdraw.isDisabled()).to.equal(true);
  });

  it("accepts that the wallet declines", async () => {
    wallet.decline(true);
    await page.getByLabel("From your wallet into escrow").fill("1");
    await page.getByRole("button", { name: "Deposit" }).click();
    try {
      await page.getByText("You declined it in your wallet. Nothing was signed.").waitFor();
    } finally {
      wallet.decline(false);
    }
  });

  it("authorises a delegate within an allowance and a time, and revokes it", async () => {
    const agent = privateKeyToAccount(generatePrivateKey()).address;
    const { marketplace, addresses } = stack.wattline;
    const allowance = (): Promise<{ readonly amount: bigint; readonly until: bigint }> =>
      marketplace.allowanceOf(jane.address, addresses.euro, agent);
    await page.getByRole("link", { name: "Let a home agent trade for you" }).click();
    await page.getByLabel("Address of the agent's key").fill(agent);
    await page.getByLabel("Spend a day at most").fill("2");
    await page.getByLabel("May spend in all at most").fill("20");
    await page.getByLabel("Until the end of").fill("2026-06-01");
    await page.getByText("This time has passed.").waitFor();
    await page.getByLabel("Until the end of").fill("2026-07-31");
    await page.getByRole("button", { name: "Switch on" }).click();
    await page.getByText(/€20\.00 left until/).waitFor();
    const { amount, until: end } = await allowance();
    expect(amount).to.equal(20n * EURO_MILLIS);
    expect(end).to.equal(BigInt(Date.parse("2026-07-31T23:59:59+02:00") / 1000));
    expect(await violationsOf(page)).to.deep.equal([]);
    await page.getByRole("button", { name: "Switch off" }).click();
    await page.getByText("Revoked, used up or over").waitFor();
    expect((await allowance()).amount).to.equal(0n);
    await page.goBack();
  });

  it("shows what was earned over the feed-in tariff, also for printing", async () => {
    await open("Earnings");
    const microgrid = (await stack.wattline.facts()).known(1);
    const gainPerKwh = (slot: number) => price - levelFor(microgrid, slot).feedInPerKwh;
    const ofForward = promised.map(
      (slot) => costMillis(gainPerKwh(slot), CAME) - costMillis(BOND, PROMISED - CAME),
    );
    const atNoon = stack.series.firstSlot + 12 * SLOTS_PER_HOUR;
    const earned = ofForward.reduce(
      (sum, millis) => sum + millis,
      costMillis(gainPerKwh(atNoon), soldWh),
    );
    const shown = `€${(Number(earned) / Number(EURO_MILLIS)).toFixed(2)}`;
    await page.getByRole("table").getByText(shown).first().waitFor();
    await takeScreenshots(page, "energy-earnings");
    expect(await violationsOf(page)).to.deep.equal([]);
    await page.getByRole("link", { name: "Statement" }).click();
    await page.getByRole("heading", { name: /Statement for/ }).waitFor();
    expect(await violationsOf(page)).to.deep.equal([]);
    await takeScreenshots(page, "energy-statement");
    await page.emulateMedia({ media: "print" });
    expect(await page.getByRole("button", { name: "Print" }).isVisible()).to.equal(false);
    expect(await page.getByRole("navigation").first().isVisible()).to.equal(false);
    await page.emulateMedia({ media: "screen" });
    await page.getByRole("link", { name: "My energy" }).first().click();
  });

  it("retires energy of a period and opens its certificate", async () => {
    await page.goto(`${stack.url}/energy`);
    await page.getByRole("button", { name: "Retire for a certificate" }).click();
    await page.getByLabel("How much").fill("100000");
    await page.getByText(/You hold only/).waitFor();
    await page.getByLabel("How much").fill("0.75");
    await page.getByLabel("Purpose").fill("Bakery, midsummer");
    await takeScreenshots(page, "energy-retire");
    expect(await violationsOf(page)).to.deep.equal([]);
    await page.getByRole("button", { name: "Retire 750 Wh" }).click();
    // It asks first, and anew when something else is typed.
    await page.getByText("750 Wh will be gone for good").waitFor();
    await page.getByLabel("How much").fill("0.75 ");
    await page.getByRole("button", { name: "Retire 750 Wh" }).click();
    await page.getByRole("button", { name: "Yes, retire it" }).click();
    await page.getByRole("heading", { name: "Certificate of retired energy" }).waitFor();
    certificate = new URL(page.url()).pathname;
    expect(certificate).to.match(/^\/certificate\/0x[0-9a-f]{64}-\d+$/);
    watch.assertNoFaults();
    await context.close();
  });

  it("lets anyone verify the certificate by its link, against the chain alone", async () => {
    const opened = await openContext(browser);
    const other = await opened.context.newPage();
    const asked: string[] = [];
    other.on("request", (request) => asked.push(request.url()));
    await other.goto(stack.url + certificate);
    await other.getByRole("heading", { name: "Verified", exact: true }).waitFor();
    await other.getByText("750 Wh", { exact: true }).first().waitFor();
    // The code is the link's, module by module.
    const code = other.getByRole("img", { name: /^QR code of the link/ }).locator("path");
    const shown = (await code.getAttribute("d"))?.match(/M\d+ \d+/g);
    const { data } = encode(stack.url + certificate, { ecc: "M", border: 4 });
    expect(shown).to.deep.equal(
      data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}`] : []))),
    );
    await other.getByText("Bakery, midsummer").waitFor();
    await other.getByText(jane.address, { exact: true }).first().waitFor();
    await other.getByText(new RegExp(`against ${stack.network.rpcUrl}`)).waitFor();
    await other.getByText(/behind it is signed by the meter's own key/).waitFor();
    expect(asked.some((url) => url.startsWith(stack.network.rpcUrl))).to.equal(true);
    expect(await violationsOf(other)).to.deep.equal([]);
    await takeScreenshots(other, "certificate");
    await other.goto(`${stack.url}${certificate.replace(/-\d+$/, "-999")}`);
    await other.getByText("This is not a certificate of Wattline").waitFor();
    await other.goto(`${stack.url}/certificate/nonsense`);
    await other.getByText(/The link is damaged/).waitFor();
    opened.watch.assertNoFaults();
    await opened.context.close();
  });

  it("reports a reading that is not signed by its meter", async () => {
    const opened = await openContext(browser, { locale: "de-DE" });
    const start = behind.slice(2, 34);
    // An endpoint that answers with another signature than the chain has.
    await opened.context.route(`${stack.network.rpcUrl}/**`, async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replaceAll(start, "1".repeat(start.length));
      await route.fulfill({ response, body });
    });
    const other = await opened.context.newPage();
    await other.goto(stack.url + certificate);
    await other.getByText("Mit diesem Nachweis stimmt etwas nicht").waitFor();
    await other.getByText(/nicht vom Schlüssel ihres Zählers signiert/).waitFor();
    await takeScreenshots(other, "certificate-wrong");
    await opened.context.unrouteAll({ behavior: "ignoreErrors" });
    opened.watch.assertNoFaults();
    await opened.context.close();
  });

  it("shows the same from the indexer as from the chain, and goes on when the indexer stops", async () => {
    const { network } = stack;
    const { deployment, rpcUrl } = network;
    const indexer = await startIndexer({ deployment, rpcUrl, port: await freePort() });
    const opened = await connect(jane);
    try {
      const fromChain = await readTabs(opened.page);
      await indexer.caughtUp();
      stack.setConfig({ networks: [{ ...network, indexerUrl: indexer.url }] });
      expect(await readTabs(opened.page)).to.deep.equal(fromChain);
      await indexer.stop();
      await opened.page.getByText("The indexer does not answer.").waitFor();
      await opened.page.reload();
      await opened.page.getByText("Latest readings").first().waitFor();
    } finally {
      stack.setConfig({ networks: [network] });
      await opened.context.close();
      await indexer.end();
    }
  });

  /** The text of each tab. */
  async function readTabs(of: Page): Promise<string[]> {
    await of.goto(`${stack.url}/energy`);
    const texts: string[] = [];
    for (const name of ["Energy", "Money", "Earnings", "Meters"]) {
      await of.getByRole("tab", { name, exact: true }).click();
      await of.locator("[role=tabpanel][data-state=active] section").first().waitFor();
      await of.waitForFunction(() => !document.querySelector("main .animate-pulse"));
      texts.push(
        await of.locator("main").evaluate((main) => {
          const copy = main.cloneNode(true);
          if (!(copy instanceof Element)) return "";
          for (const drawn of copy.querySelectorAll("[role=img]")) drawn.remove();
          return copy.textContent.toLowerCase();
        }),
      );
    }
    return texts;
  }
});

/** Waits until what a form was to do is done: then its field is empty again. */
const isEmptyAgain = (field: Locator): Promise<void> =>
  field.and(field.page().locator(":placeholder-shown")).waitFor();
