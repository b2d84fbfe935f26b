import { MOST_BULK_LEVELS } from "../bulk.ts";
import { ORDER_TYPES, READING_TYPES, REGISTRATION_TYPES, WITHDRAWAL_TYPES } from "../typedData.ts";
import { account, allowance, date, eachOf, optional, plain } from "./fields.ts";
import type { Format } from "./file.ts";
import { signedOrder } from "./orderFields.ts";
import { messageType } from "./signatures.ts";

type Messages = Readonly<Record<string, Format>>;

/** Each tree depth has its own type. */
const bulkOrders: Messages = Object.fromEntries(
  Array.from({ length: MOST_BULK_LEVELS }, (_, index) => {
    const levels = index + 1;
    const tree = { name: "tree", type: `Order${"[2]".repeat(levels)}` };
    return [
      messageType({ BulkOrder: [tree], ...ORDER_TYPES }),
      {
        intent: "Sign several orders at once; the last one may be shown repeatedly",
        fields: [eachOf("Orders", signedOrder(`tree.${"[].".repeat(levels)}`))],
      },
    ];
  }),
);

/** What households sign for the marketplace, and for relays under the marketplace's domain. */
export const MARKETPLACE_MESSAGES: Messages = {
  [messageType(ORDER_TYPES)]: {
    intent: "Sign an order",
    interpolatedIntent:
      "{side} up to {energy} ({sources}) at {price} per kWh in microgrid {microgrid}, delivery slots " +
      "{firstSlot} to {lastSlot}, bond {bond} per kWh, good until {deadline}",
    fields: signedOrder(""),
  },
  ...bulkOrders,
  [messageType(WITHDRAWAL_TYPES)]: {
    intent: "Withdraw an order from relays; only cancelling on chain is final",
    fields: [plain("orderHash", "Order")],
  },
};

/** What device keys sign: rarely read by a person, but a device key can be in a person's wallet. */
export const METERS_MESSAGES: Messages = {
  [messageType(READING_TYPES)]: {
    intent: "Sign a reading of your meter",
    interpolatedIntent: "Sign a reading of meter {meter}",
    fields: [
      account("meter", "Meter"),
      plain("firstBlock", "First block of eight slots"),
      optional(plain("exported.[]", "Packed reading of a block")),
    ],
  },
  [messageType(REGISTRATION_TYPES)]: {
    intent: "Let this key be registered as a household's meter",
    interpolatedIntent: "Let this key be registered in microgrid {microgrid} as a meter of {owner}",
    fields: [plain("microgrid", "Microgrid"), account("owner", "Household")],
  },
};

/** ERC-2612, in place of an approval. */
export const CURRENCY_MESSAGES: Messages = {
  "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)": {
    intent: "Let an account take money of yours",
    interpolatedIntent: "Let {spender} take up to {value}, until {deadline}",
    fields: [
      account("spender", "Account"),
      allowance("value", "At most", "@.to"),
      date("deadline", "Until"),
      account("owner", "From account"),
      optional(plain("nonce", "Permit number")),
    ],
  },
};
