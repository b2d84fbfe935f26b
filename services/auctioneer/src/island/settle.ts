/** What of the promises is settled next, when the chain is back. */
import type { Snapshot } from "@wattline/relay/chain";
import {
  communityPriceIn,
  type Microgrid,
  type Pairing,
  readAccount,
  readEnergyWh,
  type Source,
} from "@wattline/sdk";
import type { Address } from "viem";
import type { PromiseBook, Promised } from "./book.ts";
import { promiseKey } from "./book.ts";
import type { KeptPromise } from "./entries.ts";
import type { Settled } from "./settled.ts";

/** A promise, or a part of one, that can't be settled, and the name of the contracts' error. */
export interface Failure extends KeptPromise {
  readonly reason: string;
}

/** What to do about the promises that are open. */
export interface NextSettling {
  /** In the order in which they were promised, the earliest slot first. */
  readonly pairings: readonly Pairing[];
  readonly failures: readonly Failure[];
}

/** What of the promises is neither settled nor failed, the earliest slot first, and in a slot what was promised first. */
export function openPromises(book: PromiseBook, settled: Pick<Settled, "trades">): KeptPromise[] {
  const open: KeptPromise[] = [];
  for (const promise of book.promises) {
    const energyWh = promise.energyWh - promise.failedWh - settledWhOf(promise, settled);
    if (energyWh <= 0n) continue;
    const { offer, bid, source, slot } = promise;
    open.push({ offer, bid, source, slot, energyWh });
  }
  return open.sort((a, b) => a.slot - b.slot);
}

/** What of a promise is settled: a trade settles what was promised before it, the earliest first. */
export function settledWhOf(promise: Promised, { trades }: Pick<Settled, "trades">): bigint {
  const open = promise.parts.map(({ since, energyWh }) => ({ since, energyWh }));
  for (const { block, energyWh } of trades.get(promiseKey(promise)) ?? []) {
    let leftWh = energyWh;
    for (const part of open) {
      if (part.since >= block) continue;
      const wh = least(part.energyWh, leftWh);
      part.energyWh -= wh;
      leftWh -= wh;
    }
  }
  return open.reduce((sum, { energyWh }) => sum - energyWh, promise.energyWh);
}

/**
 * Cuts open promises to the energy and the money that is there: what was promised first is served first. The contract would
 * skip a match as a whole for a Wh that is missing.
 */
export async function nextSettling(
  view: Snapshot,
  book: PromiseBook,
  open: readonly KeptPromise[],
): Promise<NextSettling> {
  const [heldWh, moneyMillis] = await Promise.all([
    energyFor(view, book, open),
    moneyFor(view, book, open),
  ]);
  const failures: Failure[] = [];
  const pairings = new Map<string, { pairing: Pairing; energyWh: Map<number, bigint> }>();
  for (const promise of open) {
    const [offer, bid] = [book.orders.get(promise.offer), book.orders.get(promise.bid)];
    const microgrid = offer && view.microgrid(offer.order.microgrid);
    if (offer === undefined || bid === undefined || microgrid === undefined) continue;
    const { slot, source } = promise;
    const energy = `${offer.order.maker} ${source} ${slot}`;
    const there = least(heldWh.get(energy) ?? 0n, promise.energyWh);
    if (there < promise.energyWh) {
      const energyWh = promise.energyWh - there;
      failures.push({ ...promise, energyWh, reason: "Deals_NotCovered" });
    }
    const account = accountOf(microgrid, bid.order.maker);
    const balanceMillis = moneyMillis.get(account) ?? 0n;
    const price = communityPriceIn(microgrid, slot);
    const energyWh = price === 0n ? there : least(there, balanceMillis / price);
    if (energyWh < there) {
      const missingWh = there - energyWh;
      failures.push({ ...promise, energyWh: missingWh, reason: "Escrow_InsufficientBalance" });
    }
    moneyMillis.set(account, balanceMillis - price * energyWh);
    heldWh.set(energy, (heldWh.get(energy) ?? 0n) - energyWh);
    if (energyWh === 0n) continue;
    const key = `${promise.offer} ${promise.bid} ${source}`;
    const known = pairings.get(key);
    if (known !== undefined) known.energyWh.set(slot, energyWh);
    else {
      const bySlot = new Map([[slot, energyWh]]);
      pairings.set(key, { pairing: { offer, bid, source, energyWh: bySlot }, energyWh: bySlot });
    }
  }
  return { pairings: [...pairings.values()].map(({ pairing }) => pairing), failures };
}

/** Wh that sellers hold, by maker, source and slot. */
async function energyFor(
  view: Snapshot,
  book: PromiseBook,
  open: readonly KeptPromise[],
): Promise<Map<string, bigint>> {
  const wanted = new Map<
    string,
    { maker: Address; microgrid: number; source: Source; firstSlot: number; lastSlot: number }
  >();
  for (const { offer, source, slot } of open) {
    const order = book.orders.get(offer)?.order;
    if (order === undefined) continue;
    const { maker, microgrid } = order;
    const key = `${maker} ${microgrid} ${source}`;
    const known = wanted.get(key);
    if (known === undefined) {
      wanted.set(key, { maker, microgrid, source, firstSlot: slot, lastSlot: slot });
    } else {
      known.firstSlot = Math.min(known.firstSlot, slot);
      known.lastSlot = Math.max(known.lastSlot, slot);
    }
  }
  const heldWh = new Map<string, bigint>();
  await Promise.all(
    [...wanted.values()].map(async ({ source, ...range }) => {
      for (const [slot, wh] of await readEnergyWh(view, range, source, range)) {
        heldWh.set(`${range.maker} ${source} ${slot}`, wh);
      }
    }),
  );
  return heldWh;
}

/** What buyers have, in thousandths, by {@link accountOf}. */
async function moneyFor(
  view: Snapshot,
  book: PromiseBook,
  open: readonly KeptPromise[],
): Promise<Map<string, bigint>> {
  const accounts = new Map<string, { readonly currency: Address; readonly maker: Address }>();
  for (const hash of new Set(open.map(({ bid }) => bid))) {
    const order = book.orders.get(hash)?.order;
    const microgrid = order && view.microgrid(order.microgrid);
    if (order === undefined || microgrid === undefined) continue;
    const { currency } = microgrid;
    accounts.set(accountOf(microgrid, order.maker), { currency, maker: order.maker });
  }
  return new Map(
    await Promise.all(
      [...accounts].map(async ([account, { currency, maker }]) => {
        const { balanceMillis } = await readAccount(view, currency, maker);
        return [account, balanceMillis] as const;
      }),
    ),
  );
}

const accountOf = ({ currency }: Pick<Microgrid, "currency">, maker: Address): string =>
  `${currency} ${maker}`;

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
