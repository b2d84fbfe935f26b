import { expect } from "chai";
import { describe, it } from "mocha";
import { type Address, zeroAddress } from "viem";
import { EMPTY_ORDER } from "../src/bulk.ts";
import type { LockFacts } from "../src/chainView.ts";
import { ANYONE, FIRST_FIRM_NONCE } from "../src/deals/order.ts";
import { ANY_SOURCE, sourceMask } from "../src/energyId.ts";
import type { MeterFacts, OrderFacts } from "../src/facts.ts";
import { LANE_MAX_WH } from "../src/profile.ts";
import type { Order } from "../src/typedData.ts";
import { goodUntil, judgeOrder, type OrderState, takerReasons } from "../src/validity.ts";
import { microgridWith } from "./support/microgrid.ts";

const address = (digits: string): Address => `0x${digits.padStart(40, "0")}`;
const [JANE, BOB, AGENT] = [address("a1"), address("b2"), address("c3")];
const [METER, EURO, SETTLER] = [address("d4"), address("e5"), address("f6")];
const SLOT_SECONDS = 900;
const NOW = 1_000_000;
const SLOT = Math.floor(NOW / SLOT_SECONDS);

/** The community price is 200,000, the cap of islanded slots 250,000. */
const microgrid = microgridWith({
  currency: EURO,
  levels: [{ feePerKwh: 10_000n, capPerKwh: 250_000n }],
});
const onIsland = {
  ...microgrid,
  islands: [{ firstSlot: 0, lastSlot: undefined, endedAtSeconds: undefined }],
};
const meter: MeterFacts = {
  owner: JANE,
  microgrid: 1,
  source: "Solar",
  capacityW: 4_000,
  critical: false,
  active: true,
  isLeaving: false,
  promisedEnd: 0,
};
const account = { balanceMillis: 1_000_000_000n, counter: 3n, lock: undefined };
const withMoney = (balanceMillis: bigint) => ({ account: { ...account, balanceMillis } });
const lock: LockFacts = { settler: SETTLER, signer: AGENT, untilSeconds: NOW + 7_200 };
const locked = { account: { ...account, lock } };
const held = (wh: bigint) => ({ heldWh: new Map([[SLOT - 1, wh]]) });
const facts: OrderFacts = {
  nowSeconds: NOW,
  isOffline: false,
  microgrid,
  account,
  fill: { filledWh: 0n, cancelled: false },
  signer: { by: "maker" },
  allowance: undefined,
  meter,
  ...held(5_000n),
  promisedWh: new Map(),
};
const offer: Order = {
  ...EMPTY_ORDER,
  maker: JANE,
  meter: METER,
  microgrid: 1,
  sources: ANY_SOURCE,
  firstSlot: SLOT - 8,
  lastSlot: SLOT - 1,
  energy: 2_000,
  price: 170_000n,
  counter: 3n,
  deadline: NOW + 3_600,
};
const bid: Order = { ...offer, side: 1, meter: zeroAddress };
/** Limits: what they name is the worst price that they take. */
const limitBid: Order = { ...bid, price: 10n ** 9n, settler: ANYONE };
const limitOffer: Order = { ...offer, price: 1n, settler: ANYONE };
const firm: Order = { ...limitBid, nonce: FIRST_FIRM_NONCE, counter: 0n, settler: SETTLER };
const forward: Order = {
  ...offer,
  forward: true,
  bond: 50_000n,
  firstSlot: SLOT + 1,
  lastSlot: SLOT + 2,
};
const forwardBid: Order = { ...forward, side: 1, meter: zeroAddress };
const byDelegate = (allowanceMillis: bigint) =>
  ({
    signer: { by: "delegate", delegate: AGENT },
    allowance: { allowanceMillis, untilSeconds: NOW },
  }) as const;

interface Case {
  readonly rule: string;
  readonly order: Order;
  readonly facts?: Partial<OrderFacts>;
  readonly code: string;
  readonly state: OrderState;
}

