import type { marketplaceAbi } from "../abi/marketplace.ts";
import { type Call, multicall } from "./calls.ts";
import {
  account,
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
      ]),
      energyBySlot("matches.[].energy.[]"),
      hidden("signatures.[]", "Makers' signatures"),
    ],
  },
  release: {
    intent: "Release reserved energy: deliver it, pay the seller, refund a shortfall",
    fields: [
      eachOf("Positions", [
        account("releases.[].position.seller", "Seller"),
        account("releases.[].position.buyer", "Buyer"),
        plain("releases.[].blockNumber", "Block of eight slots"),
        amount("releases.[].position.price", "Price per kWh", "releases.[].position.currency"),
        amount(
          "releases.[].position.bond",
          "Bond per kWh, lost on shortfall",
          "releases.[].position.currency",
        ),
        optional(
          amount("releases.[].position.charge", "Charge per kWh", "releases.[].position.currency"),
        ),
        optional(choice("releases.[].position.source", "Energy from", "source")),
        optional(account("releases.[].position.meter", "Meter")),
        optional(plain("releases.[].position.from", "From microgrid")),
        optional(plain("releases.[].position.to", "To microgrid")),
        optional(share("releases.[].position.lossBps", "Lost on the way")),
        optional(currency("releases.[].position.currency", "Currency")),
      ]),
    ],
  },
  deposit: {
    intent: "Deposit money into your account",
    interpolatedIntent: "Deposit {amount} into your account",
    fields: [amount("amount", "Amount", "currency"), optional(currency("currency", "Currency"))],
  },
  depositWithPermit: {
    intent: "Deposit money into your account",
    interpolatedIntent: "Deposit {amount} into your account",
    fields: [
      amount("amount", "Amount", "currency"),
      optional(currency("currency", "Currency")),
      optional(date("deadline", "Permit good until")),
      hidden("v", "Permit's signature"),
      hidden("r", "Permit's signature"),
      hidden("s", "Permit's signature"),
    ],
  },
  withdraw: {
    intent: "Withdraw money from your account",
    interpolatedIntent: "Withdraw {amount} to {to}",
    fields: [
      amount("amount", "Amount", "currency"),
      account("to", "To"),
      optional(currency("currency", "Currency")),
    ],
  },
  lock: {
    intent: "Promise not to withdraw for a time",
    interpolatedIntent: "Promise not to withdraw {currency} before {until}",
    fields: [currency("currency", "Currency"), date("until", "Not before")],
  },
  cancel: {
    intent: "Cancel orders of yours for good",
    fields: [plain("nonces.[]", "Order number")],
  },
  cancelAll: {
    intent: "Cancel all your orders for good",
    interpolatedIntent: "Cancel all your orders in {currency} for good",
    fields: [currency("currency", "Currency")],
  },
  authorize: {
    intent: "Let another key sign orders for you; an allowance of 0 revokes it",
    interpolatedIntent: "Let {delegate} sign orders for you that cost up to {allowance}",
    fields: [
      account("delegate", "Key"),
      allowance("allowance", "May spend in all", "currency"),
      optional(currency("currency", "Currency")),
    ],
  },
  multicall,
};
