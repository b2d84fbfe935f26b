import { type EnergyBySlot, type Order, type Source, sourceMask } from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { zeroAddress } from "viem";
import { suggestedPrice } from "./price.ts";
import { unsoldOf } from "./surplus.ts";

const SLOT_SECONDS = 900;
const DAY_SLOTS = 96;
/** Midnight UTC. */
const MIDNIGHT = (Date.UTC(2027, 5, 7) / 1000 / SLOT_SECONDS) | 0;

const tariffs = {
  feedIn: 80_000n,
  retail: 320_000n,
  networkFee: 10_000n,
  islandPriceCap: 250_000n,
  islandRation: 250,
};

const offer = (firstSlot: number, lastSlot: number, overrides: Partial<Order> = {}): Order => ({
  maker: zeroAddress,
  meter: zeroAddress,
  microgrid: 1,
  side: 0,
  sources: sourceMask("Solar"),
  firstSlot,
  lastSlot,
  energy: 1_000,
  price: 170_000n,
  forward: false,
  bond: 0n,
  counterparty: zeroAddress,
  nonce: 0n,
  counter: 0n,
  deadline: 0,
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

  it("is a price between the tariffs, in whole cents where there is room", () => {
    expect(suggestedPrice("bid", { tariffs }, null, 6)).to.equal(200_000n);
    expect(suggestedPrice("offer", { tariffs }, null, 6)).to.equal(190_000n);
    expect(suggestedPrice("bid", { tariffs }, 187_654n, 6)).to.equal(180_000n);
    const narrow = { ...tariffs, feedIn: 81_000n, retail: 85_000n, networkFee: 0n };
    expect(suggestedPrice("bid", { tariffs: narrow }, null, 6)).to.equal(83_000n);
  });

  it("is never below nothing, nor above what the buyer pays", () => {
    const amount = fc.bigInt(0n, 10n ** 12n);
    fc.assert(
      fc.property(amount, amount, amount, amount, (feedIn, retail, networkFee, cleared) => {
        const own = { tariffs: { ...tariffs, feedIn, retail, networkFee } };
        const [offered, bid] = [
          suggestedPrice("offer", own, cleared, 6),
          suggestedPrice("bid", own, cleared, 6),
        ];
        expect(offered >= 0n && offered <= bid && bid <= cleared).to.equal(true);
      }),
    );
  });
});
