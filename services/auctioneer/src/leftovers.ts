import type { OpenLimit, Order, Pairing, Pool } from "@wattline/sdk";
import { poolKey } from "./openBook.ts";
import type { Verified } from "./orders/verify.ts";

/** What pairings leave of orders, energy and money; across a tie line at the least, since a bid gets less than is sent. */
export class Leftovers {
  /** Wh by maker and nonce. */
  readonly #filledWh = new Map<string, bigint>();
  /** Wh by pool and slot. */
  readonly #soldWh = new Map<string, bigint>();
  /** Thousandths by maker. */
  readonly #paidMillis = new Map<string, bigint>();

  /** @param priceOf The most that the buyer pays, in base units per kWh. */
  take(pairings: readonly Pairing[], priceOf: (pairing: Pairing, slot: number) => bigint): void {
    for (const pairing of pairings) {
      const [sold, bought] = [pairing.offer.order, pairing.bid.order];
      for (const [slot, wh] of pairing.energyWh) {
        add(this.#filledWh, fillKey(sold), wh);
        add(this.#filledWh, fillKey(bought), wh);
        add(this.#soldWh, `${poolKey(sold, pairing.source)} ${slot}`, wh);
        add(this.#paidMillis, bought.maker.toLowerCase(), priceOf(pairing, slot) * wh);
      }
    }
  }

  /** An order with what is left of it. */
  open({ order, signature, judgement }: Verified): OpenLimit {
    const filledWh = this.#filledWh.get(fillKey(order)) ?? 0n;
    return { order, signature, leftWh: atLeastNone(judgement.remainingWh - filledWh) };
  }

  ofPool({ key, energyWh }: Pool): Pool {
    const left = [...energyWh].map(
      ([slot, wh]) => [slot, atLeastNone(wh - (this.#soldWh.get(`${key} ${slot}`) ?? 0n))] as const,
    );
    return { key, energyWh: new Map(left) };
  }

  /** @param moneyMillis By maker, in small letters. */
  ofMoney(moneyMillis: ReadonlyMap<string, bigint>): Map<string, bigint> {
    return new Map(
      [...moneyMillis].map(([maker, millis]) => [
        maker,
        atLeastNone(millis - (this.#paidMillis.get(maker) ?? 0n)),
      ]),
    );
  }
}

const fillKey = ({ maker, nonce }: Order): string => `${maker.toLowerCase()} ${nonce}`;

const add = (sums: Map<string, bigint>, key: string, more: bigint): void =>
  void sums.set(key, (sums.get(key) ?? 0n) + more);

const atLeastNone = (wh: bigint): bigint => (wh > 0n ? wh : 0n);
