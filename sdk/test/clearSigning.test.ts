import { expect } from "chai";
import { describe, it } from "mocha";
import { type Abi, encodeFunctionData, maxUint256, parseAbi, zeroHash } from "viem";
import { energyTokenAbi } from "../src/abi/energyToken.ts";
import { marketplaceAbi } from "../src/abi/marketplace.ts";
import { microgridsAbi } from "../src/abi/microgrids.ts";
import { bulkTypedData, EMPTY_ORDER, MOST_BULK_LEVELS } from "../src/bulk.ts";
import { ANYONE } from "../src/deals/order.ts";
import { DIRECTORY_TYPES, LISTING_TYPES } from "../src/directory.ts";
import { energyIdOf, sourceMask } from "../src/energyId.ts";
import { packProfile } from "../src/profile.ts";
import {
  MANDATE_TYPES,
  marketDomain,
  metersDomain,
  ORDER_TYPES,
  ORDER_WITHDRAWAL_TYPES,
  type Order,
  REGISTRATION_TYPES,
} from "../src/typedData.ts";
import { showCall, showMessage, type Wallet } from "./support/wallet.ts";
import {
  address,
  CHAIN,
  ENERGY,
  EURO,
  files,
  MARKET,
  METERS,
  MICROGRIDS,
} from "./support/wattline.ts";

const JANE = address("b1");
const NEIGHBOUR = address("b2");
const NOON = Date.UTC(2027, 5, 7, 12) / 1000;
const wallet: Wallet = {
  files: [...files.values()],
  tokens: new Map([[EURO, { symbol: "EUR", decimals: 6 }]]),
};
const market = marketDomain(CHAIN, MARKET);

const offer: Order = {
  ...EMPTY_ORDER,
  maker: JANE,
  microgrid: 1,
  sources: sourceMask("Solar", "Storage"),
  firstSlot: 2_013_120,
  lastSlot: 2_013_127,
  energy: 5_250,
  price: 170_000n,
  mostAhead: 2 ** 31 - 1,
  nonce: 7n,
  deadline: NOON,
};

const showOrder = (order: Order) =>
  showMessage(wallet, {
    domain: market,
    types: ORDER_TYPES,
    primaryType: "Order",
    message: { ...order },
  });
const callTo = (to: typeof MARKET, data: `0x${string}`) =>
  showCall(wallet, { chainId: CHAIN, to, data });

