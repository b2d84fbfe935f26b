import type { boardAbi } from "../abi/board.ts";
import type { energyTokenAbi } from "../abi/energyToken.ts";
import type { Call, UNDESCRIBED_CALLS } from "./calls.ts";
import {
  account,
  allowance,
  choice,
  eachOf,
  energy,
  energyBySlot,
  energyId,
  hidden,
  optional,
  plain,
} from "./fields.ts";
import type { Format } from "./file.ts";
import { passedOrder } from "./orderFields.ts";

type EnergyCall = Exclude<Call<typeof energyTokenAbi>, keyof typeof UNDESCRIBED_CALLS.energyToken>;

export const ENERGY_CALLS: Readonly<Record<EnergyCall, Format>> = {
  retire: {
    intent: "Retire energy for a certificate: it is used up for good",
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
    interpolatedIntent:
      "Give {value} of {id.[27:28]} energy of microgrid {id.[23:27]}, delivery slot {id.[28:32]}, to {to}",
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
