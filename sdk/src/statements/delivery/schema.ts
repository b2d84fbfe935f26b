import * as z from "zod/mini";
import { SOURCES } from "../../energyId.ts";
import { LANES } from "../../profile.ts";
import { address, count, hash, hex, microgrid, slot, text, wh } from "../json.ts";

const word = z.codec(text(/^0x[0-9a-fA-F]{1,64}$/), z.bigint(), {
  decode: (digits) => BigInt(digits),
  encode: (value) => `0x${value.toString(16).padStart(64, "0")}`,
});
const energy = z.array(z.strictObject({ slot, wh })).check(z.minLength(1));
const place = { transaction: hash, logIndex: count } as const;

/** A home's import as its device signed it, see `ImportReading`. */
const signedImport = z.strictObject({
  meter: address,
  firstBlock: z.int().check(z.minimum(0), z.maximum(Math.floor((2 ** 32 - 1) / LANES))),
  imported: z.array(word).check(z.minLength(1)),
  signature: hex(/^0x([0-9a-fA-F]{128}|[0-9a-fA-F]{130}|[0-9a-fA-F]{256})$/),
});

/** What the home agent exports, as far as statements need it: signed export has `exported` instead of `imported`. */
export const agentExportSchema = z.object({
  readings: z.array(z.union([signedImport, z.object({ exported: z.array(z.string()) })])),
});

/** What arrived of a trade in the period. */
const purchase = z.strictObject({
  ...place,
  seller: address,
  source: z.enum(SOURCES),
  energyWh: energy,
});

/** What was retired for this statement. */
const retirement = z.strictObject({ ...place, source: z.enum(SOURCES), energyWh: energy });

/** One slot: what counts is the least of import, purchases and retirements. */
const countedSlot = z.strictObject({
  slot,
  /** ISO 8601, in UTC. */
  start: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  importedWh: wh,
  boughtWh: wh,
  retiredWh: wh,
  countsWh: wh,
});

export const STATEMENT_FORMAT = "wattline-delivery-statement-1";

export const deliveryStatementSchema = z.strictObject({
  format: z.literal(STATEMENT_FORMAT),
  /** Names the household and the period: see `deliveryId`. */
  id: hash,
  chainId: z.int().check(z.minimum(1)),
  contracts: z.strictObject({
    marketplace: address,
    microgrids: address,
    meters: address,
    energy: address,
  }),
  household: address,
  microgrid,
  slotSeconds: z.literal([300, 900, 1800, 3600]),
  firstSlot: slot,
  /** Included. */
  lastSlot: slot,
  imports: z.array(signedImport),
  purchases: z.array(purchase),
  retirements: z.array(retirement),
  slots: z.array(countedSlot),
  /** The sum over all slots. */
  countsWh: wh,
});

export type DeliveryStatement = Readonly<z.output<typeof deliveryStatementSchema>>;
export type SignedImport = Readonly<z.output<typeof signedImport>>;
export type StatementPurchase = DeliveryStatement["purchases"][number];
export type StatementRetirement = DeliveryStatement["retirements"][number];
export type CountedSlot = DeliveryStatement["slots"][number];

/** The JSON Schema (draft 2020-12) of a delivery statement. */
export const deliveryStatementJsonSchema = (): object => ({
  $id: "https://wattline.example/schemas/delivery-statement-1.json",
  title: "Wattline delivery statement",
  description:
    "Bought energy that a household used. Energy is in Wh, as decimal text. A slot's start is slot x slotSeconds in Unix time.",
  ...z.toJSONSchema(deliveryStatementSchema, { io: "input" }),
});