describe("A wallet that reads the clear-signing files", () => {
  it("shows an offer in a sentence and all of it in lines", () => {
    const { intent, sentence, lines } = showOrder(offer);
    expect(intent).to.equal("Sign an order");
    expect(sentence).to.equal(
      "Sell up to 5.25kWh (Solar or Storage) for 0.17 EUR per kWh or better in microgrid 1, delivery slots 2013120 to 2013127, " +
        "bond 0 EUR per kWh, good until 2027-06-07T12:00:00Z",
    );
    expect(lines).to.deep.equal([
      "You: Sell",
      "Energy, at most: 5.25kWh",
      "Price per kWh, or better: 0.17 EUR",
      "In microgrid: 1",
      "Energy from: Solar or Storage",
      "First delivery slot: 2013120",
      "Last delivery slot: 2013127",
      "Still to be made (forward): false",
      "May cross a tie line: false",
      "Bond per kWh, lost on shortfall: 0 EUR",
      "Good until: 2027-06-07T12:00:00Z",
      `For account: ${JANE}`,
      "Order number: 7",
      "Cancellation counter: 0",
    ]);
  });

  it("shows what makes an order special: its side, bond, place, meter and who may trade or settle", () => {
    const meter = address("c1");
    const bid = {
      ...offer,
      side: 1,
      forward: true,
      bond: 50_000n,
      mostAhead: 500,
      crosses: true,
      meter,
      counterparty: NEIGHBOUR,
      settler: ANYONE,
    };
    const { sentence, lines } = showOrder(bid);
    expect(sentence).to.match(/^Buy up to 5.25kWh/);
    expect(lines).to.include.members([
      "You: Buy",
      "Still to be made (forward): true",
      "Bond per kWh, lost on shortfall: 0.05 EUR",
      "Promised to others before, per slot at most: 0.5kWh",
      "May cross a tie line: true",
      `A limit, settled at the community price by (1: anyone): ${ANYONE}`,
      `Meter: ${meter}`,
      `Only with: ${NEIGHBOUR}`,
    ]);
  });

  it("formats no amount of a microgrid whose currency it does not know", () => {
    expect(() => showOrder({ ...offer, microgrid: 2 })).to.throw("microgrid 2");
  });

  it("shows every order of a bulk signature, one after the other", () => {
    const prices = [100_000n, 200_000n, 300_000n];
    const { message, ...typed } = bulkTypedData(
      market,
      prices.map((price, i) => ({ ...offer, price, nonce: BigInt(i) })),
    );
    const { intent, lines } = showMessage(wallet, { ...typed, message: { ...message } });
    expect(intent).to.equal("Sign several orders at once; the last one may be shown repeatedly");
    const each = (label: string) => lines.filter((line) => line.startsWith(`${label}: `));
    expect(each("Price per kWh, or better")).to.deep.equal([
      "Price per kWh, or better: 0.1 EUR",
      "Price per kWh, or better: 0.2 EUR",
      "Price per kWh, or better: 0.3 EUR",
      "Price per kWh, or better: 0.3 EUR",
    ]);
    expect(each("Order number").map((line) => line.at(-1))).to.deep.equal(["0", "1", "2", "2"]);
    expect(lines.indexOf("Price per kWh, or better: 0.2 EUR")).to.be.greaterThan(
      lines.indexOf("Order number: 0"),
    );
  });

  it("knows bulk signatures of every size that the contracts take", () => {
    const keys = Object.keys(files.get("eip712-marketplace.json")?.display.formats ?? {});
    for (let levels = 1; levels <= MOST_BULK_LEVELS; levels++) {
      const start = `BulkOrder(Order${"[2]".repeat(levels)} tree)Order(`;
      expect(keys.filter((key) => key.startsWith(start))).to.have.length(1);
    }
  });

  it("shows a withdrawal from relays and a meter's registration", () => {
    const withdrawal = {
      domain: market,
      types: ORDER_WITHDRAWAL_TYPES,
      primaryType: "OrderWithdrawal",
      message: { orderHash: zeroHash },
    };
    expect(showMessage(wallet, withdrawal).lines).to.deep.equal([`Order: ${zeroHash}`]);
    const registration = {
      domain: metersDomain(CHAIN, METERS),
      types: REGISTRATION_TYPES,
      primaryType: "Registration",
      message: { microgrid: 3, owner: JANE, meter: NEIGHBOUR, source: 0, capacityW: 9_500 },
    };
    expect(showMessage(wallet, registration).sentence).to.equal(
      `Let ${NEIGHBOUR} be registered in microgrid 3 as a meter of ${JANE}: Solar, up to 9.5kW`,
    );
  });

  it("shows what a household signs for somebody else to submit", () => {
    const mandate = (primaryType: keyof typeof MANDATE_TYPES, message: object) =>
      showMessage(wallet, {
        domain: market,
        types: { [primaryType]: MANDATE_TYPES[primaryType] },
        primaryType,
        message: {
          holder: JANE,
          maker: JANE,
          currency: EURO,
          nonce: 3n,
          deadline: NOON,
          ...message,
        },
      });
    const until = NOON;
    expect(mandate("Withdrawal", { amount: 2_500_000n, to: NEIGHBOUR })).to.deep.equal({
      intent: "Withdraw money from your account",
      sentence: `Withdraw 2.5 EUR to ${NEIGHBOUR}`,
      lines: [
        "Amount: 2.5 EUR",
        `To: ${NEIGHBOUR}`,
        `For account: ${JANE}`,
        "Currency: EUR",
        "May be submitted until: 2027-06-07T12:00:00Z",
        "Mandate number: 3",
      ],
    });
    expect(
      mandate("Authorization", { delegate: NEIGHBOUR, amount: 1_000_000n, until }).sentence,
    ).to.equal(
      `Until 2027-06-07T12:00:00Z, let ${NEIGHBOUR} sign orders for you that cost up to 1 EUR`,
    );
    const lock = { settler: NEIGHBOUR, signer: address("00"), until };
    expect(mandate("Locking", lock).sentence).to.equal(
      `Until 2027-06-07T12:00:00Z, let EUR of yours move only in fills that ${NEIGHBOUR} makes`,
    );
    expect(mandate("Cancellation", { nonces: [4n, 5n] }).lines).to.include.members([
      "Order number: 4",
      "Order number: 5",
    ]);
    expect(mandate("CancellationOfAll", {}).sentence).to.equal(
      "Cancel all your orders in EUR for good, but for firm ones",
    );
  });

  it("shows the names that a household agrees to and an operator publishes", () => {
    const listing = { account: JANE, name: "Jane", street: "" };
    const agreed = {
      domain: market,
      types: LISTING_TYPES,
      primaryType: "Listing",
      message: { microgrid: 1, ...listing },
    };
    expect(showMessage(wallet, agreed).lines).to.deep.equal([
      "Name: Jane",
      `For account: ${JANE}`,
      "In microgrid: 1",
    ]);
    const other = { account: NEIGHBOUR, name: "Hanna", street: "Mill Lane 4" };
    const listings = [listing, other].map((each) => ({ ...each, consent: "0x12" }));
    const directory = {
      domain: market,
      types: DIRECTORY_TYPES,
      primaryType: "Directory",
      message: { microgrid: 1, version: 3, listings },
    };
    expect(showMessage(wallet, directory).lines).to.deep.equal([
      "In microgrid: 1",
      "Version: 3",
      "Name: Jane",
      `Account: ${JANE}`,
      "Name: Hanna",
      "Street: Mill Lane 4",
      `Account: ${NEIGHBOUR}`,
    ]);
  });

  it("does not take another contract's or chain's order for ours", () => {
    for (const domain of [marketDomain(CHAIN, METERS), marketDomain(1, MARKET)]) {
      const typed = { domain, types: ORDER_TYPES, primaryType: "Order", message: { ...offer } };
      expect(() => showMessage(wallet, typed)).to.throw("No file");
    }
  });

  it("shows a purchase with permit step by step, and the energy of each slot", () => {
    const { firstBlock, words } = packProfile(
      new Map([
        [2_013_122, 250n],
        [2_013_128, 1_000n],
      ]),
    );
    const deposit = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "depositWithPermit",
      args: [EURO, offer.maker, 1_700_000n, BigInt(NOON), 27, zeroHash, zeroHash],
    });
    const take = {
      microgrid: 1,
      meter: address("00"),
      source: 0,
      firstBlock,
      energy: words,
      schedule: 0,
      takerSchedule: 0,
      leastWh: 1_000,
      limit: 180_000n,
      mostAhead: 2 ** 31 - 1,
    };
    const accept = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "accept",
      args: [offer, "0x", take],
    });
    const both = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "multicall",
      args: [[deposit, accept]],
    });
    const { lines } = callTo(MARKET, both);
    expect(lines).to.include.members([
      `Step 0: Deposit 1.7 EUR of ${JANE} into its account`,
      "  Permit good until: 2027-06-07T12:00:00Z",
      "Step 1: Trade energy with a signed order",
      "  You: Buy for at most",
      "  Limit per kWh, all included: 0.18 EUR",
      "  In all at least: 1kWh",
      "  Maker's price per kWh: 0.17 EUR",
      `  Trade with: ${JANE}`,
    ]);
    expect(lines.filter((line) => line.startsWith("  Slot "))).to.deep.equal([
      "  Slot 3 of 8 of the block: 0.25kWh",
      "  Slot 1 of 8 of the block: 1kWh",
    ]);
    expect(lines.join()).not.to.contain("signature");
    const sold = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "accept",
      args: [{ ...offer, side: 1 }, "0x", take],
    });
    expect(callTo(MARKET, sold).lines).to.include("You: Sell for at least");
  });

  it("shows money that moves, and who may move it", () => {
    const withdraw = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "withdraw",
      args: [EURO, 12_340_000n, JANE],
    });
    expect(callTo(MARKET, withdraw).sentence).to.equal(`Withdraw 12.34 EUR to ${JANE}`);
    const authorize = (amount: bigint) =>
      encodeFunctionData({
        abi: marketplaceAbi,
        functionName: "authorize",
        args: [EURO, NEIGHBOUR, amount, NOON],
      });
    expect(callTo(MARKET, authorize(0n)).lines).to.include("May spend in all: 0 EUR");
    expect(callTo(MARKET, authorize(maxUint256)).sentence).to.equal(
      `Until 2027-06-07T12:00:00Z, let ${NEIGHBOUR} sign orders for you that cost up to Unlimited EUR`,
    );
    const approve = encodeFunctionData({
      abi: parseAbi(["function approve(address spender,uint256 value)"]),
      args: [MARKET, 5_000_000n],
    });
    expect(callTo(EURO, approve).sentence).to.equal(`Let ${MARKET} take up to 5 EUR`);
  });

  it("reads a token's id, and what an operator declares", () => {
    const id = energyIdOf({ microgrid: 258, source: "Hydro", slot: 2_013_120 });
    const give = encodeFunctionData({
      abi: energyTokenAbi,
      functionName: "safeTransferFrom",
      args: [JANE, NEIGHBOUR, id, 1_500n, "0x"],
    });
    const { sentence, lines } = callTo(ENERGY, give);
    expect(sentence).to.equal(
      `Give 1.5kWh of Hydro energy of microgrid 258, delivery slot 2013120, to ${NEIGHBOUR}`,
    );
    expect(lines).to.include.members(["Microgrid: 258", "Delivery slot: 2013120"]);
    const ofMicrogrids = (
      functionName: "setIslanded" | "declareIslanded" | "schedule",
      args: readonly unknown[],
    ) =>
      callTo(
        MICROGRIDS,
        encodeFunctionData<Abi, string>({ abi: microgridsAbi, functionName, args }),
      );
    expect(ofMicrogrids("setIslanded", [1, true]).sentence).to.equal(
      "Declare microgrid 1 islanded: true",
    );
    expect(ofMicrogrids("declareIslanded", [1, 7, 9]).sentence).to.equal(
      "Declare delivery slots 7 to 9 of microgrid 1 islanded, for good",
    );
    const level = { price: 2n ** 80n - 1n, fee: 1n, cap: 2n, feedIn: 80_000n, retail: 320_000n };
    const levels = [level, { ...level, price: 190_000n }];
    expect(ofMicrogrids("schedule", [1, 5_000, 1, levels]).lines).to.include.members([
      "From delivery slot: 5000",
      "Community price per kWh: The middle of feed-in and retail tariff in EUR",
      "Community price per kWh: 0.19 EUR",
      "Retail tariff per kWh: 0.32 EUR",
    ]);
  });
});
