import type { marketplaceAbi } from "../abi/marketplace.ts";
import { type Call, multicall } from "./calls.ts";
import {
  account,
  accountIfNamed,
  allowance,
  amount,
  choice,
  currency,
  date,
  eachOf,
  energyBySlot,
  hidden,
  optional,
  plain,
  share,
} from "./fields.ts";
import type { Format } from "./file.ts";
import { passedOrder, takenOrder } from "./orderFields.ts";

/** Positions, and their blocks. */
const position = "releases.[].position.";
const inItsCurrency = (name: string, label: string) =>
  amount(`${position}${name}`, label, `${position}currency`);
const releases = [
  eachOf("Positions", [
    account(`${position}seller`, "Seller"),
    account(`${position}buyer`, "Buyer"),
    plain(`${position}firstBlock`, "First block of eight slots"),
    plain("releases.[].blocks", "Blocks from there on, one bit each"),
    inItsCurrency("price", "Price per kWh, all in"),
    inItsCurrency("bond", "Bond per kWh, lost on shortfall"),
    optional(inItsCurrency("charge", "Charge per kWh")),
    optional(plain(`${position}perArrived`, "Price counts what arrives")),
    optional(choice(`${position}source`, "Energy from", "source")),
    optional(account(`${position}meter`, "Meter")),
    optional(plain(`${position}from`, "From microgrid")),
    optional(plain(`${position}to`, "To microgrid")),
    optional(share(`${position}lossBps`, "Lost on the way")),
    optional(currency(`${position}currency`, "Currency")),
    accountIfNamed(`${position}buyerDelegate`, "Key that signed for the buyer"),
    accountIfNamed(`${position}rationed`, "Meter whose ration it counts on"),
  ]),
  energyBySlot(`${position}energy.[]`),
  energyBySlot(`${position}ahead.[]`, "Promised to others before, by delivery slot"),
];

/** What somebody else submits for a holder who signed it. */
const signedBy = (name: "holder" | "maker") => [
  account(name, "For account"),
  optional(date("deadline", "Mandate good until")),
  hidden("signature", "Holder's signature"),
];

const withdrawn = [
  amount("amount", "Amount", "currency"),
  account("to", "To"),
  optional(currency("currency", "Currency")),
];

const locked = [
  currency("currency", "Currency"),
  account("settler", "Moves only in fills by"),
  date("until", "Until"),
  accountIfNamed("signer", "Key that may sign firm orders"),
];

const authorized = [
  account("delegate", "Key"),
  allowance("amount", "May spend in all", "currency"),
  date("until", "Until"),
  optional(currency("currency", "Currency")),
];

export const MARKETPLACE_CALLS: Readonly<Record<Call<typeof marketplaceAbi>, Format>> = {
  accept: {
    intent: "Trade energy with a signed order",
    fields: takenOrder,
  },
  reserve: {
    intent: "Reserve energy that is still to be made",
    fields: takenOrder,
  },
  settle: {
    intent: "Settle offers and bids of others in a batch",
    fields: [
      eachOf("Orders", passedOrder("orders.[].")),
      eachOf("Matches", [
        plain("matches.[].offer", "Offer, by its place among the orders"),
        plain("matches.[].bid", "Bid, by its place among the orders"),
        choice("matches.[].source", "Energy from", "source"),
        plain("matches.[].firstBlock", "First block of eight slots"),
        optional(plain("matches.[].schedule", "Prices of the offer's microgrid by schedule")),
        optional(plain("matches.[].bidSchedule", "Prices of the bid's microgrid by schedule")),
      ]),
      energyBySlot("matches.[].energy.[]"),
      hidden("signatures.[]", "Makers' signatures"),
    ],
  },
  release: {
    intent: "Release reserved energy: deliver it, pay the seller, refund a shortfall",
    fields: releases,
  },
  undelivered: {
    intent: "Call reserved energy without a reading undelivered, for good",
    fields: releases,
  },
  deposit: {
    intent: "Deposit money into your account",
    interpolatedIntent: "Deposit {amount} into your account",
    fields: [amount("amount", "Amount", "currency"), optional(currency("currency", "Currency"))],
  },
  depositWithPermit: {
    intent: "Deposit money of a holder who has signed for it",
    interpolatedIntent: "Deposit {amount} of {holder} into its account",
    fields: [
      amount("amount", "Amount", "currency"),
      account("holder", "Of account"),
      optional(currency("currency", "Currency")),
      optional(date("deadline", "Permit good until")),
      hidden("v", "Permit's signature"),
      hidden("r", "Permit's signature"),
      hidden("s", "Permit's signature"),
    ],
  },
  depositWithAuthorization: {
    intent: "Deposit money of a holder who has signed for it",
    interpolatedIntent: "Deposit {amount} of {holder} into its account",
    fields: [
      amount("amount", "Amount", "currency"),
      account("holder", "Of account"),
      optional(currency("currency", "Currency")),
      optional(date("validAfter", "Not before")),
      optional(date("validBefore", "Authorization good until")),
      optional(plain("nonce", "Authorization number")),
      hidden("v", "Authorization's signature"),
      hidden("r", "Authorization's signature"),
      hidden("s", "Authorization's signature"),
    ],
  },
  withdraw: {
    intent: "Withdraw money from your account",
    interpolatedIntent: "Withdraw {amount} to {to}",
    fields: withdrawn,
  },
  withdrawFor: {
    intent: "Withdraw money for a holder who has signed for it",
    interpolatedIntent: "Withdraw {amount} of {holder} to {to}",
    fields: [...withdrawn, ...signedBy("holder")],
  },
  lock: {
    intent: "Bind your money to one settler for a time",
    interpolatedIntent:
      "Until {until}, let {currency} of yours move only in fills that {settler} makes",
    fields: locked,
  },
  lockFor: {
    intent: "Bind a holder's money to one settler, as the holder has signed",
    interpolatedIntent:
      "Until {until}, let {currency} of {holder} move only in fills that {settler} makes",
    fields: [...locked, ...signedBy("holder")],
  },
  cancel: {
    intent: "Cancel orders of yours for good",
    fields: [plain("nonces.[]", "Order number")],
  },
  cancelFor: {
    intent: "Cancel a maker's orders, as the maker has signed",
    fields: [plain("nonces.[]", "Order number"), ...signedBy("maker")],
  },
  cancelAll: {
    intent: "Cancel all your orders for good, but for firm ones",
    interpolatedIntent: "Cancel all your orders in {currency} for good, but for firm ones",
    fields: [currency("currency", "Currency")],
  },
  cancelAllFor: {
    intent: "Cancel all of a maker's orders but for firm ones, as the maker has signed",
    interpolatedIntent: "Cancel all orders of {maker} in {currency} for good, but for firm ones",
    fields: [currency("currency", "Currency"), ...signedBy("maker")],
  },
  authorize: {
    intent: "Let another key sign orders for you; an allowance of 0 revokes it",
    interpolatedIntent:
      "Until {until}, let {delegate} sign orders for you that cost up to {amount}",
    fields: authorized,
  },
  authorizeFor: {
    intent: "Let another key sign a maker's orders, as the maker has signed",
    interpolatedIntent:
      "Until {until}, let {delegate} sign orders for {maker} that cost up to {amount}",
    fields: [...authorized, ...signedBy("maker")],
  },
  multicall,
};
