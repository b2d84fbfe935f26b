import {
  type EnergyBySlot,
  type Order,
  packProfile,
  type SignedOrder,
  type Source,
  sourceIndex,
} from "@wattline/sdk";
import type { World } from "./world.ts";

/** What one signed offer gives one signed bid. */
export interface Pairing {
  readonly offer: SignedOrder;
  readonly bid: SignedOrder;
  readonly energyWh: EnergyBySlot;
  /** Solar unless told otherwise. */
  readonly source?: Source;
}

/** The arguments of `settle`: each order once, in the order in which it first appears; `unmatched` ones come last. */
export function batchOf(pairings: readonly Pairing[], unmatched: readonly SignedOrder[] = []) {
  const all = [...pairings.flatMap(({ offer, bid }) => [offer, bid]), ...unmatched];
  const signed = [...new Set(all)];
  return {
    orders: signed.map(({ order }): Order => order),
    signatures: signed.map(({ signature }) => signature),
    matches: pairings.map(({ offer, bid, energyWh, source = "Solar" }) => {
      const { firstBlock, words } = packProfile(energyWh);
      return {
        offer: signed.indexOf(offer),
        bid: signed.indexOf(bid),
        source: sourceIndex(source),
        firstBlock,
        energy: [...words],
      };
    }),
  };
}

/** What a transaction says in the marketplace's own events, in order. */
export async function eventsOf(
  { marketplace }: World,
  sent: { wait: () => Promise<{ logs: readonly Log[] } | null> },
) {
  const receipt = await sent.wait();
  const logs = receipt?.logs ?? [];
  return logs.flatMap(({ topics, data }) => {
    const event = marketplace.interface.parseLog({ topics, data });
    return event === null ? [] : [{ name: event.name, args: event.args }];
  });
}

interface Log {
  readonly topics: readonly string[];
  readonly data: string;
}
