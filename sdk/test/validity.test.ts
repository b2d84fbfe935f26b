import { expect } from "chai";
import { describe, it } from "mocha";
import { type Address, zeroAddress } from "viem";
import { EMPTY_ORDER } from "../src/bulk.ts";
import { ANY_SOURCE, sourceMask } from "../src/energyId.ts";
import { LANE_MAX_WH } from "../src/profile.ts";
import type { Order } from "../src/typedData.ts";
import {
  goodUntil,
  judgeOrder,
  type MeterFacts,
  type MicrogridFacts,
  type OrderFacts,
  type OrderState,
  takerReasons,
} from "../src/validity.ts";

const address = (digits: string): Address => `0x${digits.padStart(40, "0")}`;
const [JANE, BOB, AGENT, METER, EURO] = ["a1", "b2", "c3", "d4", "e5"].map(address) as [
  Address,
  Address,
  Address,
  Address,
  Address,
];
const SLOT_SECONDS = 900;
const NOW = 1_000_000;
const SLOT = Math.floor(NOW / SLOT_SECONDS);

const microgrid: MicrogridFacts = {
  currency: EURO,
  slotSeconds: SLOT_SECONDS,
  mode: "Connected",
  networkFeePerKwh: 10_000n,
  feedInPerKwh: 80_000n,
  islandPriceCapPerKwh: 250_000n,
  reportingDeadlineSeconds: 86_400,
};
const meter: MeterFacts = {
  owner: JANE,
  microgrid: 1,
  source: "Solar",
  capacityW: 4_000,
  active: true,
};
const facts: OrderFacts = {
  nowSeconds: NOW,
  microgrid,
  account: { balance: 1_000_000n, counter: 3n },
  fill: { filledWh: 0n, cancelled: false },
  signer: { by: "maker" },
  allowance: 0n,
  meter,
  heldWh: 5_000n,
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
const forward: Order = {
  ...offer,
  forward: true,
  bond: 50_000n,
  firstSlot: SLOT + 1,
  lastSlot: SLOT + 2,
};
const delegate = { signer: { by: "delegate", delegate: AGENT } } as const;

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
    code: "Orders_Overfilled",
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
    code: "Trading_NothingTaken",
    state: "void",
  },
  {
    rule: "slots the wrong way round",
    order: { ...offer, firstSlot: SLOT },
    code: "Orders_OutsideSlots",
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
    code: "Trading_SelfTrade",
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
    rule: "a closed microgrid",
    order: offer,
    facts: { microgrid: { ...microgrid, mode: "Closed" } },
    code: "Trading_Closed",
    state: "void",
  },
  {
    rule: "a price above the island's cap",
    order: { ...offer, price: 240_001n },
    facts: { microgrid: { ...microgrid, mode: "Islanded" } },
    code: "Trading_AboveIslandCap",
    state: "void",
  },
  {
    rule: "another's meter",
    order: offer,
    facts: { meter: { ...meter, owner: BOB } },
    code: "Meters_NotOwner",
    state: "void",
  },
  {
    rule: "an unknown meter",
    order: offer,
    facts: { meter: undefined },
    code: "Meters_Unknown",
    state: "void",
  },
  {
    rule: "a meter elsewhere",
    order: offer,
    facts: { meter: { ...meter, microgrid: 2 } },
    code: "Trading_BadMeter",
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
    rule: "a forward of a retired meter",
    order: forward,
    facts: { meter: { ...meter, active: false } },
    code: "Meters_Inactive",
    state: "void",
  },
  {
    rule: "a forward of another source",
    order: { ...forward, sources: sourceMask("Wind") },
    code: "Meters_NotSuch",
    state: "void",
  },
  {
    rule: "a forward that has begun",
    order: { ...forward, firstSlot: SLOT - 1, lastSlot: SLOT },
    code: "Meters_SlotStarted",
    state: "expired",
  },
  {
    rule: "a bid without money",
    order: bid,
    facts: { account: { balance: 169n, counter: 3n } },
    code: "Escrow_InsufficientBalance",
    state: "unbacked",
  },
  {
    rule: "a bond without money",
    order: forward,
    facts: { account: { balance: 49n, counter: 3n } },
    code: "Escrow_InsufficientBalance",
    state: "unbacked",
  },
  {
    rule: "a bid whose money may be gone before its end, while the chain is cut off",
    order: bid,
    facts: { lockedUntil: BigInt(bid.deadline) },
    code: "Relay_NotLocked",
    state: "unbacked",
  },
  {
    rule: "a bond that may be gone before its forward's last slot, while the chain is cut off",
    order: forward,
    facts: { lockedUntil: BigInt(goodUntil(forward, SLOT_SECONDS)) },
    code: "Relay_NotLocked",
    state: "unbacked",
  },
  {
    rule: "an offer without energy",
    order: offer,
    facts: { heldWh: 0n },
    code: "ERC1155InsufficientBalance",
    state: "unbacked",
  },
  {
    rule: "a spent allowance",
    order: offer,
    facts: { ...delegate, allowance: 169n },
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
    for (const good of [offer, bid, forward, { ...forward, side: 1, meter: zeroAddress }]) {
      const verdict = judgeOrder(good, facts);
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
      "Trading_NothingTaken",
      "Orders_Expired",
      "Orders_IsCancelled",
    ]);
    expect(verdict.state).to.equal("cancelled");
  });

  it("leaves the unfilled part that money or energy covers", () => {
    const remaining = (order: Order, differing: Partial<OrderFacts> = {}) =>
      judgeOrder(order, { ...facts, ...differing }).remainingWh;
    expect(remaining(offer, { fill: { filledWh: 500n, cancelled: false } })).to.equal(1_500n);
    expect(remaining(offer, { heldWh: 700n })).to.equal(700n);
    expect(remaining({ ...offer, energy: 2 ** 32 - 1 }, { heldWh: 2n ** 40n })).to.equal(
      LANE_MAX_WH,
    );
    // 170 base units a Wh.
    expect(remaining(bid, { account: { balance: 17_000n, counter: 3n } })).to.equal(100n);
    expect(remaining(bid, { account: { balance: 16_999n, counter: 3n } })).to.equal(99n);
    expect(remaining({ ...bid, price: 0n }, { account: { balance: 0n, counter: 3n } })).to.equal(
      2_000n,
    );
    // Two slots of 4 kW at a quarter of an hour.
    expect(remaining({ ...forward, energy: 5_000 })).to.equal(2_000n);
  });

  it("lets a delegate spend its allowance and no more", () => {
    const remaining = (order: Order, allowance: bigint) =>
      judgeOrder(order, { ...facts, ...delegate, allowance }).remainingWh;
    expect(remaining(bid, 17_000n)).to.equal(100n);
    // An offer draws what the buyer pays: 170 and a fee of 10 a Wh.
    expect(remaining(offer, 18_000n)).to.equal(100n);
    expect(remaining(offer, 17_999n)).to.equal(99n);
    // Energy is worth the feed-in tariff at least.
    expect(remaining({ ...offer, price: 0n }, 8_000n)).to.equal(100n);
    // A forward draws its bond of 50 as well.
    expect(remaining(forward, 23_000n)).to.equal(100n);
  });

  it("says when energy may still be reported", () => {
    const bare = { ...facts, heldWh: 0n };
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
    expect(takerReasons(offer, JANE).map(({ code }) => code)).to.deep.equal(["Trading_SelfTrade"]);
    const forBob = { ...offer, counterparty: BOB };
    expect(takerReasons(forBob, BOB)).to.deep.equal([]);
    expect(takerReasons(forBob, AGENT).map(({ code }) => code)).to.deep.equal([
      "Orders_NotCounterparty",
    ]);
  });
});
