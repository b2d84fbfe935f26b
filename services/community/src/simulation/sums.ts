import {
  type Act,
  type EnergyBySlot,
  type EnergyMove,
  energyIdOf,
  isBurn,
  isMint,
  type ToldTrade,
  tradesOf,
  unpackProfile,
} from "@wattline/sdk";
import type { Address } from "viem";
import type { ToldAct } from "./ledger.ts";

/** A household's or a DSO's trades. Energy in Wh by slot, money in thousandths of a base unit. */
export interface HomeTrades {
  /** From neighbours, as arrived. */
  readonly boughtWh: Map<number, bigint>;
  /** To neighbours, as sent. */
  readonly soldWh: Map<number, bigint>;
  readonly toGridWh: Map<number, bigint>;
  paidMillis: bigint;
  /** Less charges. */
  receivedMillis: bigint;
  bondPaidMillis: bigint;
  bondReceivedMillis: bigint;
}

/** The sums of a run. Energy in Wh, money in thousandths of a base unit. */
export interface Sums {
  /** The trades of an account; those of none for who has not traded. */
  of(who: { readonly address: Address }): HomeTrades;
  /** Minted less burnt, per token id. */
  readonly mintedWh: ReadonlyMap<bigint, bigint>;
  /** Per slot. */
  readonly reportedWh: ReadonlyMap<number, bigint>;
  /** Lost on tie lines, per slot. */
  readonly lostWh: ReadonlyMap<number, bigint>;
  readonly readings: number;
  /** Sales of some energy by one neighbour to another: accepted offers, matches or reservations. */
  readonly trades: number;
  /** Between neighbours, as sent. */
  readonly tradedWh: bigint;
  readonly tradedCostMillis: bigint;
  /** Reserved but not delivered. */
  readonly shortfallWh: bigint;
  readonly bondPaidMillis: bigint;
}

/** Adds up what has happened. */
export function sumsOf(told: readonly ToldAct[]): Sums {
  const homes = new Map<Address, HomeTrades>();
  const of = (address: Address): HomeTrades => {
    const known = homes.get(address) ?? noTrades();
    homes.set(address, known);
    return known;
  };
  const lostWh = new Map<number, bigint>();
  let [trades, tradedWh, tradedCostMillis, shortfallWh, bondPaidMillis] = [0, 0n, 0n, 0n, 0n];

  for (const trade of tradesOf(told)) {
    if (trade.kind !== "release" && !trade.withGrid) trades++;
    if (trade.kind === "reserve") continue;
    exchange(trade, of(trade.seller), of(trade.buyer));
    if (trade.withGrid) continue;
    const sentWh = sumOf(trade.sentWh);
    tradedWh += sentWh;
    tradedCostMillis += trade.costMillis;
    for (const [slot, wh] of trade.sentWh) {
      add(lostWh, slot, wh - (trade.arrivedWh.get(slot) ?? 0n));
    }
    if (trade.kind !== "release") continue;
    shortfallWh += sumOf(trade.reservedWh ?? new Map()) - sentWh;
    bondPaidMillis += trade.bondMillis;
  }

  const acts = told.map(({ act }) => act);
  const readings = acts.filter((act) => act.kind === "report");
  const reportedWh = new Map<number, bigint>();
  for (const { reported } of readings) {
    const { firstBlock, exported: words } = reported.args;
    addAll(reportedWh, unpackProfile({ firstBlock, words }));
  }
  return {
    of: ({ address }) => homes.get(address) ?? noTrades(),
    mintedWh: mintedIn(acts),
    reportedWh,
    lostWh,
    readings: readings.length,
    trades,
    tradedWh,
    tradedCostMillis,
    shortfallWh,
    bondPaidMillis,
  };
}

function exchange(trade: ToldTrade, seller: HomeTrades, buyer: HomeTrades): void {
  seller.receivedMillis += trade.costMillis - trade.chargeMillis;
  buyer.paidMillis += trade.costMillis;
  addAll(trade.withGrid ? seller.toGridWh : seller.soldWh, trade.sentWh);
  if (!trade.withGrid) addAll(buyer.boughtWh, trade.arrivedWh);
  if (trade.kind !== "release") return;
  seller.bondPaidMillis += trade.bondMillis;
  buyer.bondReceivedMillis += trade.bondMillis;
}

function mintedIn(acts: readonly Act[]): Map<bigint, bigint> {
  const minted = new Map<bigint, bigint>();
  for (const move of acts.flatMap(movesOf)) {
    const sign = isMint(move) ? 1n : isBurn(move) ? -1n : 0n;
    for (const { microgrid, source, blockNumber, energy } of move.words) {
      const bySlot = unpackProfile({ firstBlock: blockNumber, words: [energy] });
      for (const [slot, wh] of bySlot) {
        add(minted, energyIdOf({ microgrid, source, slot }), sign * wh);
      }
    }
  }
  return minted;
}

function movesOf(act: Act): EnergyMove[] {
  switch (act.kind) {
    case "accept":
    case "match":
      return act.crossed === undefined ? [act.sent] : [act.sent, act.arrived];
    case "report":
    case "release":
      return act.mint === undefined ? [] : [act.mint];
    case "retire":
      return [act.burn];
    default:
      return [];
  }
}

const noTrades = (): HomeTrades => ({
  boughtWh: new Map(),
  soldWh: new Map(),
  toGridWh: new Map(),
  paidMillis: 0n,
  receivedMillis: 0n,
  bondPaidMillis: 0n,
  bondReceivedMillis: 0n,
});

function addAll(totals: Map<number, bigint>, energyWh: EnergyBySlot): void {
  for (const [slot, wh] of energyWh) add(totals, slot, wh);
}

function add<Key>(totals: Map<Key, bigint>, key: Key, wh: bigint): void {
  totals.set(key, (totals.get(key) ?? 0n) + wh);
}

export const sumOf = (energyWh: ReadonlyMap<number, bigint>): bigint =>
  [...energyWh.values()].reduce((sum, wh) => sum + wh, 0n);
