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
export { StatementFormatError } from "./json.ts";
export * from "./members/bill.ts";
export {
  type BilledCommunity,
  communityFromJson,
  LANGUAGES,
  type Language,
} from "./members/config.ts";
export { runToCsv } from "./members/csv.ts";
export { statementToHtml } from "./members/html.ts";
export { type BillingPeriod, billingPeriod } from "./members/period.ts";
export { roundHalf, roundParts } from "./members/round.ts";
export {
  type BillingDocument,
  type BillingRun,
  type MemberStatement,
  runFromJson,
  runToJson,
} from "./members/run.ts";
export { type TradeLine, tradeLines } from "./members/trades.ts";
