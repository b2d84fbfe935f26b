import type { RelayClient } from "@wattline/relay/client";
import {
  type EnergyBySlot,
  energyTokenAbi,
  LANE_MAX_WH,
  LANES,
  type Maker,
  type Microgrid,
  marketDomain,
  marketplaceAbi,
  metersAbi,
  metersDomain,
  ORDER_TYPES,
  type Order,
  packReading,
  postedBidOf,
  postedOfferOf,
  READING_TYPES,
  type SignedOrder,
  signedOrderToJson,
  sourceIndex,
  unpackProfile,
} from "@wattline/sdk";
import { encodeFunctionData } from "viem";
import type { LocalAccount } from "../simulation/accounts.ts";
import { takeOf } from "../simulation/take.ts";
import {
  FEED_IN_PER_KWH,
  RETAIL_PER_KWH,
  SLOT_SECONDS,
  SLOTS_PER_DAY,
  SLOTS_PER_HOUR,
} from "./start.ts";
import type { Places, Town, TownHome } from "./towns.ts";
import type { Wallets } from "./wallets.ts";

/** The retailer's energy for a microgrid in a slot, in Wh. */
const RETAIL_WH = 5_000n;
/** The DSO buys what no neighbour has bought six hours after its block: agents don't offer it any more. */
export const GRID_LAG_BLOCKS = 3;

export interface GridOptions {
  readonly town: Town;
  readonly places: Places;
  readonly wallets: Wallets;
  readonly relay: RelayClient;
  readonly signal: AbortSignal;
}

/**
 * The grid at a town: standing orders of DSO and retailer, one for each day, signed the day before, the retailer's energy, and
 * what homes sell to the DSO.
 */
export class Grid {
  readonly #options: GridOptions;
  readonly #bids = new Map<number, SignedOrder>();
  #nonce = 0n;
  #firstSlot: number | undefined;

  constructor(options: GridOptions) {
    this.#options = options;
  }

  /** DSO and retailer sign and post their missing orders for today and tomorrow. */
  async sign(slot: number): Promise<void> {
    const { town, relay, signal } = this.#options;
    for (const day of [dayOfSlot(slot), dayOfSlot(slot) + 1]) {
      if (this.#bids.has(day)) continue;
      const range = { firstSlot: day * SLOTS_PER_DAY, lastSlot: (day + 1) * SLOTS_PER_DAY - 1 };
      const bid = await this.#sign(town.dso, (maker) =>
        postedBidOf(maker, {
          ...range,
          pricePerKwh: FEED_IN_PER_KWH,
          energyWh: LANE_MAX_WH,
          sources: ["Solar"],
        }),
      );
      const offer = await this.#sign(town.retailer.account, (maker) =>
        postedOfferOf(maker, {
          ...range,
          pricePerKwh: RETAIL_PER_KWH,
          energyWh: RETAIL_WH * BigInt(SLOTS_PER_DAY),
          sources: ["Grid"],
          meter: town.retailer.device.address,
        }),
      );
      const results = await relay.post([bid, offer].map(signedOrderToJson), signal);
      const refused = results.find(({ status }) => status === "refused");
      if (refused?.status === "refused") {
        throw new Error(`refused: ${refused.reasons.map(({ message }) => message).join(" ")}`);
      }
      this.#bids.set(day, bid);
    }
    for (const day of this.#bids.keys()) if (day < dayOfSlot(slot) - 1) this.#bids.delete(day);
  }

  /** The retailer's meter reports its energy of the hour that ends with a slot. */
  async bring(slot: number): Promise<void> {
    const { town, places, wallets } = this.#options;
    const { account, device } = town.retailer;
    this.#firstSlot ??= await this.#registeredSlot();
    const brought = new Map<number, bigint>();
    for (let each = slot - SLOTS_PER_HOUR + 1; each <= slot; each++) {
      if (each >= this.#firstSlot) brought.set(each, RETAIL_WH);
    }
    if (brought.size === 0) return;
    const { firstBlock, words } = packReading(brought);
    const reading = { meter: device.address, firstBlock, exported: [...words] };
    const signature = await device.signTypedData({
      domain: metersDomain(places.chainId, places.meters),
      types: READING_TYPES,
      primaryType: "Reading",
      message: reading,
    });
    const args = [reading, signature] as const;
    await wallets.send(account, {
      to: places.meters,
      data: encodeFunctionData({ abi: metersAbi, functionName: "report", args }),
    });
  }

  /** A home sells to the DSO what it still holds of a block. A consumer's energy was bought for its own use. */
  async buyRest(home: TownHome, block: number, microgrid: Microgrid): Promise<void> {
    const { places, wallets } = this.#options;
    const bid = this.#bids.get(dayOfSlot(block * LANES));
    if (bid === undefined || home.capacityW === 0) return;
    const heldWh = await this.#heldWh(home, block);
    if (heldWh.size === 0) return;
    const { order, signature } = bid;
    const by = { microgrid: microgrid.microgrid, meter: home.device.address };
    const take = takeOf(by, order, heldWh, () => microgrid);
    const args = [order, signature, take] as const;
    await wallets.send(home.account, {
      to: places.marketplace,
      data: encodeFunctionData({ abi: marketplaceAbi, functionName: "accept", args }),
    });
  }

  async #heldWh({ account }: TownHome, block: number): Promise<EnergyBySlot> {
    const { places, wallets, town } = this.#options;
    const words = await wallets.client.readContract({
      address: places.energy,
      abi: energyTokenAbi,
      functionName: "profileOf",
      args: [account.address, town.microgrid, sourceIndex("Solar"), block, 1n],
    });
    return unpackProfile({ firstBlock: block, words: [...words] });
  }

  async #sign(by: LocalAccount, build: (maker: Maker) => Order): Promise<SignedOrder> {
    const { town, places, wallets } = this.#options;
    const order = build({
      maker: by.address,
      microgrid: town.microgrid,
      slotSeconds: SLOT_SECONDS,
      now: await wallets.now(),
      nonce: this.#nonce++,
    });
    const signature = await by.account.signTypedData({
      domain: marketDomain(places.chainId, places.marketplace),
      types: ORDER_TYPES,
      primaryType: "Order",
      message: order,
    });
    return { order, signature };
  }

  async #registeredSlot(): Promise<number> {
    const { town, places, wallets } = this.#options;
    const { firstSlot } = await wallets.client.readContract({
      address: places.meters,
      abi: metersAbi,
      functionName: "meterOf",
      args: [town.retailer.device.address],
    });
    return firstSlot;
  }
}

const dayOfSlot = (slot: number): number => Math.floor(slot / SLOTS_PER_DAY);
