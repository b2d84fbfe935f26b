import { LANE_MAX_WH, type SignedOrder } from "@wattline/sdk";
import { report } from "../simulation/community.ts";
import { keepFunded, type LiveCommunity, type LiveContext } from "./liveCommunity.ts";

const SLOTS_PER_DAY = 96;
const SLOTS_PER_HOUR = 4;
/** The retailer's energy for a microgrid in a slot, in Wh. */
const RETAIL_WH = 5_000n;
/** The DSO pays for everything that roofs feed in. */
const DSO_FUNDING_TIMES = 10n;

/** The grid's standing orders in a microgrid: one for each day, signed the day before. */
export class GridOrders {
  readonly #bids = new Map<number, SignedOrder>();
  readonly #context: LiveContext;
  readonly #live: LiveCommunity;

  constructor(context: LiveContext, live: LiveCommunity) {
    this.#context = context;
    this.#live = live;
  }

  /** The DSO's order for the day of a slot. */
  bidFor(slot: number): SignedOrder | undefined {
    return this.#bids.get(dayOfSlot(slot));
  }

  /** DSO and retailer sign their missing orders for today and tomorrow. */
  async sign(slot: number): Promise<void> {
    const { orderBook, failures, simulation, tariffs } = this.#context;
    const { community, retailer } = this.#live;
    await failures.attempt("signing the grid's standing orders", async () => {
      await keepFunded(this.#context, community.dso, DSO_FUNDING_TIMES);
      for (const day of [dayOfSlot(slot), dayOfSlot(slot) + 1]) {
        if (this.#bids.has(day)) continue;
        const range = { firstSlot: day * SLOTS_PER_DAY, lastSlot: (day + 1) * SLOTS_PER_DAY - 1 };
        const bid = await simulation.trading.sign(community, community.dso, "bid", {
          ...range,
          pricePerKwh: tariffs.feedInPerKwh,
          energyWh: LANE_MAX_WH,
        });
        const offer = await simulation.trading.sign(community, retailer, "offer", {
          ...range,
          pricePerKwh: tariffs.retailPerKwh[0] ?? 0n,
          energyWh: RETAIL_WH * BigInt(SLOTS_PER_DAY),
          sources: ["Grid"],
        });
        this.#bids.set(day, bid);
        orderBook.add(bid);
        orderBook.add(offer);
      }
      for (const day of this.#bids.keys()) if (day < dayOfSlot(slot) - 1) this.#bids.delete(day);
    });
  }

  /** The retailer's meter reports its energy of the hour that ends with a slot. */
  async bring(slot: number): Promise<void> {
    const { failures, simulation } = this.#context;
    const { retailer } = this.#live;
    const brought = new Map<number, bigint>();
    for (let each = slot - SLOTS_PER_HOUR + 1; each <= slot; each++) {
      if (each >= retailer.firstSlot) brought.set(each, RETAIL_WH);
    }
    if (brought.size === 0) return;
    await failures.attempt("reporting the retailer's energy", () =>
      report(simulation.wattline, retailer, brought),
    );
  }
}

const dayOfSlot = (slot: number): number => Math.floor(slot / SLOTS_PER_DAY);
