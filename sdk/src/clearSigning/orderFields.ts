import {
  account,
  accountIfNamed,
  amountIn,
  choice,
  date,
  energy,
  energyBySlot,
  hidden,
  optional,
  plain,
} from "./fields.ts";
import type { Field, FieldGroup } from "./file.ts";

/** Fields of `Order`, below `path`, which is empty or ends with a dot. */

const terms = (path: string): readonly Field[] => [
  energy(`${path}energy`, "Energy, at most"),
  amountIn(`${path}price`, "Price per kWh", `${path}microgrid`),
];

const bond = (path: string): Field =>
  amountIn(`${path}bond`, "Bond per kWh, lost on shortfall", `${path}microgrid`);

const deadline = (path: string): Field => date(`${path}deadline`, "Good until");

const reach = (path: string): readonly Field[] => [
  choice(`${path}sources`, "Energy from", "sources"),
  plain(`${path}firstSlot`, "First delivery slot"),
  plain(`${path}lastSlot`, "Last delivery slot"),
  plain(`${path}forward`, "Still to be made (forward)"),
];

const parties = (path: string): readonly Field[] => [
  accountIfNamed(`${path}counterparty`, "Only with"),
  accountIfNamed(`${path}meter`, "Meter"),
];

const numbers = (path: string): readonly Field[] => [
  optional(plain(`${path}nonce`, "Order number")),
  optional(plain(`${path}counter`, "Cancellation counter")),
];

/** An order for its maker to sign: everything that binds the maker. */
export const signedOrder = (path: string): readonly Field[] => [
  choice(`${path}side`, "You", "side"),
  ...terms(path),
  plain(`${path}microgrid`, "In microgrid"),
  ...reach(path),
  bond(path),
  ...parties(path),
  deadline(path),
  account(`${path}maker`, "For account"),
  ...numbers(path),
];

/** An order that somebody else submits: its terms, without the fields that only its maker needs. */
export const passedOrder = (path: string): readonly Field[] => [
  account(`${path}maker`, "Maker"),
  choice(`${path}side`, "Wants to", "side"),
  ...terms(path),
  plain(`${path}microgrid`, "In microgrid"),
  ...reach(path).map(optional),
  bond(path),
  ...parties(path),
  optional(deadline(path)),
  ...numbers(path),
];

/** An order that is taken, `order`, and the part that is taken, `take`. */
export const takenOrder: readonly (Field | FieldGroup)[] = [
  choice("order.side", "You", "taking"),
  amountIn("take.limit", "Limit, all included", "take.microgrid"),
  choice("take.source", "Energy from", "source"),
  plain("take.firstBlock", "First block of eight slots"),
  energyBySlot("take.energy.[]"),
  account("order.maker", "Trade with"),
  amountIn("order.price", "Maker's price per kWh", "order.microgrid"),
  plain("take.microgrid", "Your microgrid"),
  accountIfNamed("take.meter", "Your meter"),
  bond("order."),
  optional(plain("order.microgrid", "Maker's microgrid")),
  optional(energy("order.energy", "Order's energy, at most")),
  ...reach("order.")
    .map((field) => ({ ...field, label: `Order: ${field.label}` }))
    .map(optional),
  accountIfNamed("order.counterparty", "Order: only with"),
  accountIfNamed("order.meter", "Maker's meter"),
  optional(date("order.deadline", "Order: good until")),
  ...numbers("order."),
  hidden("signature", "Maker's signature"),
];
