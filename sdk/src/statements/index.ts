/** Delivery statements, member statements and invoices, from a chain's history. No I/O: for browser and Node. */

export * from "./delivery/build.ts";
export * from "./delivery/check.ts";
export * from "./delivery/identity.ts";
export * from "./delivery/json.ts";
export {
  type CountedSlot,
  type DeliveryStatement,
  deliveryStatementJsonSchema,
  type SignedImport,
} from "./delivery/schema.ts";
export * from "./fromActs.ts";
export * from "./history.ts";
