import {
  EMPTY_ORDER,
  type EnergyBySlot,
  type Level,
  type Microgrid,
  type Order,
  type Source,
  sourceMask,
} from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { microgridWith } from "../../../sdk/test/support/microgrid.ts";
import { pricesOf, suggestedPrice } from "./price.ts";
import { unsoldOf } from "./surplus.ts";

const SLOT_SECONDS = 900;
const DAY_SLOTS = 96;
/** Midnight UTC. */
const MIDNIGHT = (Date.UTC(2027, 5, 7) / 1000 / SLOT_SECONDS) | 0;

const level: Level = {
  pricePerKwh: 200_000n,
  feePerKwh: 10_000n,
  capPerKwh: 250_000n,
  feedInPerKwh: 80_000n,
  retailPerKwh: 320_000n,
};

/** A microgrid whose evenings, from 18 o'clock UTC, go by the second level. */
const microgridOf = (day: Level, evening: Level = day): Microgrid =>
  microgridWith({ levels: [day, evening], levelOfHour: EVENINGS, slotSeconds: SLOT_SECONDS });
const EVENINGS = Array.from({ length: 6 }, (_, hour) => 1n << BigInt(2 * (18 + hour))).reduce(
  (all, one) => all | one,
);

const offer = (firstSlot: number, lastSlot: number, overrides: Partial<Order> = {}): Order => ({
  ...EMPTY_ORDER,
  microgrid: 1,
  sources: sourceMask("Solar"),
  firstSlot,
  lastSlot,
  energy: 1_000,
  price: 170_000n,
  crosses: true,
  ...overrides,
});

const unsold = (
  held: ReadonlyMap<Source, EnergyBySlot>,
  open: readonly { order: Order; remainingWh: bigint }[] = [],
) => unsoldOf(held, open, SLOT_SECONDS, "UTC");

describe("What a new order begins with", () => {
  const noon = MIDNIGHT + 48;
  const held = new Map<Source, EnergyBySlot>([
    ["Solar", new Map([noon - DAY_SLOTS, noon, noon + 1, noon + 2].map((slot) => [slot, 500n]))],
  ]);

  it("is what the newest day left, not yesterday's", () => {
    expect(unsold(held)).to.deep.equal({
      source: "Solar",
      firstSlot: noon,
      lastSlot: noon + 2,
      energyWh: 1_500n,
    });
    expect(unsold(new Map())).to.equal(undefined);
  });

  it("leaves out what open offers have promised, their earliest slots first", () => {
    const open = [{ order: offer(noon, noon + 5), remainingWh: 700n }];
    expect(unsold(held, open)).to.deep.include({ firstSlot: noon + 1, energyWh: 800n });
    const all = [{ order: offer(noon - DAY_SLOTS, noon + 2), remainingWh: 2_000n }];
    expect(unsold(held, all)).to.equal(undefined);
  });

  it("is not lessened by bids, by forwards and by offers of other sources", () => {
    const others = [
      offer(noon, noon + 2, { side: 1 }),
      offer(noon, noon + 2, { forward: true }),
      offer(noon, noon + 2, { sources: sourceMask("Wind") }),
    ].map((order) => ({ order, remainingWh: 1_500n }));
    expect(unsold(held, others)?.energyWh).to.equal(1_500n);
  });

  /** What is suggested for a window, by hours UTC. */
  function suggested(side: "offer" | "bid", microgrid: Microgrid, from: number, to: number) {
    const slots = { firstSlot: MIDNIGHT + from * 4, lastSlot: MIDNIGHT + to * 4 - 1 };
    const prices = pricesOf(microgrid, slots);
    return prices && suggestedPrice(side, prices, 6);
  }

  it("is the community price for a bid, and for an offer what is left of it after the fee, in whole cents", () => {
    const one = microgridOf(level);
    expect(suggested("bid", one, 11, 15)).to.equal(200_000n);
    expect(suggested("offer", one, 11, 15)).to.equal(190_000n);
    const odd = microgridOf({ ...level, pricePerKwh: 187_654n });
    expect(suggested("bid", odd, 11, 15)).to.equal(187_654n);
    expect(suggested("offer", odd, 11, 15)).to.equal(170_000n);
    const narrow = microgridOf({ ...level, pricePerKwh: 93_000n, feedInPerKwh: 81_000n });
    expect(suggested("offer", narrow, 11, 15)).to.equal(83_000n);
  });

  it("goes by the hours of the window: a bid covers the dearest, an offer fits the cheapest", () => {
    const evening = { ...level, pricePerKwh: 300_000n, feePerKwh: 20_000n };
    const two = microgridOf(level, evening);
    expect(suggested("bid", two, 11, 18)).to.equal(200_000n);
    expect(suggested("bid", two, 11, 19)).to.equal(300_000n);
    expect(suggested("offer", two, 11, 19)).to.equal(190_000n);
    expect(suggested("offer", two, 18, 19)).to.equal(280_000n);
  });

  it("is nothing for slots that no prices hold for", () => {
    const one = microgridOf(level);
    expect(pricesOf(one, { firstSlot: 5, lastSlot: 4 })).to.equal(undefined);
    expect(pricesOf(one, { firstSlot: Number.NaN, lastSlot: 4 })).to.equal(undefined);
    expect(pricesOf(one, { firstSlot: -4, lastSlot: 4 })).to.equal(undefined);
    expect(pricesOf(one, { firstSlot: 2 ** 32, lastSlot: 2 ** 32 })).to.equal(undefined);
  });

  it("is never below nothing, nor above what the buyer pays", () => {
    const amount = fc.bigInt(0n, 10n ** 12n);
    fc.assert(
      fc.property(amount, amount, amount, (feedInPerKwh, pricePerKwh, feePerKwh) => {
        const own = microgridOf({ ...level, feedInPerKwh, pricePerKwh, feePerKwh });
        const offered = suggested("offer", own, 11, 15) ?? -1n;
        expect(offered >= 0n && offered <= pricePerKwh).to.equal(true);
        expect(suggested("bid", own, 11, 15)).to.equal(pricePerKwh);
      }),
    );
  });
});
