import { address, digits, hex, order as orderSchema, slot } from "@wattline/common/entries";
import { PURPOSES } from "@wattline/sdk/trading";
import * as z from "zod";
import { QUALITIES } from "../metering/track.ts";

/** What the journal keeps. Energy in Wh, prices and large numbers are written as decimal digits. */

const wh = digits;
const meter = z.string();
const quality = z.enum(QUALITIES);

const cut = z.object({
  unixMs: z.int(),
  importWh: wh,
  exportWh: wh,
  meterId: z.string().optional(),
});

/** Whose journal it is: readings are signed for one chain and slots are of one length. */
const header = z.object({
  kind: z.literal("header"),
  version: z.literal(1),
  home: z.string(),
  slotSeconds: z.int().positive(),
  chainId: z.int(),
  metersContract: address,
});

/** What one meter counted in one slot. */
const slotEntry = z.object({
  kind: z.literal("slot"),
  meter,
  slot,
  importWh: wh,
  exportWh: wh,
  quality,
});

/** What the battery took and gave in a slot, at the meter; left out of what is learned where that is not known. */
const batteryEntry = z.object({
  kind: z.literal("battery"),
  slot,
  takenWh: wh,
  givenWh: wh,
  isKnown: z.boolean(),
});

/** How far a meter has been read, and what its unended slot holds so far. */
const mark = z.object({
  kind: z.literal("mark"),
  meter,
  last: cut,
  open: z.object({ importWh: wh, exportWh: wh, quality }),
});

/** Something that the household should know of. */
const note = z.object({
  kind: z.literal("note"),
  unixMs: z.int(),
  meter: z.string(),
  text: z.string(),
});

/** What becomes of a signed block; `elsewhere` when others have reported it. */
export const BLOCK_STATES = ["waiting", "sent", "reported", "elsewhere", "refused"] as const;
export type BlockState = (typeof BLOCK_STATES)[number];
const state = z.enum(BLOCK_STATES);

/** What the chain had of a block's slots when it was last looked at, as guard bits, and since which block; missing when that is final. */
const seen = z.object({ since: z.int(), lanes: wh });

/** A block of eight slots, signed by the device. Import stays here: `state` says nothing of it. */
const block = z.object({
  kind: z.literal("block"),
  device: address,
  direction: z.enum(["export", "import"]),
  block: slot,
  word: wh,
  signature: hex,
  state,
  seen: seen.optional(),
});

/** Up to which block the home has signed; a block of which nothing is known has no signature. */
const sealed = z.object({ kind: z.literal("sealed"), block: slot });

const stateEntry = z.object({
  kind: z.literal("state"),
  device: address,
  block: slot,
  state,
  seen: seen.optional(),
});

/** A transaction, written before it goes out, so that it is known again after a power cut. It is kept until its end is final. */
const sent = z.object({
  kind: z.literal("sent"),
  unixMs: z.int(),
  hash: hex,
  blocks: z.array(z.object({ device: address, block: slot })),
});
const settled = z.object({ kind: z.literal("settled"), hash: hex });

/** What becomes of an order: it is signed, is with the relay, or was withdrawn from there. */
const ORDER_STATES = ["signed", "posted", "withdrawn"] as const;
const orderState = z.enum(ORDER_STATES);

/** An order of the household, written before it goes out, so that a restart does not order the same again. */
const order = z.object({
  kind: z.literal("order"),
  unixMs: z.int(),
  hash: hex,
  purpose: z.enum(PURPOSES),
  reason: z.string(),
  order: orderSchema,
  state: orderState,
  filledWh: wh,
});

/** What became of an order. */
const orderStateEntry = z.object({
  kind: z.literal("order state"),
  hash: hex,
  state: orderState,
  filledWh: wh,
});

const entry = z.discriminatedUnion("kind", [
  header,
  slotEntry,
  batteryEntry,
  mark,
  note,
  block,
  sealed,
  stateEntry,
  sent,
  settled,
  order,
  orderStateEntry,
]);
const entries = z.array(entry);

export type Entry = z.output<typeof entry>;
export type Header = z.output<typeof header>;
export type SlotEntry = z.output<typeof slotEntry>;
export type BatteryEntry = z.output<typeof batteryEntry>;
export type MarkEntry = z.output<typeof mark>;
export type NoteEntry = z.output<typeof note>;
export type BlockEntry = z.output<typeof block>;
export type Seen = z.output<typeof seen>;
export type OrderEntry = z.output<typeof order>;
export type SentEntry = z.output<typeof sent>;

/** Entries that belong together: they are kept together or not at all. */
export const textOf = (together: readonly Entry[]): string =>
  JSON.stringify(z.encode(entries, [...together]));

/** @throws Error when the text is none. */
export const entriesIn = (text: string): Entry[] => z.decode(entries, JSON.parse(text));
