import type { PositionRow } from "@wattline/indexer/client";
import {
  type Act,
  addWords,
  ceilDiv,
  costOf,
  LANES,
  type ReserveAct,
  SOURCES,
  slotEnd,
  sumWh,
  unpackProfile,
} from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { readContract } from "viem/actions";
import type { ChainContext } from "../../chain/index.ts";
import { readActs } from "./acts.ts";
import { useHistory } from "./useHistory.ts";

type PositionTerms = ReserveAct["reserved"]["args"]["position"];

/** A block of a forward that a household sells or buys. */
export type Forward = Pick<
  PositionRow,
  | "positionId"
  | "block"
  | "seller"
  | "buyer"
  | "meter"
  | "source"
  | "fromMicrogrid"
  | "toMicrogrid"
  | "currency"
  | "price"
  | "charge"
  | "bond"
  | "lossBps"
  | "state"
  | "reserved"
  | "reservedWh"
  | "locked"
  | "bonded"
  | "delivered"
  | "deliveredWh"
  | "promisedWh"
  | "paid"
  | "charged"
  | "refund"
  | "forfeited"
  | "deadline"
>;

/** The forwards in which a holder sells or buys, those of the latest blocks first. */
export const useForwards = (holder: Address) =>
  useHistory<readonly Forward[]>(
    ["forwards", holder],
    (indexer, signal) => indexer.positionsOf(holder, { signal }),
    async (context) => {
      const acts = await readActs(context);
      const own = forwardsOf(acts.map(({ act }) => act)).filter(
        ({ seller, buyer }) => isAddressEqual(seller, holder) || isAddressEqual(buyer, holder),
      );
      return withDeadlines(
        context,
        own.toSorted((a, b) => b.block - a.block),
      );
    },
  );

/** All forwards that acts tell of; their deadlines are still open. */
function forwardsOf(acts: readonly Act[]): Forward[] {
  const forwards = new Map<string, Forward>();
  for (const act of acts) {
    if (act.kind === "reserve") {
      const { positionId, position, firstBlock, energy } = act.reserved.args;
      for (const [offset, word] of energy.entries()) {
        if (word === 0n) continue;
        const block = firstBlock + offset;
        const key = `${positionId} ${block}`;
        const before = forwards.get(key) ?? blank(positionId, position, block);
        const reserved = addWords(before.reserved, word);
        forwards.set(key, { ...before, state: "open", ...lockedFor(before, reserved) });
      }
    } else if (act.kind === "release") {
      const { positionId, blockNumber, delivered, paid, charge, refund, forfeited } =
        act.released.args;
      const key = `${positionId} ${blockNumber}`;
      const before = forwards.get(key);
      if (before === undefined) continue;
      forwards.set(key, {
        ...before,
        state: "released",
        ...lockedFor(before, 0n),
        delivered: addWords(before.delivered, delivered),
        deliveredWh: before.deliveredWh + sumWh([delivered]),
        promisedWh: before.promisedWh + before.reservedWh,
        paid: before.paid + paid,
        charged: before.charged + charge,
        refund: before.refund + refund,
        forfeited: before.forfeited + forfeited,
      });
    }
  }
  return [...forwards.values()];
}

/** What a block of a forward has locked, by the contract's rule: the whole energy of the block is priced at once. */
function lockedFor({ price, charge, bond }: Forward, reserved: bigint) {
  const energyWh = sumWh([reserved]);
  return {
    reserved,
    reservedWh: energyWh,
    locked: costOf(price, energyWh) + (charge * energyWh) / 1000n,
    bonded: ceilDiv(bond * energyWh, 1000n),
  };
}

const blank = (
  positionId: Forward["positionId"],
  terms: PositionTerms,
  block: number,
): Forward => ({
  positionId,
  block,
  seller: terms.seller,
  buyer: terms.buyer,
  meter: terms.meter,
  source: SOURCES[terms.source] ?? "Grid",
  fromMicrogrid: terms.from,
  toMicrogrid: terms.to,
  currency: terms.currency,
  price: terms.price,
  charge: terms.charge,
  bond: terms.bond,
  lossBps: terms.lossBps,
  state: "open",
  reserved: 0n,
  reservedWh: 0n,
  locked: 0n,
  bonded: 0n,
  delivered: 0n,
  deliveredWh: 0n,
  promisedWh: 0n,
  paid: 0n,
  charged: 0n,
  refund: 0n,
  forfeited: 0n,
  deadline: 0,
});

async function withDeadlines(
  { client, contracts }: ChainContext,
  forwards: readonly Forward[],
): Promise<Forward[]> {
  const numbers = [...new Set(forwards.map(({ fromMicrogrid }) => fromMicrogrid))];
  const charters = new Map(
    await Promise.all(
      numbers.map(async (id) => {
        const { charter } = await readContract(client, {
          ...contracts.meters,
          functionName: "microgridOf",
          args: [id],
        });
        return [id, charter] as const;
      }),
    ),
  );
  return forwards.map((forward) => {
    const charter = charters.get(forward.fromMicrogrid);
    if (charter === undefined) return forward;
    const { lastSlot } = slotsOf(forward);
    return {
      ...forward,
      deadline: slotEnd(lastSlot, charter.slotSeconds) + charter.reportingDeadline,
    };
  });
}

/** The first and the last slot of a forward that hold energy; of a released one, that were delivered. */
export function slotsOf({ block, reserved, delivered }: Forward): {
  readonly firstSlot: number;
  readonly lastSlot: number;
} {
  const word = reserved === 0n ? delivered : reserved;
  const slots = [...unpackProfile({ firstBlock: block, words: [word] }).keys()];
  return {
    firstSlot: slots[0] ?? block * LANES,
    lastSlot: slots.at(-1) ?? block * LANES + LANES - 1,
  };
}
