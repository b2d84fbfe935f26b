import type { Address } from "viem";
import type { LinePrices } from "../communityClearing/index.ts";
import type { MeteredSlot, SlotForecast } from "../forecast/index.ts";
import type { Microgrid } from "../microgrid.ts";
import type { EnergyBySlot } from "../profile.ts";
import type { Order } from "../typedData.ts";

/** What an order of a home is for. Every order is for one slot: its energy can't be taken in another one. */
export const PURPOSES = ["spot offer", "spot bid", "forward offer", "forward bid", "gift"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** What a household allows its agent. */
export interface TradingLimits {
  /** The least that a kWh of surplus is sold for, in base units, after the network fee. */
  readonly floorPerKwh: bigint;
  /** The most that a kWh of need is bought for, in base units, all in; at 0 nothing is bought. */
  readonly ceilingPerKwh: bigint;
  /** The most that the need of one day, by the community's clock, may cost. */
  readonly mostPerDayMillis: bigint;
  /** Who alone may fill its limits; `ANYONE` for anyone. */
  readonly settler: Address;
  /**
   * Given: metered surplus is offered at this posted price, in base units per kWh, for neighbours to accept, instead of with a
   * limit.
   */
  readonly postedPerKwh?: bigint | undefined;
  /** How long after its end a slot's energy is traded, in seconds. */
  readonly spotSeconds: number;
  /** Given: energy to come is traded too. */
  readonly forward?: ForwardLimits | undefined;
  /** Given: a share of the surplus is given away in islanded slots. */
  readonly gift?: GiftLimits | undefined;
}

export interface ForwardLimits {
  /** Base units per kWh that an offer pledges, and a bid demands. */
  readonly bondPerKwh: bigint;
  /** How far ahead energy is traded, in hours. */
  readonly hours: number;
}

export interface GiftLimits {
  /** Who is given it. */
  readonly to: Address;
  /** Of what the home exports in an islanded slot: 1 to 100. */
  readonly percent: number;
}

/** An order that was signed before. */
export interface PlacedOrder {
  readonly order: Order;
  readonly purpose: Purpose;
  readonly filledWh: bigint;
}

/** A lock that makes orders firm: they can't be cancelled, and are settled when the chain is back. */
export interface FirmTerms {
  readonly settler: Address;
  /** Unix seconds. */
  readonly untilSeconds: number;
}

/** All that a plan depends on, at one moment. */
export interface TradingFacts {
  /** The household. */
  readonly maker: Address;
  /** Its meter. */
  readonly meter: Address;
  readonly microgrid: Microgrid;
  /** Given where tie lines join the microgrid to others. */
  readonly linePrices?: LinePrices | undefined;
  /** Chain time, Unix seconds. */
  readonly nowSeconds: number;
  /** The maker's counter in the currency's account. */
  readonly counter: bigint;
  /** The first nonce that is free, and all after it. */
  readonly nonce: bigint;
  readonly balanceMillis: bigint;
  /** What the delegate may still spend. */
  readonly allowanceMillis: bigint;
  /** Given while the chain is out of reach: the lock under which metered energy is traded by firm orders. */
  readonly firm?: FirmTerms | undefined;
  /** What the meter has counted, without what its battery's own device reports. */
  readonly metered: readonly MeteredSlot[];
  readonly forecast: readonly SlotForecast[];
  /** What the meter has promised to forwards. */
  readonly promisedWh: EnergyBySlot;
  /** What the household holds of slots whose readings are on chain: what it sold, gave or retired otherwise is not offered. */
  readonly heldWh: EnergyBySlot;
  /** Orders of slots that may still trade, filled ones and expired ones too. */
  readonly placed: readonly PlacedOrder[];
}

/** An order to sign, and for what reason. */
export interface PlannedOrder {
  readonly purpose: Purpose;
  readonly order: Order;
  readonly reason: "it was metered" | "it is sure to come" | "it is given away in the outage";
}

/** What keeps energy from being traded. */
export type Hindrance =
  | "the most for the day is spent"
  | "the delegate's allowance is used up"
  | "there is not enough money in escrow";

/** Energy for which there is no order though there should be one. */
export interface NotPlanned {
  readonly purpose: Purpose;
  readonly slot: number;
  readonly energyWh: bigint;
  readonly reason: Hindrance;
}

export interface Plan {
  readonly orders: readonly PlannedOrder[];
  readonly without: readonly NotPlanned[];
  /** Orders to withdraw: they offer more than is sure by now, or at limits that do not hold any more. */
  readonly stale: readonly PlacedOrder[];
}
