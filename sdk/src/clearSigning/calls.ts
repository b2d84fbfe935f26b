import type { Abi, ContractFunctionName } from "viem";
import type { boardAbi } from "../abi/board.ts";
import type { energyTokenAbi } from "../abi/energyToken.ts";
import type { marketplaceAbi } from "../abi/marketplace.ts";
import type { metersAbi } from "../abi/meters.ts";
import {
  account,
  allowance,
  amount,
  amountIn,
  choice,
  currency,
  date,
  degrees,
  duration,
  eachOf,
  energy,
  energyBySlot,
  energyId,
  hidden,
  optional,
  plain,
  power,
  share,
} from "./fields.ts";
import type { Field, Format } from "./file.ts";
import { passedOrder, takenOrder } from "./orderFields.ts";

/** Calls that no person signs, and why. */
export const UNDESCRIBED_CALLS = {
  meters: { commit: "Only the marketplace may call it." },
  energyToken: {
    mint: "Only the meters and the marketplace may call it.",
    move: "Only the marketplace may call it.",
    moveAcross: "Only the marketplace may call it.",
    tryMove: "Only the marketplace may call it.",
  },
} as const;

type Call<abi extends Abi> = ContractFunctionName<abi, "nonpayable" | "payable">;

const multicall: Format = {
  intent: "Do several things at once",
  fields: [
    {
      path: "data.[]",
      label: "Step",
      format: "calldata",
      params: { calleePath: "@.to" },
      separator: "Step {index}",
    },
  ],
};

const tariffs = (path: string, price: (path: string, label: string) => Field): readonly Field[] => [
  price(`${path}feedIn`, "Feed-in tariff per kWh"),
  price(`${path}retail`, "Retail tariff per kWh"),
  price(`${path}networkFee`, "Network fee per kWh"),
  price(`${path}islandPriceCap`, "Highest price per kWh while islanded"),
  energy(`${path}islandRation`, "Ration per meter and slot while islanded"),
];

