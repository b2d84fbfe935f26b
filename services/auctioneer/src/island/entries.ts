import { address, digits, hex, order as orderSchema, slot } from "@wattline/common/entries";
import { SOURCES } from "@wattline/sdk";
import * as z from "zod";

/** What the ledger of promises keeps. Energy in Wh; large numbers are written as decimal digits. */

const source = z.enum(SOURCES);

/** Whose ledger it is. */
const header = z.object({
  kind: z.literal("header"),
  version: z.literal(1),
  chainId: z.int(),
  marketplace: address,
  settler: address,
});

/** No block comes any more: what is promised from here on rests on the state of this one. */
const outage = z.object({
  kind: z.literal("outage"),
  block: z.int(),
  hash: hex,
  /** The block's time, Unix seconds. */
  time: z.int(),
  atMs: z.int(),
});

/** A signed order, once, before the first promise of it. */
const order = z.object({
  kind: z.literal("order"),
  hash: hex,
  signature: hex,
  order: orderSchema,
});

/** Export that a device has signed and somebody has handed over. */
const reading = z.object({
  kind: z.literal("reading"),
  meter: address,
  /** The meter's, as of the last known block. */
  owner: address,
  microgrid: z.int(),
  source,
  firstBlock: z.int(),
  exported: z.array(digits),
  signature: hex,
  atMs: z.int(),
});

/** A device has signed two numbers for one slot: the second one counts nothing and is evidence. */
const conflict = reading.extend({
  kind: z.literal("conflict"),
  slot,
  firstWh: digits,
  secondWh: digits,
});

/** One seller's energy of one slot for one buyer. */
const promise = z.object({ offer: hex, bid: hex, source, slot, energyWh: digits });

/** A clearing: who took part, and what came out. */
const cleared = z.object({
  kind: z.literal("cleared"),
  microgrid: z.int(),
  /** The hashes of the orders that took part. */
  asked: z.array(hex),
  promises: z.array(promise),
  atMs: z.int(),
});

/** Blocks come again. */
const back = z.object({ kind: z.literal("back"), block: z.int(), atMs: z.int() });

/** What of a promise can't be settled. */
const failed = promise.extend({
  kind: z.literal("failed"),
  /** The name of the contracts' error. */
  reason: z.string(),
  atMs: z.int(),
});

/** All promises are settled or named, and all readings reported, as of a block. */
const closed = z.object({ kind: z.literal("closed"), block: z.int(), atMs: z.int() });

/** A reorganisation has taken back what was settled or reported. */
const reopened = z.object({ kind: z.literal("reopened"), block: z.int(), atMs: z.int() });

/** No reorganisation can take it back any more: what comes next begins a new file. */
const final = z.object({ kind: z.literal("final"), block: z.int(), atMs: z.int() });

const entries = z.array(
  z.discriminatedUnion("kind", [
    header,
    outage,
    order,
    reading,
    conflict,
    cleared,
    back,
    failed,
    closed,
    reopened,
    final,
  ]),
);

export type Entry = z.output<typeof entries>[number];
export type EntryOf<Kind extends Entry["kind"]> = Extract<Entry, { readonly kind: Kind }>;
export type OutageEntry = EntryOf<"outage">;
export type ReadingEntry = EntryOf<"reading">;
export type ConflictEntry = EntryOf<"conflict">;
export type FailedEntry = EntryOf<"failed">;
export type KeptPromise = z.output<typeof promise>;

/** Entries that belong together: they are kept together or not at all. */
export const textOf = (together: readonly Entry[]): string =>
  JSON.stringify(z.encode(entries, [...together]));

/** @throws Error when the text is none. */
export const entriesIn = (text: string): Entry[] => z.decode(entries, JSON.parse(text));
