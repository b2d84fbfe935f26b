import { expect } from "chai";
import { describe, it } from "mocha";
import {
  type Deal,
  type Line,
  levelAt,
  meetsLimit,
  type Struck,
  strike,
  totalsOf,
  worthOf,
} from "../../src/deals/index.ts";
import { community, deal, FIRST, inSlots, PRICES, party, START, taker } from "./deals.ts";

const sentIn = ({ slots }: Struck) => slots.map(({ slot, sentWh }) => [slot - FIRST, sentWh]);
const cutBy = (of: Deal) => {
  const { slots, cuts } = strike(of);
  expect(slots).to.deep.equal([]);
  return [...cuts];
};
const line = (over: Partial<Line> = {}): Line => ({
  lossBps: 500n,
  capacityWh: 10_000n,
  wheelingPerKwh: 30_000n,
  flowWh: () => 0n,
  ...over,
});
const [cheap, dear] = [party("limit", 100_000n), party("limit", 300_000n)];

describe("What a deal comes to", () => {
  it("is the community price for two limits, whatever they are", () => {
    const { costMillis, chargeMillis } = totalsOf(strike(deal(cheap, dear)).slots);
    expect({ costMillis, chargeMillis }).to.deep.equal({
      costMillis: 200_000_000n,
      chargeMillis: 10_000_000n,
    });
  });

  it("is nothing where a limit is beyond the community price", () => {
    expect(cutBy(deal(party("limit", 190_001n), dear))).to.deep.equal(["Deals_PricesDontMeet"]);
    expect(cutBy(deal(cheap, party("limit", 199_999n)))).to.deep.equal(["Deals_PricesDontMeet"]);
    expect(strike(deal(party("limit", 190_000n), party("limit", 200_000n))).slots).to.have.length(
      1,
    );
  });

  it("is a posted offer's price and the fee on top", () => {
    const { costMillis, chargeMillis } = totalsOf(
      strike(deal(party("posted", 500_000n), taker)).slots,
    );
    expect({ costMillis, chargeMillis }).to.deep.equal({
      costMillis: 510_000_000n,
      chargeMillis: 10_000_000n,
    });
  });

  it("is a posted bid's price, of which the fee goes", () => {
    const { costMillis, chargeMillis } = totalsOf(
      strike(deal(taker, party("posted", 50_000n))).slots,
    );
    expect({ costMillis, chargeMillis }).to.deep.equal({
      costMillis: 50_000_000n,
      chargeMillis: 10_000_000n,
    });
    expect(cutBy(deal(taker, party("posted", 9_999n)))).to.deep.equal(["Deals_PricesDontMeet"]);
  });

  it("keeps a limit from a posted price that is worse for it than the community's", () => {
    expect(strike(deal(party("posted", 190_000n), dear)).slots).to.have.length(1);
    expect(cutBy(deal(party("posted", 190_001n), dear))).to.deep.equal(["Deals_PricesDontMeet"]);
    expect(strike(deal(cheap, party("posted", 200_000n))).slots).to.have.length(1);
    expect(cutBy(deal(cheap, party("posted", 199_999n)))).to.deep.equal(["Deals_PricesDontMeet"]);
  });

  it("never matches two posted prices", () => {
    const posted = party("posted", 200_000n);
    expect(cutBy(deal(posted, posted))).to.deep.equal(["Deals_PricesDontMeet"]);
  });

  it("is the middle of what both communities pay at the line for two limits across it", () => {
    const struck = strike(deal(cheap, dear, { line: line() }));
    // 230,000 sent at 95 % are 242,105.3 arrived: 242,106; the middle between it and 200,000 is 221,053.
    expect(struck.slots[0]).to.include({
      arrivedWh: 950n,
      costMillis: 950n * 221_053n,
      chargeMillis: 30_000_000n,
    });
  });

  it("is cut to the line, on which a Wh that does not arrive is no trade", () => {
    const full = line({ capacityWh: 1n });
    expect(cutBy(deal(cheap, dear, { line: full }))).to.deep.equal(["Deals_LineFull"]);
    const nearly = line({ flowWh: () => 9_400n });
    expect(sentIn(strike(deal(cheap, dear, { line: nearly })))).to.deep.equal([[0, 600n]]);
  });

  it("sends the least of which what is left of a bid arrives", () => {
    const bid = party("limit", 300_000n, { leftWh: 19n });
    const { slots } = strike(deal(cheap, bid, { line: line() }));
    expect(slots[0]).to.include({ sentWh: 20n, arrivedWh: 19n });
  });

  it("crosses only if the order says so, and not while islanded", () => {
    const home = { ...dear, crosses: false };
    expect(cutBy(deal(cheap, home, { line: line() }))).to.deep.equal(["Deals_Islanded"]);
    const to = community({ isIslanded: (slot) => slot === FIRST });
    const both = deal(cheap, dear, { line: line(), to, energyWh: inSlots(100n, 100n) });
    expect(sentIn(strike(both))).to.deep.equal([[1, 100n]]);
  });

  it("fills orders from the earliest slot on", () => {
    const offer = { ...cheap, leftWh: 150n };
    const struck = strike(deal(offer, dear, { energyWh: inSlots(100n, 100n, 100n) }));
    expect(sentIn(struck)).to.deep.equal([
      [0, 100n],
      [1, 50n],
    ]);
    expect([...struck.cuts]).to.deep.equal(["Orders_Filled"]);
  });

  it("takes nothing from an order for a slot that its price leaves out", () => {
    // Dear in the first hour of the day, as usual later.
    const levels = [{ ...PRICES, pricePerKwh: 400_000n }, PRICES];
    const schedule = { firstSlot: 0, endSlot: 2 ** 32 - 1, levelOfHour: 0b0100n, levels };
    const home = community({ schedule });
    const energyWh = new Map([
      [FIRST, 100n],
      [FIRST + 4, 100n],
    ]);
    const bid = { ...dear, leftWh: 100n };
    const struck = strike(deal(cheap, bid, { from: home, to: home, energyWh }));
    expect(sentIn(struck)).to.deep.equal([[4, 100n]]);
  });

  it("caps the price of islanded slots and rations ordinary meters", () => {
    const home = community({ isIslanded: () => true });
    const on = (rationWh: bigint | undefined): Deal =>
      deal(cheap, dear, { from: home, to: home, rationLeftWh: () => rationWh });
    expect(cutBy(on(0n))).to.deep.equal(["Deals_Rationed"]);
    const { slots } = strike(on(300n));
    expect(slots[0]).to.include({ sentWh: 300n, costMillis: 300n * 150_000n, isRationed: true });
    expect(strike(on(undefined)).slots[0]).to.include({ sentWh: 1_000n, isRationed: false });
    const posted = { ...on(undefined), offer: party("posted", 140_001n), bid: taker };
    expect(cutBy(posted)).to.deep.equal(["Deals_PricesDontMeet"]);
  });

  it("keeps to the slots of both orders, of the schedule, of the week and of an open community", () => {
    const late = party("limit", 300_000n, { firstSlot: FIRST + 1 });
    expect(cutBy(deal(cheap, late))).to.deep.equal(["Deals_OutsideSlots"]);
    const schedule = { firstSlot: 0, endSlot: FIRST, levelOfHour: 0n, levels: [PRICES] };
    const over = community({ schedule });
    expect(cutBy(deal(cheap, dear, { from: over, to: over }))).to.deep.equal([
      "Deals_OutsideSlots",
    ]);
    const forward = { isForward: true };
    expect(cutBy(deal(cheap, dear, { ...forward, nowS: START }))).to.deep.equal([
      "Deals_OutOfTime",
    ]);
    const week = START - 7 * 86_400;
    expect(cutBy(deal(cheap, dear, { ...forward, nowS: week }))).to.deep.equal(["Deals_OutOfTime"]);
    const posted = party("posted", 1n);
    expect(strike(deal(posted, taker, { ...forward, nowS: week })).slots).to.have.length(1);
    const closed = community({ closedFrom: FIRST });
    expect(cutBy(deal(cheap, dear, { from: closed, to: closed }))).to.deep.equal(["Deals_Closed"]);
  });

  it("gives a forward the one price of its first slot", () => {
    const levels = [PRICES, { ...PRICES, feePerKwh: 0n }];
    const schedule = { firstSlot: 0, endSlot: 2 ** 32 - 1, levelOfHour: 0b0100n, levels };
    const home = community({ schedule });
    const energyWh = new Map([
      [FIRST, 100n],
      [FIRST + 4, 100n],
    ]);
    const over = { from: home, to: home, energyWh, nowS: START - 1, isForward: true };
    expect(sentIn(strike(deal(party("posted", 1n), taker, over)))).to.deep.equal([[0, 100n]]);
    const spot = { ...over, isForward: false };
    expect(sentIn(strike(deal(party("posted", 1n), taker, spot)))).to.have.length(2);
  });

  it("meets a taker's limit over all that is traded", () => {
    const bought = totalsOf(strike(deal(party("posted", 190_000n), taker)).slots);
    expect(meetsLimit(bought, "buyer", 200_000n)).to.equal(true);
    expect(meetsLimit(bought, "buyer", 199_999n)).to.equal(false);
    expect(meetsLimit(bought, "seller", 190_000n)).to.equal(true);
    expect(meetsLimit(bought, "seller", 190_001n)).to.equal(false);
  });

  it("draws a sale for what it is worth to neighbours at least", () => {
    expect(worthOf(strike(deal(party("posted", 0n), taker)).slots)).to.equal(200_000_000n);
    expect(worthOf(strike(deal(party("posted", 500_000n), taker)).slots)).to.equal(510_000_000n);
    // Over all slots together: a dear one makes up for a cheap one.
    const dear = { ...PRICES, pricePerKwh: 600_000n };
    const schedule = {
      firstSlot: 0,
      endSlot: 2 ** 32 - 1,
      levelOfHour: 1n,
      levels: [PRICES, dear],
    };
    const [from, energyWh] = [community({ schedule }), inSlots(1_000n, 0n, 0n, 0n, 1_000n)];
    const both = deal(party("posted", 300_000n), taker, { from, to: from, energyWh });
    expect(worthOf(strike(both).slots)).to.equal(800_000_000n);
  });
});

describe("The level of a slot", () => {
  it("follows the hour of the community's own day", () => {
    const levels = [PRICES, { ...PRICES, pricePerKwh: 1n }];
    const schedule = { firstSlot: 0, endSlot: 2 ** 32 - 1, levelOfHour: 1n << 46n, levels };
    const priceAt = (slot: number, utcOffsetMinutes: number) =>
      levelAt(schedule, slot, { slotSeconds: 900, utcOffsetMinutes }).pricePerKwh;
    expect(priceAt(FIRST - 1, 0)).to.equal(1n);
    expect(priceAt(FIRST, 0)).to.equal(200_000n);
    expect(priceAt(FIRST, -60)).to.equal(1n);
    expect(priceAt(FIRST + 22 * 4, 60)).to.equal(1n);
    expect(priceAt(0, -720)).to.equal(200_000n);
  });

  it("names a level that is missing", () => {
    const schedule = { firstSlot: 0, endSlot: 9, levelOfHour: 0b11n, levels: [PRICES] };
    const ask = () => levelAt(schedule, 0, { slotSeconds: 900, utcOffsetMinutes: 0 });
    expect(ask).to.throw(RangeError, "Hour 0 goes by level 3, but the schedule has 1.");
  });
});
