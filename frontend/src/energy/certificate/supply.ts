import {
  type EnergyBySlot,
  type ReportAct,
  sourceAt,
  tradesOf,
  unpackProfile,
} from "@wattline/sdk";
import type { Address, Hex } from "viem";
import type { PastAct } from "../../chain/index.ts";
import type { Certificate } from "./read.ts";

/** A reading that covers slots of a certificate. */
export interface Report {
  readonly transaction: Hex;
  readonly reported: ReportAct["reported"]["args"];
}

/** What backs a certificate, from the chain's history up to it. Energy of its source in its slots, in Wh. */
export interface Supply {
  /** Its own microgrid first, then those from which energy came over any number of tie lines. */
  readonly microgrids: readonly string[];
  readonly reports: readonly Report[];
  readonly reportedWh: bigint;
  /** All energy retired in its own microgrid, this certificate included; and before it, by slot. */
  readonly retiredWh: bigint;
  readonly retiredBefore: EnergyBySlot;
  /** Whether in every slot each microgrid has retired and sent on no more than its meters reported and what arrived. */
  readonly isCovered: boolean;
}

type BySlot = Map<number, bigint>;

/** A microgrid's stock: what came in and what left, by slot. */
interface Stock {
  name: string;
  readonly reports: Report[];
  readonly reported: BySlot;
  readonly arrived: BySlot;
  readonly retired: BySlot;
  readonly sent: BySlot;
  /** The microgrids that sent energy here. */
  readonly origins: Set<number>;
}

/**
 * Traces a certificate's energy to the meters that made it. Energy of one source in one microgrid is one stock: where
 * some of it came over a tie line, the stock that it was sent from backs it too.
 */
export function supplyOf(acts: readonly PastAct[], certificate: Certificate): Supply {
  const { transaction, logIndex, microgrid } = certificate;
  const source = sourceAt(certificate.source);
  const slots = new Set(certificate.energyWh.map(([slot]) => slot));
  const meters = new Map<Address, number>();
  const stocks = new Map<number, Stock>();
  const stockOf = (id: number): Stock => {
    const stock = stocks.get(id) ?? emptyStock(id);
    stocks.set(id, stock);
    return stock;
  };
  /** Adds energy of the certificate's slots. @returns Whether there was any. */
  const add = (to: BySlot, energyWh: EnergyBySlot): boolean => {
    const within = [...energyWh].filter(([slot]) => slots.has(slot));
    for (const [slot, wh] of within) to.set(slot, (to.get(slot) ?? 0n) + wh);
    return within.length > 0;
  };

  const end = acts.findIndex(
    ({ act, hash }) =>
      hash === transaction && act.kind === "retire" && act.retired.logIndex === logIndex,
  );
  const past = acts.slice(0, end + 1);
  let retiredBefore: EnergyBySlot = new Map();
  for (const { act, hash } of past) {
    if (act.kind === "plain" && act.event.eventName === "Founded") {
      stockOf(act.event.args.microgrid).name = act.event.args.charter.name;
    } else if (act.kind === "plain" && act.event.eventName === "MeterRegistered") {
      const { args } = act.event;
      if (sourceAt(args.source) === source) meters.set(args.meter, args.microgrid);
    } else if (act.kind === "report") {
      const reported = act.reported.args;
      const home = meters.get(reported.meter);
      if (home === undefined) continue;
      const stock = stockOf(home);
      const { firstBlock, exported: words } = reported;
      const reaches = add(stock.reported, unpackProfile({ firstBlock, words }));
      if (reaches) stock.reports.push({ transaction: hash, reported });
    } else if (act.kind === "retire") {
      const { args } = act.retired;
      if (sourceAt(args.source) !== source) continue;
      const { retired } = stockOf(args.microgrid);
      if (args.microgrid === microgrid) retiredBefore = new Map(retired);
      add(retired, unpackProfile({ firstBlock: args.firstBlock, words: args.energy }));
    }
  }
  for (const { kind, from, to, source: of, sentWh, arrivedWh } of tradesOf(past)) {
    if (kind === "reserve" || from === to || of !== source) continue;
    add(stockOf(from).sent, sentWh);
    if (add(stockOf(to).arrived, arrivedWh)) stockOf(to).origins.add(from);
  }

  const behind = [...upstreamOf(microgrid, stockOf)].map(stockOf);
  const reports = behind.flatMap((stock) => stock.reports);
  return {
    microgrids: behind.map(({ name }) => name),
    reports,
    reportedWh: behind.reduce((sum, { reported }) => sum + sumOf(reported), 0n),
    retiredWh: sumOf(stockOf(microgrid).retired),
    retiredBefore,
    isCovered: end >= 0 && behind.every((stock) => [...slots].every((slot) => covers(stock, slot))),
  };
}

/** A microgrid and all those from which energy came to it, directly or through others. */
function upstreamOf(microgrid: number, stockOf: (id: number) => Stock): Set<number> {
  const found = new Set([microgrid]);
  // Iterating a set also visits what is added meanwhile.
  for (const id of found) for (const origin of stockOf(id).origins) found.add(origin);
  return found;
}

function covers({ reported, arrived, retired, sent }: Stock, slot: number): boolean {
  const at = (energyWh: BySlot) => energyWh.get(slot) ?? 0n;
  return at(retired) + at(sent) <= at(reported) + at(arrived);
}

const emptyStock = (id: number): Stock => ({
  name: String(id),
  reports: [],
  reported: new Map(),
  arrived: new Map(),
  retired: new Map(),
  sent: new Map(),
  origins: new Set(),
});

const sumOf = (energyWh: BySlot): bigint =>
  [...energyWh.values()].reduce((sum, wh) => sum + wh, 0n);
