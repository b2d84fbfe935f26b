import type { Address } from "viem";
import type {
  BatteryEntry,
  BlockEntry,
  BlockState,
  Entry,
  Header,
  MarkEntry,
  NoteEntry,
  OrderEntry,
  Seen,
  SentEntry,
  SlotEntry,
} from "./entries.ts";

const MOST_NOTES = 100;

/** What the journal's entries come to: the newest part of it; older parts are read from the disk when asked for. */
export class Book {
  header: Header | undefined;
  readonly marks = new Map<string, MarkEntry>();
  /** By slot and meter. */
  readonly slots = new Map<number, Map<string, SlotEntry>>();
  /** What the battery did, by slot. */
  readonly battery = new Map<number, BatteryEntry>();
  /** By {@link keyOf}. */
  readonly blocks = new Map<string, BlockEntry>();
  readonly sent = new Map<string, SentEntry>();
  /** By hash. */
  readonly orders = new Map<string, OrderEntry>();
  notes: NoteEntry[] = [];
  sealedBlock: number | undefined;
  lastSentMs: number | undefined;

  apply(entry: Entry): void {
    switch (entry.kind) {
      case "header":
        this.header = entry;
        break;
      case "slot": {
        const meters = this.slots.get(entry.slot) ?? new Map<string, SlotEntry>();
        this.slots.set(entry.slot, meters.set(entry.meter, entry));
        break;
      }
      case "battery":
        this.battery.set(entry.slot, entry);
        break;
      case "mark":
        this.marks.set(entry.meter, entry);
        break;
      case "note":
        this.notes = [...this.notes, entry].slice(-MOST_NOTES);
        break;
      case "block":
        this.blocks.set(keyOf(entry.device, entry.direction, entry.block), entry);
        break;
      case "sealed":
        this.sealedBlock = entry.block;
        break;
      case "state":
        this.#setState(entry.device, entry.block, entry.state, entry.seen);
        break;
      case "sent":
        this.sent.set(entry.hash, entry);
        this.lastSentMs = entry.unixMs;
        for (const { device, block } of entry.blocks) this.#setState(device, block, "sent");
        break;
      case "settled":
        this.sent.delete(entry.hash);
        break;
      case "order":
        this.orders.set(entry.hash, entry);
        break;
      case "order state": {
        const { hash, state, filledWh } = entry;
        const order = this.orders.get(hash);
        if (order !== undefined) this.orders.set(hash, { ...order, state, filledWh });
        break;
      }
    }
  }

  /** Signed export that is not on chain yet as far as we know, oldest first. */
  open(): BlockEntry[] {
    return [...this.blocks.values()]
      .filter(
        ({ direction, state }) =>
          direction === "export" && (state === "waiting" || state === "sent"),
      )
      .sort((a, b) => a.block - b.block);
  }

  /** Export that others have reported, of which a reorganisation may take something back. */
  seen(): (BlockEntry & { readonly seen: Seen })[] {
    return [...this.blocks.values()].flatMap((entry) =>
      entry.seen === undefined ? [] : [{ ...entry, seen: entry.seen }],
    );
  }

  /** Whether a transaction is not mined, as far as is known. */
  isOnItsWay({ blocks }: Pick<SentEntry, "blocks">): boolean {
    return blocks.some(
      ({ device, block }) => this.blocks.get(keyOf(device, "export", block))?.state === "sent",
    );
  }

  /** Forgets what is done and older than a slot; it stays on disk. */
  forget(beforeSlot: number): void {
    const signed = ((this.sealedBlock ?? -1) + 1) * 8;
    for (const slot of this.slots.keys()) {
      if (slot < Math.min(beforeSlot, signed)) this.slots.delete(slot);
    }
    for (const slot of this.battery.keys()) {
      if (slot < beforeSlot) this.battery.delete(slot);
    }
    for (const [hash, { order }] of this.orders) {
      if (order.lastSlot < beforeSlot) this.orders.delete(hash);
    }
    for (const [key, { block, direction, state }] of this.blocks) {
      const isDone = direction === "import" || (state !== "waiting" && state !== "sent");
      if (isDone && (block + 1) * 8 <= beforeSlot) this.blocks.delete(key);
    }
  }

  /** Entries that make this book again. */
  entries(): Entry[] {
    const { header, sealedBlock } = this;
    return [
      ...(header ? [header] : []),
      ...[...this.slots.values()].flatMap((meters) => [...meters.values()]),
      ...this.battery.values(),
      // Before the blocks: a transaction may be mined already.
      ...this.sent.values(),
      ...this.blocks.values(),
      ...(sealedBlock === undefined ? [] : [{ kind: "sealed" as const, block: sealedBlock }]),
      ...this.orders.values(),
      ...this.notes,
      ...this.marks.values(),
    ];
  }

  #setState(device: Address, block: number, state: BlockState, seen?: Seen): void {
    const key = keyOf(device, "export", block);
    const entry = this.blocks.get(key);
    if (entry !== undefined) this.blocks.set(key, { ...entry, state, seen });
  }
}

export const keyOf = (device: Address, direction: BlockEntry["direction"], block: number): string =>
  `${device.toLowerCase()} ${direction} ${block}`;