const CASES: readonly Case[] = [
  {
    rule: "a passed deadline",
    order: { ...offer, deadline: NOW - 1 },
    code: "Orders_Expired",
    state: "expired",
  },
  {
    rule: "a raised counter",
    order: { ...offer, counter: 2n },
    code: "Orders_CounterRaised",
    state: "cancelled",
  },
  {
    rule: "a counter of the future",
    order: { ...offer, counter: 4n },
    code: "Orders_CounterRaised",
    state: "void",
  },
  {
    rule: "a cancelled nonce",
    order: offer,
    facts: { fill: { filledWh: 0n, cancelled: true } },
    code: "Orders_IsCancelled",
    state: "cancelled",
  },
  {
    rule: "a filled order",
    order: offer,
    facts: { fill: { filledWh: 2_000n, cancelled: false } },
    code: "Orders_Filled",
    state: "filled",
  },
  {
    rule: "nobody's signature",
    order: offer,
    facts: { signer: undefined },
    code: "Orders_BadSignature",
    state: "void",
  },
  {
    rule: "no energy asked",
    order: { ...offer, energy: 0 },
    code: "Orders_Filled",
    state: "void",
  },
  {
    rule: "slots the wrong way round",
    order: { ...offer, firstSlot: SLOT },
    code: "Deals_OutsideSlots",
    state: "void",
  },
  {
    rule: "no source",
    order: { ...offer, sources: 0x80 },
    code: "Orders_SourceNotNamed",
    state: "void",
  },
  {
    rule: "itself as counterparty",
    order: { ...offer, counterparty: JANE },
    code: "Deals_SelfTrade",
    state: "void",
  },
  {
    rule: "an unknown microgrid",
    order: offer,
    facts: { microgrid: undefined },
    code: "Microgrids_Unknown",
    state: "void",
  },
  {
    rule: "a microgrid that is closed for all its slots",
    order: offer,
    facts: { microgrid: { ...microgrid, closedFrom: offer.firstSlot } },
    code: "Deals_Closed",
    state: "void",
  },
  {
    rule: "an offer that costs with the fee more than the island's cap",
    order: { ...offer, price: 240_001n },
    facts: { microgrid: onIsland },
    code: "Deals_PricesDontMeet",
    state: "void",
  },
  {
    rule: "a posted bid above the island's cap",
    order: { ...bid, meter: METER, price: 250_001n },
    facts: { microgrid: onIsland },
    code: "Deals_PricesDontMeet",
    state: "void",
  },
  {
    rule: "an island's bid for no meter",
    order: bid,
    facts: { microgrid: onIsland, meter: undefined },
    code: "Deals_Rationed",
    state: "void",
  },
  {
    rule: "an island's bid for another's meter",
    order: { ...limitBid, meter: METER },
    facts: { microgrid: onIsland, meter: { ...meter, owner: BOB } },
    code: "Deals_Rationed",
    state: "void",
  },
  {
    rule: "a forward of no meter",
    order: { ...forward, meter: zeroAddress },
    facts: { meter: undefined },
    code: "Meters_Unknown",
    state: "void",
  },
  {
    rule: "a forward of another's meter",
    order: forward,
    facts: { meter: { ...meter, owner: BOB } },
    code: "Meters_NotOwner",
    state: "void",
  },
  {
    rule: "a forward of a retired meter",
    order: forward,
    facts: { meter: { ...meter, active: false } },
    code: "Meters_Inactive",
    state: "void",
  },
  {
    rule: "a forward of a meter elsewhere",
    order: forward,
    facts: { meter: { ...meter, microgrid: 2 } },
    code: "Meters_NotSuch",
    state: "void",
  },
  {
    rule: "a forward of another source",
    order: { ...forward, sources: sourceMask("Wind") },
    code: "Meters_NotSuch",
    state: "void",
  },
  {
    rule: "a forward of a meter that is about to move",
    order: forward,
    facts: { meter: { ...meter, isLeaving: true } },
    code: "Meters_Leaving",
    state: "void",
  },
  {
    rule: "a forward of a meter that has promised everything",
    order: forward,
    facts: {
      promisedWh: new Map([
        [SLOT + 1, 1_000n],
        [SLOT + 2, 1_000n],
      ]),
    },
    code: "Meters_OverCommitted",
    state: "unbacked",
  },
  {
    rule: "a forward that has begun",
    order: { ...forward, firstSlot: SLOT - 1, lastSlot: SLOT },
    code: "Deals_OutOfTime",
    state: "expired",
  },
  {
    rule: "a bid without money",
    order: bid,
    facts: withMoney(169_999n),
    code: "Escrow_InsufficientBalance",
    state: "unbacked",
  },
  {
    rule: "a bond without money",
    order: forward,
    facts: withMoney(49_999n),
    code: "Escrow_InsufficientBalance",
    state: "unbacked",
  },
  {
    rule: "a posted bid of locked money",
    order: bid,
    facts: locked,
    code: "Escrow_Locked",
    state: "unbacked",
  },
  {
    rule: "a limit for another settler than the lock's",
    order: { ...limitBid, settler: BOB },
    facts: locked,
    code: "Escrow_Locked",
    state: "unbacked",
  },
  {
    rule: "a firm order without a lock",
    order: firm,
    code: "Orders_NoLock",
    state: "unbacked",
  },
  {
    rule: "a firm order after its lock",
    order: firm,
    facts: { account: { ...account, lock: { ...lock, untilSeconds: NOW } } },
    code: "Orders_NoLock",
    state: "unbacked",
  },
  {
    rule: "a firm order beyond its lock",
    order: { ...firm, deadline: lock.untilSeconds + 1 },
    facts: locked,
    code: "Orders_NoLock",
    state: "unbacked",
  },
  {
    rule: "a bid whose money may be gone, while the chain is cut off",
    order: limitBid,
    facts: { ...locked, isOffline: true },
    code: "Relay_NotLocked",
    state: "unbacked",
  },
  {
    rule: "a bond that may be gone, while the chain is cut off",
    order: forward,
    facts: { isOffline: true },
    code: "Relay_NotLocked",
    state: "unbacked",
  },
  {
    rule: "an offer without energy",
    order: offer,
    facts: { heldWh: new Map() },
    code: "ERC1155InsufficientBalance",
    state: "unbacked",
  },
  {
    rule: "a spent allowance",
    order: offer,
    facts: byDelegate(169_999n),
    code: "Orders_AllowanceExceeded",
    state: "unbacked",
  },
];

