import {
  account,
  accountIfNamed,
  amountIn,
  choice,
  date,
  energy,
  energyBySlot,
  hidden,
  ifBounded,
  optional,
  plain,
} from "./fields.ts";
import type { Field, FieldGroup } from "./file.ts";

/** Fields of `Order`, below `path`, which is empty or ends with a dot. */

const terms = (path: string): readonly Field[] => [
  energy(`${path}energy`, "Energy, at most"),
  amountIn(`${path}price`, "Price per kWh, or better", `${path}microgrid`),
];

const bond = (path: string): Field =>
  amountIn(`${path}bond`, "Bond per kWh, lost on shortfall", `${path}microgrid`);

const deadline = (path: string): Field => date(`${path}deadline`, "Good until");

const reach = (path: string): readonly Field[] => [
  choice(`${path}sources`, "Energy from", "sources"),
  plain(`${path}firstSlot`, "First delivery slot"),
  plain(`${path}lastSlot`, "Last delivery slot"),
  plain(`${path}forward`, "Still to be made (forward)"),
  plain(`${path}crosses`, "May cross a tie line"),
];

const ahead = (path: string): Field =>
  ifBounded(energy(`${path}mostAhead`, "Promised to others before, per slot at most"));

const parties = (path: string): readonly Field[] => [
  accountIfNamed(`${path}settler`, "A limit, settled at the community price by (1: anyone)"),
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
  ahead(path),
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
  ahead(path),
  ...parties(path),
  optional(deadline(path)),
  ...numbers(path),
];

/** An order that is taken, `order`, and the part that is taken, `take`. */
export const takenOrder: readonly (Field | FieldGroup)[] = [
  choice("order.side", "You", "taking"),
  amountIn("take.limit", "Limit per kWh, all included", "take.microgrid"),
  choice("take.source", "Energy from", "source"),
  plain("take.firstBlock", "First block of eight slots"),
  energyBySlot("take.energy.[]"),
  energy("take.leastWh", "In all at least"),
  account("order.maker", "Trade with"),
  amountIn("order.price", "Maker's price per kWh", "order.microgrid"),
  plain("take.microgrid", "Your microgrid"),
  accountIfNamed("take.meter", "Your meter"),
  bond("order."),
  ahead("take."),
  optional(plain("take.schedule", "Prices of the maker's microgrid by schedule")),
  optional(plain("take.takerSchedule", "Prices of your microgrid by schedule")),
  optional(plain("order.microgrid", "Maker's microgrid")),
  optional(energy("order.energy", "Order's energy, at most")),
  ...reach("order.").map(ofOrder).map(optional),
  ofOrder(ahead("order.")),
  accountIfNamed("order.settler", "Order: a limit, which can't be taken"),
  accountIfNamed("order.counterparty", "Order: only with"),
  accountIfNamed("order.meter", "Maker's meter"),
  optional(date("order.deadline", "Order: good until")),
  ...numbers("order."),
  hidden("signature", "Maker's signature"),
];

function ofOrder(field: Field): Field {
  return { ...field, label: `Order: ${field.label}` };
}
