/** Why a promise could not be settled, in words: who caused it, and who bears what. */
import { communityPriceIn, costMillis, levelFor, type Microgrid } from "@wattline/sdk";

/** Who caused that a promise failed. */
export type Cause = "seller" | "buyer" | "operator" | "outage" | "unknown";

interface Explained {
  readonly cause: Cause;
  readonly words: string;
}

/** By the name of the contracts' error. */
const REASONS: Readonly<Record<string, Explained>> = {
  Deals_NotCovered: {
    cause: "seller",
    words: "the seller does not have the energy: it was not reported, or has been moved away",
  },
  Escrow_InsufficientBalance: {
    cause: "buyer",
    words: "the buyer does not have the money: it was not locked as far as was known",
  },
  Escrow_Locked: { cause: "buyer", words: "the buyer's money is locked to another settler" },
  Orders_Expired: {
    cause: "outage",
    words: "the chain was back only after the end of one of the two orders",
  },
  Orders_NoLock: {
    cause: "outage",
    words: "the lock that makes one of the two orders firm has ended",
  },
  Orders_BadSignature: {
    cause: "unknown",
    words: "one of the two orders is not signed by who may sign it",
  },
  Orders_Filled: { cause: "unknown", words: "one of the two orders is filled" },
  Deals_NothingLeft: { cause: "unknown", words: "nothing is left of one of the two orders" },
  Deals_Rationed: {
    cause: "operator",
    words: "the slot was declared islanded, and the buyer's meter has had its ration",
  },
  Deals_PricesDontMeet: {
    cause: "operator",
    words: "the slot was declared islanded, and the price cap is below what the seller asks",
  },
  Deals_Closed: { cause: "operator", words: "the microgrid was closed" },
};

export const explained = (reason: string): Explained =>
  REASONS[reason] ?? { cause: "unknown", words: `the contract refused it: ${reason}` };

/** What a failed promise costs its two sides at most, in thousandths of a base unit. */
export interface Borne {
  /** The buyer pays its utility instead. */
  readonly buyerMillis: bigint;
  /** The seller has its energy still, and is paid the feed-in tariff for it; nothing when it has moved it away. */
  readonly sellerMillis: bigint;
}

export function borneBy(microgrid: Microgrid, slot: number, energyWh: bigint, cause: Cause): Borne {
  const price = communityPriceIn(microgrid, slot);
  const { feePerKwh, feedInPerKwh, retailPerKwh } = levelFor(microgrid, slot);
  const atLeastNone = (perKwh: bigint) => (perKwh > 0n ? costMillis(perKwh, energyWh) : 0n);
  return {
    buyerMillis: cause === "buyer" ? 0n : atLeastNone(retailPerKwh - price),
    sellerMillis: cause === "seller" ? 0n : atLeastNone(price - feePerKwh - feedInPerKwh),
  };
}