export const MARKETPLACE_CALLS: Readonly<Record<Call<typeof marketplaceAbi>, Format>> = {
  accept: {
    intent: "Trade energy with a signed order",
    interpolatedIntent: "{order.side} {take.limit}: {take.source} energy, with {order.maker}",
    fields: takenOrder,
  },
  reserve: {
    intent: "Reserve energy that is still to be made",
    interpolatedIntent:
      "{order.side} {take.limit}: {take.source} energy that is still to be made, with {order.maker}",
    fields: takenOrder,
  },
  settle: {
    intent: "Settle offers and bids of others in a batch",
    fields: [
      eachOf("Orders", passedOrder("orders.[].")),
      eachOf("Matches", [
        plain("matches.[].offer", "Offer: order"),
        plain("matches.[].bid", "Bid: order"),
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

type MetersCall = Exclude<Call<typeof metersAbi>, keyof typeof UNDESCRIBED_CALLS.meters>;

export const METERS_CALLS: Readonly<Record<MetersCall, Format>> = {
  report: {
    intent: "Report a meter's reading, so that its energy is minted",
    interpolatedIntent: "Report a reading of meter {reading.meter}",
    fields: [
      account("reading.meter", "Meter"),
      plain("reading.firstBlock", "First block of eight slots"),
      optional(plain("reading.exported.[]", "Packed reading of a block")),
      hidden("signature", "Meter's signature"),
    ],
  },
  register: {
    intent: "Register a meter",
    interpolatedIntent: "Register meter {meter} of {owner} in microgrid {microgrid}",
    fields: [
      account("meter", "Meter"),
      account("owner", "Household"),
      plain("microgrid", "Microgrid"),
      choice("source", "Energy from", "source"),
      power("capacityW", "Exports at most"),
      plain("critical", "Critical load"),
      hidden("consent", "Meter's consent"),
    ],
  },
  handOverMeter: {
    intent: "Give a meter away: later readings are minted to its new owner",
    interpolatedIntent: "Give meter {meter} to {to}",
    fields: [account("meter", "Meter"), account("to", "New owner")],
  },
  retireMeter: {
    intent: "Take a meter out of service for good",
    interpolatedIntent: "Take meter {meter} out of service for good",
    fields: [account("meter", "Meter")],
  },
  found: {
    intent: "Found a microgrid",
    interpolatedIntent: "Found a microgrid that trades in {charter.currency}",
    fields: [
      plain("charter.name", "Name"),
      currency("charter.currency", "Currency, for good"),
      duration("charter.slotSeconds", "Length of a delivery slot, for good"),
      duration("charter.reportingDeadline", "Readings for forwards arrive within, for good"),
      degrees("charter.latitudeTenths", "Latitude"),
      degrees("charter.longitudeTenths", "Longitude"),
      ...tariffs("tariffs.", (path, label) => amount(path, label, "charter.currency")),
      account("dso", "DSO, which earns the network fee"),
    ],
  },
  setTariffs: {
    intent: "Set a microgrid's tariffs",
    interpolatedIntent:
      "Set tariffs of microgrid {microgrid}: feed-in {tariffs.feedIn}, retail {tariffs.retail}, " +
      "network fee {tariffs.networkFee} per kWh",
    fields: [
      plain("microgrid", "Microgrid"),
      ...tariffs("tariffs.", (path, label) => amountIn(path, label, "microgrid")),
    ],
  },
  setDso: {
    intent: "Name who earns a microgrid's network fee",
    interpolatedIntent: "Let {dso} earn the network fee of microgrid {microgrid}",
    fields: [plain("microgrid", "Microgrid"), account("dso", "DSO")],
  },
  setMode: {
    intent: "Declare a microgrid's mode",
    interpolatedIntent: "Declare microgrid {microgrid} {mode}",
    fields: [plain("microgrid", "Microgrid"), choice("mode", "Mode", "mode")],
  },
  handOver: {
    intent: "Offer to hand a microgrid over; the zero address takes the offer back",
    interpolatedIntent: "Offer to make {successor} operator of microgrid {microgrid}",
    fields: [plain("microgrid", "Microgrid"), account("successor", "New operator")],
  },
  acceptHandOver: {
    intent: "Become operator of a microgrid",
    interpolatedIntent: "Become operator of microgrid {microgrid}",
    fields: [plain("microgrid", "Microgrid")],
  },
  proposeTieLine: {
    intent: "Propose a tie line's terms, or agree to them",
    interpolatedIntent: "Join microgrid {mine} to microgrid {other} by a tie line",
    fields: [
      plain("mine", "Your microgrid"),
      plain("other", "Other microgrid"),
      share("line.lossBps", "Lost on the way"),
      energy("line.capacity", "Capacity per slot and direction; 0 closes it"),
      amountIn("line.wheelingUp", "Charge per kWh to the higher number", "mine"),
      amountIn("line.wheelingDown", "Charge per kWh to the lower number", "mine"),
    ],
  },
  multicall,
};

type EnergyCall = Exclude<Call<typeof energyTokenAbi>, keyof typeof UNDESCRIBED_CALLS.energyToken>;

export const ENERGY_CALLS: Readonly<Record<EnergyCall, Format>> = {
  retire: {
    intent: "Retire energy for a certificate: it is used up for good",
    interpolatedIntent:
      "Retire {source} energy of microgrid {microgrid} for good, on behalf of {beneficiary}",
    fields: [
      choice("source", "Energy from", "source"),
      plain("microgrid", "Microgrid"),
      plain("firstBlock", "First block of eight slots"),
      energyBySlot("energy.[]"),
      account("beneficiary", "On behalf of"),
      plain("purpose", "Purpose"),
    ],
  },
  safeTransferFrom: {
    intent: "Give energy away",
    interpolatedIntent: "Give {value} of {id.[27:28]} energy to {to}",
    fields: [
      energy("value", "Energy"),
      ...energyId("id"),
      account("to", "To"),
      account("from", "From"),
      optional(plain("data", "Data for the receiver")),
    ],
  },
  safeBatchTransferFrom: {
    intent: "Give energy of several slots away",
    interpolatedIntent: "Give energy of several slots to {to}",
    fields: [
      account("to", "To"),
      account("from", "From"),
      eachOf("Energy", [energy("values.[]", "Energy"), ...energyId("ids.[]")]),
      optional(plain("data", "Data for the receiver")),
    ],
  },
  setApprovalForAll: {
    intent: "Allow or forbid an account to move all your energy",
    fields: [account("operator", "Account"), plain("approved", "May move all your energy")],
  },
};

export const BOARD_CALLS: Readonly<Record<Call<typeof boardAbi>, Format>> = {
  pin: {
    intent: "Publish signed orders for everybody to take",
    fields: [
      eachOf("Orders", passedOrder("orders.[].")),
      hidden("signatures.[]", "Makers' signatures"),
    ],
  },
};

/** What a household signs at its currency. */
export const CURRENCY_CALLS: Readonly<Record<"approve(address spender,uint256 value)", Format>> = {
  "approve(address spender,uint256 value)": {
    intent: "Let an account take money of yours",
    interpolatedIntent: "Let {spender} take up to {value}",
    fields: [account("spender", "Account"), allowance("value", "At most", "@.to")],
  },
};
