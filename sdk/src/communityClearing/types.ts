import type { Source } from "../energyId.ts";
import type { EnergyBySlot } from "../profile.ts";
import type { Side } from "../typedData.ts";

/** A limit order as the clearing needs it: it trades at a slot's community price or not at all. */
export interface LimitOrder {
  /** Who signed it: the account, in any case of letters. */
  readonly maker: string;
  /** Orders of one maker with one nonce share their fill. */
  readonly nonce: bigint;
  readonly side: Side;
  /**
   * The sources that a bid takes; of an offer, the one whose energy it sells. An offer that sells several is given once
   * for each, with the same nonce.
   */
  readonly sources: readonly Source[];
  readonly firstSlot: number;
  /** Included. */
  readonly lastSlot: number;
  /** Wh that it is not filled by yet, over all its slots together; less than 2^31. */
  readonly leftWh: bigint;
  /** Base units per kWh: the least that an offer's maker receives, the most that a bid's maker pays. */
  readonly pricePerKwh: bigint;
  /**
   * Wh at most in each slot: what stands behind an offer, what a bid wants in it. One amount for every slot, or an amount
   * for each, where a slot that is missing gets nothing. Without it an order spends what it has in its earliest slots.
   * Energy that stands behind two offers is to be counted once.
   */
  readonly mostWh?: bigint | EnergyBySlot;
  /** The meter that a bid buys for. Rations go by it in islanded slots. */
  readonly meter?: string;
  /** Whether that meter is a critical load. */
  readonly critical?: boolean;
}

/** What holds in one delivery slot. */
export interface CommunitySlot {
  readonly slot: number;
  /** The community price: what buyers pay, in base units per kWh. */
  readonly pricePerKwh: bigint;
  /** Of that, what goes to the DSO: sellers receive the rest. */
  readonly networkFeePerKwh: bigint;
  /**
   * There when the slot is islanded: critical loads come first, and bids for other meters get at most this much per
   * meter, in Wh. A bid that names no meter gets nothing then.
   */
  readonly rationWh?: bigint;
}

/** What is to be cleared. */
export interface CommunityBook {
  readonly orders: readonly LimitOrder[];
  /** In ascending order of their numbers. */
  readonly slots: readonly CommunitySlot[];
  /**
   * Money of households that may buy only with it, in thousandths of a base unit; those that are missing have enough. A
   * trade costs price per kWh x Wh of these.
   */
  readonly moneyMillis?: ReadonlyMap<string, bigint>;
}

/** Energy that goes from an offer to a bid. */
export interface CommunityMatch {
  /** The offer's place among the book's orders. It names the source. */
  readonly offer: number;
  /** The bid's. */
  readonly bid: number;
  /** Wh per slot, all above 0. */
  readonly energyWh: EnergyBySlot;
}
