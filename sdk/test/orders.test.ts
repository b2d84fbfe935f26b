import { expect } from "chai";
import { describe, it } from "mocha";
import { type Address, keccak256, recoverAddress, toHex, zeroAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { ANYONE, FIRST_FIRM_NONCE } from "../src/deals/order.ts";
import {
  freeNonces,
  giftOf,
  limitBidOf,
  limitOfferOf,
  type Maker,
  nonceWord,
  orderBookOf,
  orderBookTypedData,
  postedBidOf,
  postedOfferOf,
  signedOrdersOf,
  type Terms,
} from "../src/orders.ts";
import { signerOf } from "../src/signatures.ts";
import { addDays, slotsOfWindow } from "../src/slots.ts";
import { marketDomain } from "../src/typedData.ts";

const JANE = privateKeyToAccount(keccak256(toHex("Jane")));
const NEIGHBOUR: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const DOMAIN = marketDomain(31_337, "0x00000000000000000000000000000000000000aa");

const maker: Maker = {
  maker: JANE.address,
  microgrid: 1,
  slotSeconds: 900,
  now: 1_000_000,
  nonce: 3n,
};
const terms: Terms = { firstSlot: 2000, energyWh: 1500n, pricePerKwh: 170_000n };

describe("Building an order", () => {
  it("fills in defaults", () => {
    expect(postedOfferOf(maker, terms)).to.deep.equal({
      maker: JANE.address,
      meter: zeroAddress,
      microgrid: 1,
      side: 0,
      sources: 0b111_1111,
      firstSlot: 2000,
      lastSlot: 2000,
      energy: 1500,
      price: 170_000n,
      forward: false,
      bond: 0n,
      mostAhead: 2 ** 31 - 1,
      crosses: false,
      counterparty: zeroAddress,
      settler: zeroAddress,
      nonce: 3n,
      counter: 0n,
      deadline: 2001 * 900 + 86_400,
    });
  });

  it("keeps given members", () => {
    const given = {
      ...terms,
      lastSlot: 2095,
      sources: ["Wind", "Solar"] as const,
      counterparty: NEIGHBOUR,
      crosses: true,
      deadline: 1_500_000,
    };
    const members = {
      side: 1,
      sources: 0b11,
      lastSlot: 2095,
      counterparty: NEIGHBOUR,
      crosses: true,
      counter: 2n,
      deadline: 1_500_000,
    };
    expect(postedBidOf({ ...maker, counter: 2n }, given)).to.include(members);
    expect(limitBidOf({ ...maker, counter: 2n }, { ...given, settler: NEIGHBOUR })).to.include({
      ...members,
      settler: NEIGHBOUR,
    });
  });

  it("tells a posted price from a limit by its settler", () => {
    expect([postedOfferOf, postedBidOf].map((build) => build(maker, terms))).to.deep.equal([
      { ...postedOfferOf(maker, terms), side: 0, settler: zeroAddress },
      { ...postedOfferOf(maker, terms), side: 1, settler: zeroAddress },
    ]);
    expect([limitOfferOf, limitBidOf].map((build) => build(maker, terms))).to.deep.equal([
      { ...postedOfferOf(maker, terms), side: 0, settler: ANYONE },
      { ...postedOfferOf(maker, terms), side: 1, settler: ANYONE },
    ]);
  });

  it("closes a forward before its last slot starts", () => {
    const bonded = { ...terms, lastSlot: 2007, bondPerKwh: 50_000n, meter: NEIGHBOUR };
    const forward = {
      forward: true,
      bond: 50_000n,
      meter: NEIGHBOUR,
      deadline: 2007 * 900 - 1,
    };
    for (const build of [postedOfferOf, limitOfferOf]) {
      expect(build(maker, bonded)).to.include(forward);
    }
    for (const build of [postedBidOf, limitBidOf]) {
      expect(build(maker, { ...terms, bondPerKwh: 0n, mostAheadWh: 250n })).to.include({
        forward: true,
        side: 1,
        mostAhead: 250,
      });
    }
  });

  it("makes a gift an offer to one neighbour at price 0", () => {
    const { pricePerKwh: _, ...gift } = terms;
    expect(giftOf(maker, { ...gift, counterparty: NEIGHBOUR })).to.deep.equal(
      postedOfferOf(maker, { ...gift, pricePerKwh: 0n, counterparty: NEIGHBOUR }),
    );
  });

  it("builds firm orders for the settler of a lock alone", () => {
    const firm = { ...maker, nonce: FIRST_FIRM_NONCE };
    expect(limitBidOf(firm, { ...terms, settler: NEIGHBOUR })).to.include({
      nonce: FIRST_FIRM_NONCE,
      settler: NEIGHBOUR,
    });
    expect(() => limitBidOf(firm, terms)).to.throw(RangeError, /^settler: /);
    expect(() => postedBidOf(firm, terms)).to.throw(RangeError, /^settler: /);
    expect(() => limitBidOf({ ...firm, counter: 1n }, { ...terms, settler: NEIGHBOUR })).to.throw(
      RangeError,
      /^counter: /,
    );
  });

  const refusals: [string, Partial<Maker>, Partial<Terms>][] = [
    ["maker", { maker: zeroAddress }, {}],
    ["maker", { maker: "0x1234" }, {}],
    ["counterparty", {}, { counterparty: JANE.address }],
    // A wrong checksum is a wrong digit.
    ["counterparty", {}, { counterparty: "0x70997970C51812dc3A010C7d01b50e0d17dc79c8" }],
    ["meter", {}, { meter: "0x" }],
    ["microgrid", { microgrid: 0 }, {}],
    ["microgrid", { microgrid: 2 ** 24 }, {}],
    ["microgrid", { microgrid: 1.5 }, {}],
    ["sources", {}, { sources: [] }],
    ["energyWh", {}, { energyWh: 0n }],
    ["energyWh", {}, { energyWh: 2n ** 31n }],
    ["pricePerKwh", {}, { pricePerKwh: -1n }],
    ["pricePerKwh", {}, { pricePerKwh: 2n ** 96n }],
    ["nonce", { nonce: 2n ** 64n }, {}],
    ["counter", { counter: -1n }, {}],
    ["firstSlot", {}, { firstSlot: 2 ** 32 }],
    ["firstSlot", {}, { firstSlot: -1 }],
    ["firstSlot", {}, { firstSlot: 2001, lastSlot: 2000 }],
    ["lastSlot", {}, { lastSlot: Number.NaN }],
    ["deadline", {}, { deadline: 999_999 }],
    ["deadline", {}, { deadline: 2 ** 40 }],
  ];
  for (const [name, wrongMaker, wrongTerms] of refusals) {
    const [wrong] = [...Object.values(wrongMaker), ...Object.values(wrongTerms)];
    it(`refuses ${name} with ${wrong} and names it`, () => {
      expect(() =>
        postedOfferOf({ ...maker, ...wrongMaker }, { ...terms, ...wrongTerms }),
      ).to.throw(RangeError, new RegExp(`^${name}: `));
    });
  }

  it("refuses a forward without a meter to deliver it, or with a slot that has started", () => {
    const forward = { ...terms, bondPerKwh: 0n };
    expect(() => postedOfferOf(maker, { ...forward, meter: zeroAddress })).to.throw(
      RangeError,
      "meter: ",
    );
    expect(() => postedBidOf({ ...maker, now: 2000 * 900 }, forward)).to.throw(
      RangeError,
      "deadline: ",
    );
    expect(() => postedBidOf(maker, { ...forward, bondPerKwh: -1n })).to.throw(
      RangeError,
      "bondPerKwh: ",
    );
    expect(() => postedBidOf(maker, { ...forward, mostAheadWh: 2n ** 32n })).to.throw(
      RangeError,
      "mostAheadWh: ",
    );
  });
});

describe("Choosing nonces", () => {
  it("uses up started words before new ones", () => {
    expect(freeNonces([])).to.deep.equal([0n]);
    expect(freeNonces([0n, 1n, 3n], 3)).to.deep.equal([2n, 4n, 5n]);
    expect(freeNonces([0n, 16n], 2, 16n)).to.deep.equal([17n, 18n]);
  });

  it("lists those that share a word", () => {
    expect(nonceWord(13n)).to.deep.equal([8n, 9n, 10n, 11n, 12n, 13n, 14n, 15n]);
  });

  it("refuses less than one", () => {
    for (const count of [0, -1, 1.5]) expect(() => freeNonces([], count)).to.throw(RangeError);
    expect(() => freeNonces([], 1, -1n)).to.throw(RangeError, "from: ");
  });
});

describe("A week of different prices", () => {
  const days = Array.from({ length: 7 }, (_, day) => addDays("2026-10-22", day));
  const week = days.flatMap((day) =>
    (
      [
        ["00:00", "12:00", 150_000n],
        ["12:00", "24:00", 190_000n],
      ] as const
    ).map(([from, to, pricePerKwh]) => ({
      ...slotsOfWindow(day, from, to, "Europe/Berlin", 900),
      energyWh: 4_000n,
      pricePerKwh,
    })),
  );
  const { nonce: _, ...signer } = maker;

  it("is one signature that is good for every order of it", async () => {
    const book = orderBookOf(postedOfferOf, signer, week, freeNonces([], week.length));
    const signature = await JANE.signTypedData(orderBookTypedData(DOMAIN, book));
    const signed = signedOrdersOf(book, signature);
    expect(signed.length).to.equal(14);
    const slots = signed.reduce((sum, { order }) => sum + order.lastSlot - order.firstSlot + 1, 0);
    expect(slots, "a week in which an hour comes twice").to.equal(7 * 96 + 4);
    for (const each of signed) {
      const found = await signerOf(DOMAIN, each, {
        recover: (digest, plain) => recoverAddress({ hash: digest, signature: plain }),
        isDelegate: () => false,
        isLockSigner: () => false,
        isAccepted: () => false,
      });
      expect(found).to.deep.equal({ by: "maker" });
    }
  });

  it("needs a nonce for every order, and each once", () => {
    expect(() => orderBookOf(postedOfferOf, signer, week, [1n, 2n])).to.throw(
      RangeError,
      "as many nonces",
    );
    expect(() => orderBookOf(postedOfferOf, signer, week.slice(0, 2), [1n, 1n])).to.throw(
      RangeError,
      "share their fill",
    );
  });
});
