import {
  addGains,
  type GridPrices,
  gainsByHour,
  NO_GAINS,
  partsOfTrade,
  slotEnd,
  slotsOfTrade,
  tariffInForce,
} from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { readContract } from "viem/actions";
import type { ChainContext } from "../../chain/index.ts";
import { blockTimes, type PastAct, readActs } from "./acts.ts";
import { dealsOf } from "./deals.ts";
import type { Earning } from "./earning.ts";

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
