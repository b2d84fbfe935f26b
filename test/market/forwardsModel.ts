import { costOf } from "@wattline/sdk";
import { chargeOf, lockedFor } from "../support/traders.ts";

/** Energy per slot of the run, in Wh. */
type Wh = readonly bigint[];

/** What one buyer has reserved of the one roof, under one price and one bond. */
export interface Sale {
  readonly buyer: number;
  readonly price: bigint;
  readonly bond: bigint;
  readonly energyWh: Wh;
}

/** What became of a slot: what the roof exported, and whether its reading came in time, too late, or never. */
export interface Outcome {
  readonly exportedWh: bigint;
  readonly reading: "in time" | "late" | "never";
}

/** What everybody has in the end. Money is what was gained, which may be below nothing. */
export interface Ending {
  readonly seller: bigint;
  readonly dso: bigint;
  readonly buyers: readonly bigint[];
  readonly ownerWh: Wh;
  readonly buyersWh: readonly Wh[];
}

const LANES = 8;
const sum = (values: Wh): bigint => values.reduce((total, value) => total + value, 0n);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/**
 * How forwards end, with plain numbers and nothing of the order in which anybody releases them: every slot is shared
 * pro rata, every block of every position is paid, and what is left of a slot is the owner's.
 */
export function endOf(
  sales: readonly Sale[],
  outcomes: readonly Outcome[],
  buyerCount: number,
  charge: bigint,
): Ending {
  const buyers = new Array<bigint>(buyerCount).fill(0n);
  const buyersWh = buyers.map(() => outcomes.map(() => 0n));
  let [seller, dso] = [0n, 0n];

  const keptWh = outcomes.map(({ exportedWh, reading }, slot) =>
    reading === "in time" ? least(exportedWh, promisedIn(sales, slot)) : 0n,
  );
  const ownerWh = outcomes.map(({ exportedWh, reading }) =>
    reading === "never" ? 0n : exportedWh,
  );

  for (const { buyer, price, bond, energyWh } of merged(sales)) {
    const sharesWh = energyWh.map((wh, slot) =>
      wh === 0n ? 0n : (wh * (keptWh[slot] ?? 0n)) / promisedIn(sales, slot),
    );
    for (let first = 0; first < energyWh.length; first += LANES) {
      const promised = sum(energyWh.slice(first, first + LANES));
      const delivered = sum(sharesWh.slice(first, first + LANES));
      const { bonded } = lockedFor({ price, charge, bond }, promised);
      const forfeited = bonded - costOf(bond, delivered);
      seller += costOf(price, delivered) - forfeited;
      dso += chargeOf(charge, delivered);
      buyers[buyer] =
        (buyers[buyer] ?? 0n) + forfeited - costOf(price, delivered) - chargeOf(charge, delivered);
    }
    for (const [slot, wh] of sharesWh.entries()) {
      const mine = buyersWh[buyer];
      if (mine !== undefined) mine[slot] = (mine[slot] ?? 0n) + wh;
      ownerWh[slot] = (ownerWh[slot] ?? 0n) - wh;
    }
  }
  return { seller, dso, buyers, ownerWh, buyersWh };
}

const promisedIn = (sales: readonly Sale[], slot: number): bigint =>
  sum(sales.map(({ energyWh }) => energyWh[slot] ?? 0n));

/** What is sold to the same buyer under the same terms is one position. */
export function merged(sales: readonly Sale[]): Sale[] {
  const positions = new Map<string, Sale>();
  for (const sale of sales) {
    const key = `${sale.buyer} ${sale.price} ${sale.bond}`;
    const before = positions.get(key)?.energyWh ?? [];
    positions.set(key, {
      ...sale,
      energyWh: sale.energyWh.map((wh, slot) => wh + (before[slot] ?? 0n)),
    });
  }
  return [...positions.values()];
}
