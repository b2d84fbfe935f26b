import * as z from "zod/mini";
import { address, microgrid, readJson, StatementFormatError, text } from "../json.ts";

/** The languages of statements. */
export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The order of an amount's tax: a rate that is included in what was paid, or a text that says why there is none. */
const tax = z.union([
  z.strictObject({ percent: text(/^(0|[1-9]\d?)(\.\d{1,3})?$/) }),
  z.strictObject({ text: z.strictObject({ en: z.string(), de: z.string() }) }),
]);
export type Tax = z.output<typeof tax>;

const line = z.string().check(z.minLength(1), z.maxLength(120));
const party = {
  name: line,
  /** As on an envelope. */
  address: z.array(line),
  /** Such as a VAT number. */
  taxNumber: z.optional(line),
} as const;

export const memberSchema = z.strictObject({
  ...party,
  /** Names the member's files. */
  number: text(/^[A-Za-z0-9][A-Za-z0-9-]{0,30}$/),
  account: address,
  /** One of the community's kinds. */
  kind: z.string(),
  /** The community's when it is not given. */
  language: z.optional(z.enum(LANGUAGES)),
});
export type Member = z.output<typeof memberSchema>;

export const currencySchema = z.strictObject({
  symbol: line,
  /** Decimals of a base unit: 6 where one is a millionth of a euro. */
  decimals: z.int().check(z.minimum(0), z.maximum(18)),
  /** Decimals of invoices: 2 for cents. */
  shown: z.int().check(z.minimum(0), z.maximum(18)),
});
export type InvoiceCurrency = z.output<typeof currencySchema>;

export const issuerSchema = z.strictObject(party);
export type Issuer = z.output<typeof issuerSchema>;

const communitySchema = z.strictObject({
  issuer: issuerSchema,
  microgrid,
  /** An IANA time zone: months begin at its midnights. */
  timeZone: z.string(),
  language: z.enum(LANGUAGES),
  currency: currencySchema,
  /** Before the running number of each document. */
  numberPrefix: text(/^[A-Za-z0-9/-]{0,20}$/),
  /** How the sales and purchases of each kind of member are taxed. */
  kinds: z.record(z.string(), z.strictObject({ sold: tax, bought: tax })),
  members: z.array(memberSchema).check(z.minLength(1)),
});

/** Who issues statements, for whom, and how. */
export type BilledCommunity = z.output<typeof communitySchema>;

export { tax as taxSchema };

/**
 * Reads a community's file.
 * @param name Names the file in errors.
 * @throws StatementFormatError that names the member.
 */
export function communityFromJson(json: string, name: string): BilledCommunity {
  const community = readJson(communitySchema, json, name, "community");
  const { members, kinds, timeZone, currency } = community;
  const refuse = (message: string): never => {
    throw new StatementFormatError(`${name}: ${message}`);
  };
  const [numbers, accounts] = [new Set<string>(), new Set<string>()];
  for (const [index, { number, account, kind }] of members.entries()) {
    const where = `members[${index}]`;
    // Files of one name would overwrite each other where case does not matter.
    if (numbers.has(number.toLowerCase())) refuse(`${where}: the number ${number} is there twice.`);
    if (accounts.has(account)) refuse(`${where}: the account ${account} is there twice.`);
    if (!Object.hasOwn(kinds, kind)) {
      refuse(`${where}: "${kind}" is none of the kinds ${Object.keys(kinds).join(", ")}.`);
    }
    numbers.add(number.toLowerCase());
    accounts.add(account);
  }
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    refuse(`timeZone: "${timeZone}" is no time zone; write it as Europe/Vienna.`);
  }
  if (currency.shown > currency.decimals) {
    refuse(`currency: shown is ${currency.shown}, more than its ${currency.decimals} decimals.`);
  }
  return community;
}
