import {
  arrivingWord,
  ceilDiv,
  LANES,
  laneOf,
  type MovedWord,
  type ReserveAct,
  slotEnd,
  slotStart,
} from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual } from "viem";
import { readContract } from "viem/actions";
import type { ChainContext } from "../../chain/index.ts";
import { blockTimes, type PastAct, readActs } from "./acts.ts";
import type { Earning } from "./earnings.ts";
import { NOTHING, plus } from "./sums.ts";

type PositionTerms = ReserveAct["reserved"]["args"]["position"];

/** A finished trade of the holder. Energy in Wh by slot, money in base units. */
interface Deal {
  readonly seller: Address;
  readonly buyer: Address;
  readonly from: number;
  readonly to: number;
  readonly sentWh: ReadonlyMap<number, bigint>;
  readonly arrivedWh: ReadonlyMap<number, bigint>;
  /** What the buyer paid; of it `charge` went to DSOs. */
  readonly cost: bigint;
  readonly charge: bigint;
  /** The part of a bond that a short delivery forfeited. */
  readonly forfeited: bigint;
}

/** The tariffs of a microgrid from a moment on, base units per kWh. */
interface Tariff {
  readonly since: number;
  readonly feedIn: bigint;
  readonly retail: bigint;
}

interface Place {
  readonly slotSeconds: number;
  readonly dso: Address;
  /** Oldest first. */
  readonly tariffs: readonly Tariff[];
}

const SECONDS_PER_HOUR = 3_600;

/** As the indexer reckons it: each slot beside what the grid would have done at the tariff in force when it ended. */
export async function earningsFromChain(
  context: ChainContext,
  holder: Address,
): Promise<Earning[]> {
  const acts = await readActs(context);
  const deals = dealsOf(acts).filter(
    ({ seller, buyer }) => isAddressEqual(seller, holder) || isAddressEqual(buyer, holder),
  );
  const places = await placesOf(context, acts);
  const hours = new Map<string, Earning>();
  for (const deal of deals) {
    const [from, to] = [places.get(deal.from), places.get(deal.to)];
    if (from === undefined || to === undefined) continue;
    for (const part of partsOf(deal, from, to, holder)) {
      const key = `${part.microgrid} ${part.hour}`;
      const before = hours.get(key);
      hours.set(key, before === undefined ? part : plus(before, part));
    }
  }
  return [...hours.values()].toSorted((a, b) => a.hour - b.hour);
}

function dealsOf(acts: readonly PastAct[]): Deal[] {
  const positions = new Map<Hex, PositionTerms>();
  return acts.flatMap(({ act }): Deal[] => {
    switch (act.kind) {
      case "accept": {
        const { cost, charge } = act.traded.args;
        return [
          dealOf(act.sent.from, act.arrived.to, act.sent.words, act.arrived.words, cost, charge),
        ];
      }
      case "settle":
        return act.outcomes.flatMap((outcome) => {
          if (outcome.skipped !== undefined) return [];
          const { move, matched } = outcome;
          const { cost, charge } = matched.args;
          return [dealOf(move.from, move.to, move.words, move.words, cost, charge)];
        });
      case "reserve":
        positions.set(act.reserved.args.positionId, act.reserved.args.position);
        return [];
      case "release": {
        const { positionId, blockNumber, delivered, paid, charge, forfeited } = act.released.args;
        const terms = positions.get(positionId);
        if (terms === undefined) return [];
        const arrived = arrivingWord(delivered, BigInt(terms.lossBps));
        return [
          {
            seller: terms.seller,
            buyer: terms.buyer,
            from: terms.from,
            to: terms.to,
            // A short delivery may be none at all: its bond still falls into the block.
            sentWh: lanesOf(blockNumber, delivered, forfeited > 0n),
            arrivedWh: lanesOf(blockNumber, arrived, false),
            cost: paid + charge,
            charge,
            forfeited,
          },
        ];
      }
      default:
        return [];
    }
  });
}

function dealOf(
  seller: Address,
  buyer: Address,
  sent: readonly MovedWord[],
  arrived: readonly MovedWord[],
  cost: bigint,
  charge: bigint,
): Deal {
  return {
    seller,
    buyer,
    from: sent[0]?.microgrid ?? 0,
    to: arrived[0]?.microgrid ?? 0,
    sentWh: bySlot(sent),
    arrivedWh: bySlot(arrived),
    cost,
    charge,
    forfeited: 0n,
  };
}

const bySlot = (words: readonly MovedWord[]): Map<number, bigint> =>
  new Map(words.flatMap(({ blockNumber, energy }) => [...lanesOf(blockNumber, energy, false)]));