describe("An order's validity", () => {
  for (const { rule, order, facts: differing, code, state } of CASES) {
    it(`names ${rule}: ${code}`, () => {
      const verdict = judgeOrder(order, { ...facts, ...differing });
      expect(verdict.reasons.map((reason) => reason.code)).to.deep.equal([code]);
      expect(verdict.state).to.equal(state);
      expect(verdict.remainingWh).to.equal(0n);
      expect(verdict.reasons[0]?.message).to.match(/\.$/);
    });
  }

  it("finds nothing wrong with valid orders of every kind", () => {
    const sound: readonly (readonly [Order, Partial<OrderFacts>])[] = [
      [offer, {}],
      [bid, {}],
      [limitOffer, {}],
      [limitBid, {}],
      [forward, {}],
      [forwardBid, {}],
      [{ ...offer, crosses: true }, {}],
      // Some of its slots still trade.
      [offer, { microgrid: { ...microgrid, closedFrom: offer.lastSlot } }],
      [{ ...offer, price: 240_000n }, { microgrid: onIsland }],
      [{ ...limitBid, meter: METER }, { microgrid: onIsland }],
      // A lock binds what its holder pays, not what it earns; its settler moves it.
      [offer, locked],
      [limitBid, locked],
      [{ ...limitBid, settler: SETTLER }, locked],
      [firm, locked],
      [firm, { ...locked, isOffline: true, signer: { by: "lockSigner", signer: AGENT } }],
      [bid, { account: { ...account, lock: { ...lock, untilSeconds: NOW } } }],
      // A forward without a bond takes no money of its seller.
      [{ ...forward, bond: 0n }, withMoney(0n)],
    ];
    for (const [order, differing] of sound) {
      const verdict = judgeOrder(order, { ...facts, ...differing });
      expect(verdict.reasons).to.deep.equal([]);
      expect(verdict.state).to.equal("live");
    }
  });

  it("names every rule that is broken, and takes the state of the most severe", () => {
    const verdict = judgeOrder(
      { ...offer, deadline: NOW - 1, energy: 0 },
      { ...facts, fill: { filledWh: 0n, cancelled: true } },
    );
    expect(verdict.reasons.map(({ code }) => code)).to.deep.equal([
      "Orders_Filled",
      "Orders_Expired",
      "Orders_IsCancelled",
    ]);
    expect(verdict.state).to.equal("cancelled");
  });

  it("wants of a firm order a settler of its own and no counter", () => {
    for (const broken of [
      { ...firm, settler: zeroAddress },
      { ...firm, settler: ANYONE },
      { ...firm, counter: 3n },
    ]) {
      const { state, reasons } = judgeOrder(broken, { ...facts, ...locked });
      expect(state).to.equal("void");
      expect(reasons[0]?.code).to.equal("Orders_NoLock");
    }
  });

  it("wants of a firm order the settler of its lock", () => {
    const { state, reasons } = judgeOrder({ ...firm, settler: BOB }, { ...facts, ...locked });
    expect(state).to.equal("unbacked");
    expect(reasons.map(({ code }) => code)).to.deep.equal(["Orders_NoLock", "Escrow_Locked"]);
  });

  const remaining = (order: Order, differing: Partial<OrderFacts> = {}) =>
    judgeOrder(order, { ...facts, ...differing }).remainingWh;

  it("leaves the unfilled part that money or energy covers", () => {
    expect(remaining(offer, { fill: { filledWh: 500n, cancelled: false } })).to.equal(1_500n);
    expect(remaining(offer, held(700n))).to.equal(700n);
    expect(remaining({ ...offer, energy: 2 ** 32 - 1 }, held(2n ** 40n))).to.equal(LANE_MAX_WH);
    // A price per kWh is thousandths a Wh.
    expect(remaining(bid, withMoney(17_000_000n))).to.equal(100n);
    expect(remaining(bid, withMoney(16_999_999n))).to.equal(99n);
    expect(remaining({ ...bid, price: 0n }, withMoney(0n))).to.equal(2_000n);
    // Two slots of 4 kW at a quarter of an hour, of which 300 Wh are promised.
    expect(remaining({ ...forward, energy: 5_000 })).to.equal(2_000n);
    const promisedWh = new Map([[SLOT + 1, 300n]]);
    expect(remaining({ ...forward, energy: 5_000 }, { promisedWh })).to.equal(1_700n);
  });

  it("rounds what a meter can make in a slot up to a Wh, as the meter's contract does", () => {
    const order = { ...forward, lastSlot: SLOT + 1, energy: 5_000 };
    expect(remaining(order, { meter: { ...meter, capacityW: 4_001 } })).to.equal(1_001n);
  });

  it("counts for a limit the community price that it pays at most, however high it is", () => {
    expect(remaining(limitBid, withMoney(20_000_000n))).to.equal(100n);
    expect(remaining({ ...limitBid, price: 100_000n }, withMoney(20_000_000n))).to.equal(200n);
    // Across a line its limit counts.
    const crossing = { ...limitBid, crosses: true, price: 400_000n };
    expect(remaining(crossing, withMoney(20_000_000n))).to.equal(50n);
    // The dearest of its slots.
    const dearer = microgridWith({
      currency: EURO,
      levels: [{}, { pricePerKwh: 400_000n }],
      levelOfHour: 1n << BigInt(2 * (Math.floor(NOW / 3_600) % 24)),
    });
    expect(remaining(limitBid, { ...withMoney(20_000_000n), microgrid: dearer })).to.equal(50n);
  });

  it("lets a delegate spend its allowance and no more", () => {
    const spending = (order: Order, allowanceMillis: bigint) =>
      remaining(order, byDelegate(allowanceMillis));
    expect(spending(bid, 17_000_000n)).to.equal(100n);
    expect(spending(limitBid, 20_000_000n)).to.equal(100n);
    // A dear offer draws what the buyer pays, 230 and a fee of 10 a Wh.
    const dear = { ...offer, price: 230_000n };
    expect(spending(dear, 24_000_000n)).to.equal(100n);
    expect(spending(dear, 23_999_999n)).to.equal(99n);
    // Energy is worth the community price at least.
    expect(spending({ ...offer, price: 0n }, 20_000_000n)).to.equal(100n);
    expect(spending(limitOffer, 20_000_000n)).to.equal(100n);
    // A forward draws its bond of 50 as well.
    expect(spending(forward, 25_000_000n)).to.equal(100n);
  });

  it("says when energy may still be reported", () => {
    const bare = { ...facts, heldWh: new Map() };
    expect(judgeOrder(offer, bare).mayBeBacked).to.equal(true);
    const nameless = { ...offer, meter: zeroAddress };
    expect(judgeOrder(nameless, { ...bare, meter: undefined }).mayBeBacked).to.equal(false);
    const retired = { ...bare, meter: { ...meter, active: false } };
    expect(judgeOrder(offer, retired).mayBeBacked).to.equal(false);
    const late = (offer.lastSlot + 1) * SLOT_SECONDS + 86_401;
    const old = { ...offer, deadline: late + 1 };
    expect(judgeOrder(old, { ...bare, nowSeconds: late }).mayBeBacked).to.equal(false);
    expect(judgeOrder(old, { ...bare, nowSeconds: late - 1 }).mayBeBacked).to.equal(true);
  });

  it("is good until its deadline, a forward no longer than until its last slot", () => {
    expect(goodUntil(offer, SLOT_SECONDS)).to.equal(offer.deadline);
    expect(goodUntil(forward, SLOT_SECONDS)).to.equal(forward.lastSlot * SLOT_SECONDS - 1);
  });

  it("names what is wrong for one taker", () => {
    expect(takerReasons(offer, BOB)).to.deep.equal([]);
    expect(takerReasons(offer, JANE).map(({ code }) => code)).to.deep.equal(["Deals_SelfTrade"]);
    const forBob = { ...offer, counterparty: BOB };
    expect(takerReasons(forBob, BOB)).to.deep.equal([]);
    expect(takerReasons(forBob, AGENT).map(({ code }) => code)).to.deep.equal([
      "Orders_NotCounterparty",
    ]);
    expect(takerReasons(limitBid, BOB).map(({ code }) => code)).to.deep.equal([
      "Orders_NotSettler",
    ]);
  });
});
