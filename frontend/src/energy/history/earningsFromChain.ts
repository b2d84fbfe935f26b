import {
  addGains,
  arrivingWord,
  type EnergyMove,
  type GridPrices,
  gainsByHour,
  LANES,
  type MadeTrade,
  type MovedWord,
  NO_GAINS,
  partsOfTrade,
  type ReserveAct,
  slotEnd,
  slotsOfTrade,
  tariffInForce,
  unpackProfile,
} from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual } from "viem";
import { readContract } from "viem/actions";
import type { ChainContext } from "../../chain/index.ts";
import { blockTimes, type PastAct, readActs } from "./acts.ts";
import type { Earning } from "./earnings.ts";

type PositionTerms = ReserveAct["reserved"]["args"]["position"];

/** A finished trade of the holder. */
interface Deal extends MadeTrade {
  readonly seller: Address;
  readonly buyer: Address;
  readonly from: number;
  readonly to: number;
}

/** The terms of a forward, and what is reserved by block. */
interface Position {
  readonly terms: PositionTerms;
  readonly reserved: Map<number, bigint>;
}

/** The tariffs of a microgrid from a moment on. */
interface Tariff extends GridPrices {
  readonly since: number;
}

interface Place {
  readonly slotSeconds: number;
  readonly dso: Address;
  /** Oldest first. */
  readonly tariffs: readonly Tariff[];
}

/** As the indexer reckons it too: each slot beside what the grid would have done at the tariff in force when it ended. */
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
    const slots = slotsOfTrade(deal);
    const prices = (place: Place) => slots.map((slot) => tariffAt(place, slot));
    const withGrid = [from.dso, to.dso].some(
      (dso) => isAddressEqual(dso, deal.seller) || isAddressEqual(dso, deal.buyer),
    );
    const sells = isAddressEqual(deal.seller, holder);
    const microgrid = sells ? deal.from : deal.to;
    const parts = partsOfTrade(deal, prices(from), prices(to));
    for (const { hour, seller, buyer } of gainsByHour(parts, from.slotSeconds, withGrid)) {
      const key = `${microgrid} ${hour}`;
      const gains = addGains(hours.get(key) ?? NO_GAINS, sells ? seller : buyer);
      hours.set(key, { ...gains, microgrid, hour });
    }
  }
  return [...hours.values()].toSorted((a, b) => a.hour - b.hour);
}

function dealsOf(acts: readonly PastAct[]): Deal[] {
  const positions = new Map<Hex, Position>();
  return acts.flatMap(({ act }): Deal[] => {
    switch (act.kind) {
      case "accept": {
        const { sent, arrived } = act;
        return [dealOf(sent, arrived, act.traded.args)];
      }
      case "settle": {
        const { firstBlock, prices } = act.cleared.args;
        const bySlot = new Map(prices.map((price, index) => [firstBlock * LANES + index, price]));
        return act.outcomes.flatMap((outcome) => {
          if (outcome.skipped !== undefined) return [];
          const { move, matched } = outcome;
          return [{ ...dealOf(move, move, matched.args), prices: bySlot }];
        });
      }
      case "reserve": {
        const { positionId, position: terms, firstBlock, energy } = act.reserved.args;
        const { reserved } = positions.get(positionId) ?? { reserved: new Map() };
        for (const [offset, word] of energy.entries()) {
          const block = firstBlock + offset;
          reserved.set(block, (reserved.get(block) ?? 0n) + word);
        }
        positions.set(positionId, { terms, reserved });
        return [];
      }
      case "release": {
        const { positionId, blockNumber, delivered, paid, charge, forfeited } = act.released.args;
        const position = positions.get(positionId);
        if (position === undefined) return [];
        const { terms, reserved } = position;
        const lanes = (word: bigint) => unpackProfile({ firstBlock: blockNumber, words: [word] });
        const reservedWh = lanes(reserved.get(blockNumber) ?? 0n);
        // What is reserved of the block from now on is another promise.
        reserved.delete(blockNumber);
        return [
          {
            seller: terms.seller,
            buyer: terms.buyer,
            from: terms.from,
            to: terms.to,
            sentWh: lanes(delivered),
            arrivedWh: lanes(arrivingWord(delivered, BigInt(terms.lossBps))),
            reservedWh,
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

const dealOf = (
  sent: EnergyMove,
  arrived: EnergyMove,
  { cost, charge }: Pick<Deal, "cost" | "charge">,
): Deal => ({
  seller: sent.from,
  buyer: arrived.to,
  from: sent.words[0]?.microgrid ?? 0,
  to: arrived.words[0]?.microgrid ?? 0,
  sentWh: bySlot(sent.words),
  arrivedWh: bySlot(arrived.words),
  cost,
  charge,
});

const bySlot = (words: readonly MovedWord[]): Map<number, bigint> =>
  new Map(
    words.flatMap(({ blockNumber, energy }) => [
      ...unpackProfile({ firstBlock: blockNumber, words: [energy] }),
    ]),
  );

const tariffAt = ({ tariffs, slotSeconds }: Place, slot: number): GridPrices =>
  tariffInForce(tariffs, slotEnd(slot, slotSeconds)) ?? NO_TARIFF;

const NO_TARIFF: GridPrices = { feedIn: 0n, retail: 0n };

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
