import { writeWhole } from "@wattline/common/files";
import type { Address, Hex } from "viem";
import { type Household, signReading } from "../simulation/community.ts";
import type { Deployment } from "../simulation/deployment.ts";

/** A signed reading that nobody has submitted yet, as written to the file. */
export interface WaitingReading {
  readonly owner: Address;
  readonly meter: Address;
  readonly firstBlock: number;
  /** One word per block, decimal. */
  readonly exported: readonly string[];
  readonly signature: Hex;
}

const SLOTS_PER_DAY = 96;
const MOST_DAYS = 7;

/**
 * Readings of the homes whose owners submit them by hand: one per home and day, signed again as the day goes on,
 * without what is on chain already. A week is kept.
 */
export class WaitingReadings {
  readonly #wattline: Deployment;
  readonly #file: string;
  readonly #waiting = new Map<Household, Map<number, bigint>>();

  constructor(wattline: Deployment, file: string) {
    this.#wattline = wattline;
    this.#file = file;
  }

  /** Adds what a meter measured. */
  add(who: Household, exportedWh: ReadonlyMap<number, bigint>): void {
    const slots = this.#waiting.get(who) ?? new Map<number, bigint>();
    for (const [slot, wh] of exportedWh) slots.set(slot, wh);
    const [newest = 0] = [...slots.keys()].slice(-1);
    for (const slot of slots.keys()) {
      if (slot <= newest - MOST_DAYS * SLOTS_PER_DAY) slots.delete(slot);
    }
    this.#waiting.set(who, slots);
  }

  /** Writes the waiting readings, for `/readings.json`. */
  async write(): Promise<void> {
    const readings: WaitingReading[] = [];
    for (const [who, slots] of this.#waiting) {
      await this.#dropReported(who, slots);
      for (const day of Map.groupBy(slots, ([slot]) => Math.floor(slot / SLOTS_PER_DAY)).values()) {
        readings.push(await this.#sign(who, new Map(day)));
      }
    }
    writeWhole(this.#file, `${JSON.stringify({ readings }, undefined, 2)}\n`);
  }

  /** The submitted part of a reading is its first slots, since it has only grown since then. */
  async #dropReported({ device }: Household, slots: Map<number, bigint>): Promise<void> {
    const { meters } = this.#wattline;
    const days = new Set<number>();
    for (const slot of slots.keys()) {
      const day = Math.floor(slot / SLOTS_PER_DAY);
      if (days.has(day)) continue;
      if (await meters.isReported(device.address, slot)) slots.delete(slot);
      else days.add(day);
    }
  }

  async #sign(who: Household, exportedWh: ReadonlyMap<number, bigint>): Promise<WaitingReading> {
    const { reading, signature } = await signReading(this.#wattline, who, exportedWh);
    const { meter, firstBlock, exported } = reading;
    return {
      owner: who.address,
      meter,
      firstBlock,
      exported: exported.map(String),
      signature,
    };
  }
}