/** The slots of a word that hold energy; with `atLeastOne` the first one when none does. */
function lanesOf(block: number, word: bigint, atLeastOne: boolean): Map<number, bigint> {
  const lanes = new Map<number, bigint>();
  for (let lane = 0; lane < LANES; lane++) {
    const wh = laneOf(word, lane);
    if (wh > 0n) lanes.set(block * LANES + lane, wh);
  }
  if (atLeastOne && lanes.size === 0) lanes.set(block * LANES, 0n);
  return lanes;
}

/** A deal as the holder sees it, slot by slot. The parts of an amount add up to the whole. */
function partsOf(deal: Deal, from: Place, to: Place, holder: Address): Earning[] {
  const sells = isAddressEqual(deal.seller, holder);
  const place = sells ? from : to;
  const slots = [...deal.sentWh.keys()].sort((a, b) => a - b);
  const sent = slots.map((slot) => deal.sentWh.get(slot) ?? 0n);
  const arrived = slots.map((slot) => deal.arrivedWh.get(slot) ?? 0n);
  const worth = slots.map((slot, i) => (sent[i] ?? 0n) * tariffAt(from, slot).feedIn);
  const due = slots.map((slot, i) => (arrived[i] ?? 0n) * tariffAt(to, slot).retail);
  const withGrid = [from.dso, to.dso].some(
    (dso) => isAddressEqual(dso, deal.seller) || isAddressEqual(dso, deal.buyer),
  );
  const received = split(deal.cost - deal.charge, sent);
  const paid = split(deal.cost, arrived);
  const feedIn = split(sumOf(worth) / 1_000n, worth);
  const retail = split(ceilDiv(sumOf(due), 1_000n), due);
  const bonds = split(deal.forfeited, sent);
  return slots.map((slot, i) => {
    const hour =
      Math.floor(slotStart(slot, place.slotSeconds) / SECONDS_PER_HOUR) * SECONDS_PER_HOUR;
    const blank = { ...NOTHING, microgrid: sells ? deal.from : deal.to, hour };
    const bond = bonds[i] ?? 0n;
    return sells
      ? {
          ...blank,
          soldWh: sent[i] ?? 0n,
          toGridWh: withGrid ? (sent[i] ?? 0n) : 0n,
          received: received[i] ?? 0n,
          feedInValue: feedIn[i] ?? 0n,
          earned: (received[i] ?? 0n) - (feedIn[i] ?? 0n) - bond,
          bondPaid: bond,
        }
      : {
          ...blank,
          boughtWh: arrived[i] ?? 0n,
          paid: paid[i] ?? 0n,
          retailCost: retail[i] ?? 0n,
          saved: (retail[i] ?? 0n) - (paid[i] ?? 0n) + bond,
          bondReceived: bond,
        };
  });
}

/** Splits an amount by weights, so that the parts add up to it; all to the first when no weight counts. */
function split(amount: bigint, weights: readonly bigint[]): bigint[] {
  const whole = sumOf(weights);
  if (whole === 0n) return weights.map((_, index) => (index === 0 ? amount : 0n));
  let [passed, given] = [0n, 0n];
  return weights.map((weight) => {
    passed += weight;
    const part = (amount * passed) / whole - given;
    given += part;
    return part;
  });
}

const sumOf = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n);

function tariffAt({ tariffs, slotSeconds }: Place, slot: number): Tariff {
  const end = slotEnd(slot, slotSeconds);
  return (
    tariffs.findLast(({ since }) => since <= end) ??
    tariffs[0] ?? { since: 0, feedIn: 0n, retail: 0n }
  );
}

/** Every microgrid with the tariffs that it has had. */
async function placesOf(
  { client, contracts }: ChainContext,
  acts: readonly PastAct[],
): Promise<Map<number, Place>> {
  const timeOf = blockTimes(client);
  const history = new Map<number, Tariff[]>();
  for (const { act, blockNumber } of acts) {
    if (act.kind !== "plain") continue;
    const { event } = act;
    if (event.eventName !== "Founded" && event.eventName !== "TariffsSet") continue;
    const { microgrid, tariffs } = event.args;
    const { feedIn, retail } = tariffs;
    const before = history.get(microgrid) ?? [];
    history.set(microgrid, [...before, { since: await timeOf(blockNumber), feedIn, retail }]);
  }
  return new Map(
    await Promise.all(
      [...history].map(async ([id, tariffs]) => {
        const { charter, dso } = await readContract(client, {
          ...contracts.meters,
          functionName: "microgridOf",
          args: [id],
        });
        return [id, { slotSeconds: charter.slotSeconds, dso, tariffs }] as const;
      }),
    ),
  );
}
