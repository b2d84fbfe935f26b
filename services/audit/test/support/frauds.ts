import type { Check } from "@wattline/sdk";

/** A fraud to build into the contracts: the audit must name the transaction that commits it. */
export interface Fraud {
  readonly what: string;
  /** The check that finds it. */
  readonly check: Check;
  readonly file: string;
  /** The honest code, which is there once, and what takes its place. */
  readonly from: string;
  readonly to: string;
}

/** Contracts that cheat their users, all at once: an honest history of them is none. */
export const FRAUDS: readonly Fraud[] = [
  {
    what: "a forged reading is taken",
    check: "reading-signature",
    file: "contracts/Meters.sol",
    from: "_checkSigner(reading.meter, hashReading(reading), signature);",
    to: "signature;",
  },
  {
    what: "a slot is minted twice",
    check: "reported-once",
    file: "contracts/Meters.sol",
    from: "flags |= bits;",
    to: "",
  },
  {
    what: "a buyer pays more than the signed price",
    check: "price",
    file: "contracts/market/Deals.sol",
    from: "if (deal.countsSent) return offer.price + charge;",
    to: "if (deal.countsSent) return offer.price + charge + 7;",
  },
  {
    what: "a refund is announced and not paid",
    check: "state",
    file: "contracts/market/Releases.sol",
    from: "_credit(_account(currency, position.buyer), locked - paid + forfeited);",
    to: "_credit(_account(currency, position.buyer), forfeited);",
  },
  {
    what: "a later promise is served first",
    check: "shares",
    file: "contracts/market/Releases.sol",
    from: "Profile share = energy.min(delivered.sub(delivered.min(position.ahead[index])));",
    to: "Profile share = energy.min(delivered);",
  },
];
