import type { Source } from "../energyId.ts";
import type { EnergyBySlot } from "../profile.ts";
import type { Side } from "../typedData.ts";

/** A limit order as the clearing needs it: it trades at a slot's community price or not at all. */
export interface LimitOrder {
  /** Its signer: the account, in any letter case. */
  readonly maker: string;
  /** Orders of one maker with one nonce share their fill. */
  readonly nonce: bigint;
  readonly side: Side;
  /**
   * The sources that a bid accepts; for an offer, the source that it sells. An offer of several sources is given once
   * for each, with the same nonce.
   */
  readonly sources: readonly Source[];
  readonly firstSlot: number;
  /** Included. */
  readonly lastSlot: number;
  /** Its unfilled Wh, over all its slots together; less than 2^31. */
  readonly leftWh: bigint;
  /** Base units per kWh: the least that an offer's maker receives, the most that a bid's maker pays. */
  readonly pricePerKwh: bigint;
  /**
   * The most Wh in each slot: the energy that covers an offer, or the use of a bid. One amount for every slot, or an
   * amount for each, where a missing slot gets nothing. Without it an order uses its energy in its earliest slots.
   * Energy that covers two offers must be given once only.
   */
  readonly mostWh?: bigint | EnergyBySlot;
  /** The meter that a bid buys for. It counts for rations in islanded slots. */
  readonly meter?: string;
  /** Whether that meter is a critical load. */
  readonly critical?: boolean;
}

/** The conditions in one delivery slot. */
export interface CommunitySlot {
  readonly slot: number;
  /** The community price: what buyers pay, in base units per kWh. */
  readonly pricePerKwh: bigint;
  /** The DSO's part of the price: sellers receive the rest. */
  readonly networkFeePerKwh: bigint;
  /**
   * Present when the slot is islanded: critical loads come first, and bids for other meters get at most this many Wh
   * per meter. A bid without a meter then gets nothing.
   */
  readonly rationWh?: bigint;
}

/** The input of a clearing. */
export interface CommunityBook {
  readonly orders: readonly LimitOrder[];
  /** In ascending order of their numbers. */
  readonly slots: readonly CommunitySlot[];
  /**
   * Money of households that can spend only this much, in thousandths of a base unit; those that are missing have
   * enough. A trade costs price per kWh x Wh of these.
   */
  readonly moneyMillis?: ReadonlyMap<string, bigint>;
}

/** Energy from an offer to a bid. */
export interface CommunityMatch {
  /** The offer's index in the list of orders. It names the source. */
  readonly offer: number;
  /** The bid's index. */
  readonly bid: number;
  /** Wh per slot, all above 0. */
  readonly energyWh: EnergyBySlot;
}
