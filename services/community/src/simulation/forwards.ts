import { sumWh } from "@wattline/sdk";
import type { Result } from "ethers";
import type { Position, Release } from "./trading.ts";

/** One block of a forward that is reserved and not yet released. */
interface Open extends Release {
  energyWh: bigint;
  /** The buyer's payment and the seller's bond. */
  locked: bigint;
}

/** Keeps track of forwards, from the chain's events alone. */
export class Forwards {
  readonly #open = new Map<string, Open>();
  /** Reserved but not delivered. */
  shortfallWh = 0n;

  /** The escrow's holdings for forwards: payments and bonds. */
  locked(): bigint {
    return [...this.#open.values()].reduce((sum, { locked }) => sum + locked, 0n);
  }

  /** Forwards of a block, which can be released once it is reported. */
  openIn(blockNumber: number): Release[] {
    return [...this.#open.values()].filter((open) => open.blockNumber === blockNumber);
  }

  /** Forwards of blocks before this one. */
  openBefore(blockNumber: number): Release[] {
    return [...this.#open.values()].filter((open) => open.blockNumber < blockNumber);
  }

  /** The number of reserved blocks of positions. */
  get size(): number {
    return this.#open.size;
  }

  /** Removes what somebody else has released. */
  forget(release: Release): void {
    for (const [key, open] of this.#open) if (open === release) this.#open.delete(key);
  }

  /** Records a `Reserved` event of the simulation, whose reservations lie within a block. */
  reserved(args: Result): void {
    const blockNumber = Number(args.firstBlock);
    const key = `${args.positionId} ${blockNumber}`;
    const open = this.#open.get(key) ?? {
      position: positionOf(args.position),
      blockNumber,
      energyWh: 0n,
      locked: 0n,
    };
    open.energyWh += sumWh([...args.energy]);
    open.locked += args.locked + args.bonded;
    this.#open.set(key, open);
  }

  /** Records a `Released` event and returns its position. */
  released(args: Result): Position {
    const key = `${args.positionId} ${Number(args.blockNumber)}`;
    const open = this.#open.get(key);
    if (open === undefined) throw new Error(`A block was released without being reserved: ${key}.`);
    this.#open.delete(key);
    this.shortfallWh += open.energyWh - sumWh([args.delivered]);
    return open.position;
  }
}

const positionOf = (terms: Result): Position => ({
  seller: terms.seller,
  buyer: terms.buyer,
  meter: terms.meter,
  source: Number(terms.source),
  from: Number(terms.from),
  to: Number(terms.to),
  currency: terms.currency,
  price: terms.price,
  charge: terms.charge,
  bond: terms.bond,
  lossBps: terms.lossBps,
});
