import { LANE_MAX_WH, type SignedOrder } from "@wattline/sdk";
import { report } from "../simulation/community.ts";
import { keepFunded, type Town, type World } from "./town.ts";

const SLOTS_PER_DAY = 96;
const SLOTS_PER_HOUR = 4;
/** What the retailer brings to a town in a slot, in Wh. */
const RETAIL_WH = 5_000n;
/** The DSO pays for all that roofs feed in. */
const DSO_PURSES = 10n;

/** The grid's standing orders in a town: one for each day, signed the day before. */
export class GridOrders {
  readonly #bids = new Map<number, SignedOrder>();
  readonly #world: World;
  readonly #town: Town;

  constructor(world: World, town: Town) {
    this.#world = world;
    this.#town = town;
  }

  /** What the DSO has signed for the day of a slot. */
  bidFor(slot: number): SignedOrder | undefined {
    return this.#bids.get(dayOfSlot(slot));
  }

  /** DSO and retailer sign for today and tomorrow what they have not signed yet. */
  async sign(slot: number): Promise<void> {
    const { book, complaints, stage, tariffs } = this.#world;
    const { community, retailer } = this.#town;
    await complaints.attempt("signing the grid's standing orders", async () => {
      await keepFunded(this.#world, community.dso, DSO_PURSES);
      for (const day of [dayOfSlot(slot), dayOfSlot(slot) + 1]) {
        if (this.#bids.has(day)) continue;
        const range = { firstSlot: day * SLOTS_PER_DAY, lastSlot: (day + 1) * SLOTS_PER_DAY - 1 };
        const bid = await stage.trading.sign(community, community.dso, "bid", {
          ...range,
          pricePerKwh: tariffs.feedInPerKwh,
          energyWh: LANE_MAX_WH,
        });
        const offer = await stage.trading.sign(community, retailer, "offer", {
          ...range,
          pricePerKwh: tariffs.retailPerKwh[0] ?? 0n,
          energyWh: RETAIL_WH * BigInt(SLOTS_PER_DAY),
          sources: ["Grid"],
        });
        this.#bids.set(day, bid);
        book.add(bid);
        book.add(offer);
      }
      for (const day of this.#bids.keys()) if (day < dayOfSlot(slot) - 1) this.#bids.delete(day);
    });
  }

  /** The retailer's meter reports what it has brought in the hour that ends with a slot. */
  async bring(slot: number): Promise<void> {
    const { complaints, stage, firstSlot } = this.#world;
    const brought = new Map<number, bigint>();
    for (let each = slot - SLOTS_PER_HOUR + 1; each <= slot; each++) {
      if (each >= firstSlot) brought.set(each, RETAIL_WH);
    }
    await complaints.attempt("reporting what the retailer brings", () =>
      report(stage.wattline, this.#town.retailer, brought),
    );
  }
}

const dayOfSlot = (slot: number): number => Math.floor(slot / SLOTS_PER_DAY);
