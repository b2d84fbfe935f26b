import {
  arrivingWord,
  type EnergyMove,
  LANES,
  type MadeTrade,
  type MovedWord,
  type ReserveAct,
  SOURCES,
  type Source,
  unpackProfile,
} from "@wattline/sdk";
import type { Address, Hex } from "viem";
import type { PastAct } from "./acts.ts";

type PositionTerms = ReserveAct["reserved"]["args"]["position"];

/** A finished trade: energy changed hands, or a block of a forward was released. */
export interface Deal extends MadeTrade {
  readonly seller: Address;
  readonly buyer: Address;
  readonly source: Source;
  readonly from: number;
  readonly to: number;
}

/** The terms of a forward, and what is reserved by block. */
interface Position {
  readonly terms: PositionTerms;
  readonly reserved: Map<number, bigint>;
}

/** Every finished trade, oldest first. */
export function dealsOf(acts: readonly PastAct[]): Deal[] {
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
            source: sourceOf(terms),
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
  source: sent.words[0]?.source ?? "Grid",
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

const sourceOf = ({ source }: Pick<PositionTerms, "source">): Source => SOURCES[source] ?? "Grid";
