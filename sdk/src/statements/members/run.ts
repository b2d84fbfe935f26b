import * as z from "zod/mini";
import { SOURCES } from "../../energyId.ts";
import { MOVEMENT_KINDS } from "../history.ts";
import { address, amount, count, hash, microgrid, readJson, slot, wh, writeJson } from "../json.ts";
import { currencySchema, issuerSchema, LANGUAGES, memberSchema, taxSchema } from "./config.ts";
import { DIRECTIONS } from "./trades.ts";

/*
 * A billing run as it is kept: exact amounts in thousandths of a base unit (`…Millis`), and what papers show in whole
 * units of the invoice's currency (`…Units`, such as cents).
 */

/** A row of a document or a statement: a neighbour's energy of one source, or the fees of all of it. */
const row = z.strictObject({
  kind: z.enum(["energy", "fee"]),
  counterparty: z.optional(address),
  isGrid: z.boolean(),
  source: z.optional(z.enum(SOURCES)),
  energyWh: amount,
  amountMillis: amount,
  amountUnits: amount,
});
export type BillingRow = Readonly<z.output<typeof row>>;

/** An invoice of purchases, a self-billed invoice of sales, or a correction of one of them. */
const billingDocument = z.strictObject({
  number: z.string(),
  kind: z.enum(["invoice", "correction"]),
  direction: z.enum(DIRECTIONS),
  /** The period that it is about: an earlier one for a correction. */
  period: z.string(),
  /** The document that it corrects, when there was one. */
  corrects: z.optional(z.string()),
  rows: z.array(row),
  tax: taxSchema,
  grossUnits: amount,
  netUnits: amount,
  taxUnits: amount,
});
export type BillingDocument = Readonly<z.output<typeof billingDocument>>;

/** What a member's trades came to, and what the grid's tariffs would have made of them. */
const comparison = z.strictObject({
  energyWh: wh,
  amountUnits: amount,
  gridUnits: amount,
  /** What was saved or earned on top. */
  gainUnits: amount,
});

const account = z.strictObject({
  openingMillis: amount,
  closingMillis: amount,
  openingUnits: amount,
  closingUnits: amount,
  rows: z.array(
    z.strictObject({
      kind: z.enum(MOVEMENT_KINDS),
      amountMillis: amount,
      amountUnits: amount,
    }),
  ),
});

const memberStatement = z.strictObject({
  member: memberSchema,
  /** False where only earlier periods of a former member are corrected. */
  isMember: z.boolean(),
  language: z.enum(LANGUAGES),
  bought: z.array(row),
  sold: z.array(row),
  comparison: z.strictObject({ bought: comparison, sold: comparison }),
  account,
  documents: z.array(billingDocument),
});
export type MemberStatement = Readonly<z.output<typeof memberStatement>>;

const run = z.strictObject({
  format: z.literal("wattline-billing-run-1"),
  isFinal: z.boolean(),
  /** `YYYY-MM-DD`. */
  issuedOn: z.iso.date(),
  issuer: issuerSchema,
  currency: currencySchema,
  timeZone: z.string(),
  chainId: count,
  marketplace: address,
  microgrid,
  slotSeconds: count,
  period: z.strictObject({
    label: z.string(),
    firstSlot: slot,
    lastSlot: slot,
    from: count,
    to: count,
  }),
  /** The last block that it rests on. */
  block: z.strictObject({ number: count, hash }),
  /** The last document number given away so far, in all runs. */
  lastNumber: count,
  statements: z.array(memberStatement),
});
export type BillingRun = Readonly<z.output<typeof run>>;

export const runToJson = (billed: BillingRun): string => writeJson(run, billed);

/** @throws StatementFormatError that names the member. */
export const runFromJson = (json: string, name: string): BillingRun =>
  readJson(run, json, name, "billing run");
