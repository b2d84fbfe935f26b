import { MOST_BULK_LEVELS } from "../bulk.ts";
import { DIRECTORY_TYPES, LISTING_TYPES } from "../directory.ts";
import {
  IMPORT_READING_TYPES,
  MANDATE_TYPES,
  ORDER_TYPES,
  ORDER_WITHDRAWAL_TYPES,
  READING_TYPES,
  REGISTRATION_TYPES,
} from "../typedData.ts";
import {
  account,
  accountIfNamed,
  allowance,
  amount,
  choice,
  currency,
  date,
  eachOf,
  hidden,
  ifWritten,
  optional,
  plain,
  power,
} from "./fields.ts";
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

const mandateOf = (name: keyof typeof MANDATE_TYPES): string =>
  messageType({ [name]: MANDATE_TYPES[name] });

const passedOn = [
  date("deadline", "May be submitted until"),
  optional(plain("nonce", "Mandate number")),
];

/** What a household signs in place of a call, for somebody else to submit. */
const mandates: Messages = {
  [mandateOf("Withdrawal")]: {
    intent: "Withdraw money from your account",
    interpolatedIntent: "Withdraw {amount} to {to}",
    fields: [
      amount("amount", "Amount", "currency"),
      account("to", "To"),
      account("holder", "For account"),
      optional(currency("currency", "Currency")),
      ...passedOn,
    ],
  },
  [mandateOf("Locking")]: {
    intent: "Bind your money to one settler for a time",
    interpolatedIntent:
      "Until {until}, let {currency} of yours move only in fills that {settler} makes",
    fields: [
      currency("currency", "Currency"),
      account("settler", "Moves only in fills by"),
      date("until", "Until"),
      accountIfNamed("signer", "Key that may sign firm orders"),
      account("holder", "For account"),
      ...passedOn,
    ],
  },
  [mandateOf("Authorization")]: {
    intent: "Let another key sign orders for you; an allowance of 0 revokes it",
    interpolatedIntent:
      "Until {until}, let {delegate} sign orders for you that cost up to {amount}",
    fields: [
      account("delegate", "Key"),
      allowance("amount", "May spend in all", "currency"),
      date("until", "Until"),
      account("maker", "For account"),
      optional(currency("currency", "Currency")),
      ...passedOn,
    ],
  },
  [mandateOf("Cancellation")]: {
    intent: "Cancel orders of yours for good",
    fields: [plain("nonces.[]", "Order number"), account("maker", "For account"), ...passedOn],
  },
  [mandateOf("CancellationOfAll")]: {
    intent: "Cancel all your orders for good, but for firm ones",
    interpolatedIntent: "Cancel all your orders in {currency} for good, but for firm ones",
    fields: [currency("currency", "Currency"), account("maker", "For account"), ...passedOn],
  },
};

/** What a household and its operator sign for a microgrid's directory of names. */
const names: Messages = {
  [messageType(LISTING_TYPES)]: {
    intent: "Let your microgrid's directory call you by a name",
    fields: [
      plain("name", "Name"),
      ifWritten(plain("street", "Street")),
      account("account", "For account"),
      plain("microgrid", "In microgrid"),
    ],
  },
  [messageType(DIRECTORY_TYPES)]: {
    intent: "Publish the names of a microgrid's people",
    fields: [
      plain("microgrid", "In microgrid"),
      plain("version", "Version"),
      eachOf("People", [
        plain("listings.[].name", "Name"),
        ifWritten(plain("listings.[].street", "Street")),
        account("listings.[].account", "Account"),
        hidden("listings.[].consent", "Consent"),
      ]),
    ],
  },
};

/** What households sign for the marketplace, and for relays under the marketplace's domain. */
export const MARKETPLACE_MESSAGES: Messages = {
  [messageType(ORDER_TYPES)]: {
    intent: "Sign an order",
    interpolatedIntent:
      "{side} up to {energy} ({sources}) for {price} per kWh or better in microgrid {microgrid}, delivery slots " +
      "{firstSlot} to {lastSlot}, bond {bond} per kWh, good until {deadline}",
    fields: signedOrder(""),
  },
  ...bulkOrders,
  ...mandates,
  ...names,
  [messageType(ORDER_WITHDRAWAL_TYPES)]: {
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
  [messageType(IMPORT_READING_TYPES)]: {
    intent: "Sign what your home has used; who gets to see it is up to you",
    interpolatedIntent: "Sign what the home of meter {meter} has used",
    fields: [
      account("meter", "Meter"),
      plain("firstBlock", "First block of eight slots"),
      optional(plain("imported.[]", "Packed reading of a block")),
    ],
  },
  [messageType(REGISTRATION_TYPES)]: {
    intent: "Let this key be registered as a household's meter",
    interpolatedIntent:
      "Let {meter} be registered in microgrid {microgrid} as a meter of {owner}: {source}, up to {capacityW}",
    fields: [
      plain("microgrid", "Microgrid"),
      account("owner", "Household"),
      account("meter", "Meter"),
      choice("source", "Energy from", "source"),
      power("capacityW", "Exports at most"),
    ],
  },
};

/** ERC-2612 and ERC-3009, in place of an approval. */
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
  "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)":
    {
      intent: "Send money of yours",
      interpolatedIntent: "Send {value} to {to}, until {validBefore}",
      fields: [
        amount("value", "Amount", "@.to"),
        account("to", "To"),
        date("validBefore", "May be submitted until"),
        optional(date("validAfter", "Not before")),
        account("from", "From account"),
        optional(plain("nonce", "Authorization number")),
      ],
    },
};
