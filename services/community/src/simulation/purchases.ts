import {
  type Ask,
  isIslandedIn,
  levelFor,
  type Microgrid,
  marketplaceAbi,
  type PlannedTake,
  planPurchase,
  type SignedOrder,
  takeArguments,
  type Way,
  waysOver,
} from "@wattline/sdk";
import { encodeFunctionData } from "viem";
import type { Household } from "./community.ts";
import { BATCH_GAS_LIMIT } from "./deployment.ts";
import { bySlot, deduct, queueOf, type RoundBalance } from "./roundBalance.ts";
import type { Simulation } from "./simulation.ts";
import { sumOf } from "./sums.ts";

/** A posted offer while households buy from it. */
interface OpenOffer {
  readonly signed: SignedOrder;
  /** The place of its maker in the community. */
  readonly home: number;
  leftWh: bigint;
  /** What was bought of it, by slot. */
  readonly soldWh: Map<number, bigint>;
}

/** Homes that sell, homes that buy, and the way between them. */
interface Passage {
  readonly from: RoundBalance;
  readonly to: RoundBalance;
  readonly offers: readonly OpenOffer[];
  readonly way: Way;
  /** What the way's tie line carries, which grows. */
  readonly flowWh: Map<number, bigint>;
}

/**
 * Households take what they need from posted offers, or reserve it from forward offers, at home first and then over the tie line. Each plans
 * its purchase as the dApp does, the cheapest first and nothing dearer than the grid, and takes it in one transaction. Another household
 * chooses first in every block; in an island critical loads do. The balances are reduced.
 * @param offersOf A community's posted offers.
 */
export async function buyEverywhere(
  simulation: Simulation,
  balances: readonly RoundBalance[],
  offersOf: (balance: RoundBalance) => readonly SignedOrder[],
): Promise<void> {
  const { wattline } = simulation;
  const facts = await wattline.facts();
  const places = balances.map((balance) => ({
    balance,
    microgrid: facts.known(balance.community.microgrid),
    offers: offersOf(balance).map((signed) => openOffer(signed, balance)),
  }));
  for (const { balance, microgrid, offers } of places) {
    const way = { from: microgrid, line: undefined };
    await buyOn(simulation, { from: balance, to: balance, offers, way, flowWh: new Map() });
  }
  const placeOf = (microgrid: Microgrid) => places.find((place) => place.microgrid === microgrid);
  const now = await wattline.chain.chainTime();
  for (const { from, to, crossing } of waysOver(facts.lines(), (one) => facts.get(one), now)) {
    const [there, here] = [placeOf(from), placeOf(to)];
    if (there === undefined || here === undefined) continue;
    const flowWh = new Map<number, bigint>();
    await buyOn(simulation, {
      ...{ from: there.balance, to: here.balance, offers: there.offers },
      ...{ way: { from, line: { ...crossing, flowWh } }, flowWh },
    });
  }
}

function openOffer(signed: SignedOrder, { community }: RoundBalance): OpenOffer {
  const home = community.households.findIndex(({ address }) => address === signed.order.maker);
  return { signed, home, leftWh: BigInt(signed.order.energy), soldWh: new Map() };
}

/** Every household where the passage leads buys. */
async function buyOn(simulation: Simulation, passage: Passage): Promise<void> {
  const { wattline, check } = simulation;
  const { to } = passage;
  const microgrid = (await wattline.facts()).known(to.community.microgrid);
  const now = await wattline.chain.chainTime();
  for (const buyer of queueOf(to)) {
    const who = to.community.households[buyer];
    if (who === undefined) continue;
    for (;;) {
      const takes = planFor(passage, buyer, who, microgrid, now);
      if (takes.length === 0) break;
      check();
      await take(simulation, who, microgrid, takes);
      for (const each of takes) count(passage, who, each);
    }
  }
}

/** What a household takes in its next transaction. */
function planFor(
  { from, to, offers, way }: Passage,
  buyer: number,
  { device, critical }: Household,
  microgrid: Microgrid,
  nowSeconds: number,
): readonly PlannedTake[] {
  const needWh = bySlot(to.round, to.neededWh[buyer] ?? []);
  const energyWh = sumOf(needWh);
  const [firstSlot, lastSlot] = [to.round.slots[0], to.round.slots.at(-1)];
  if (energyWh === 0n || firstSlot === undefined || lastSlot === undefined) return [];
  const stocks = from.offeredWh.map((lanes) => bySlot(from.round, lanes));
  const asks = offers.flatMap(({ signed, home, leftWh, soldWh: promisedWh }): Ask[] => {
    const stockWh = stocks[home];
    if (stockWh === undefined || leftWh === 0n || (from === to && home === buyer)) return [];
    return [{ ...signed, source: "Solar", stockWh, leftWh, promisedWh, way }];
  });
  const isIslanded = (slot: number): boolean => isIslandedIn(microgrid, slot);
  const wish = {
    window: { firstSlot, lastSlot },
    energyWh,
    mostWh: (slot: number) => needWh.get(slot) ?? 0n,
    mostPerKwh: (slot: number) =>
      isIslanded(slot) ? undefined : levelFor(microgrid, slot).retailPerKwh,
  };
  const { takes } = planPurchase(asks, wish, {
    microgrid,
    meter: device.address,
    // What an ordinary home needs of an islanded slot is cut to its ration.
    rationLeftWh: (slot) => (critical ? undefined : (needWh.get(slot) ?? 0n)),
    nowSeconds,
  });
  return takes;
}

/** One transaction of a household: it accepts what is offered spot, or reserves what is offered forward. */
async function take(
  { wattline: { marketplace, send } }: Simulation,
  { address, signer, device }: Household,
  microgrid: Microgrid,
  takes: readonly PlannedTake[],
): Promise<void> {
  const by = { microgrid, meter: device.address };
  const calls = takes.map((each) =>
    encodeFunctionData({
      abi: marketplaceAbi,
      functionName: each.ask.order.forward ? "reserve" : "accept",
      args: takeArguments(each, by),
    }),
  );
  await send(address, (o) => marketplace.connect(signer).multicall(calls, o), BATCH_GAS_LIMIT);
}

/** Counts what was taken: for the offer, for the tie line, and for what is still offered and needed. */
function count(
  { from, to, offers, flowWh }: Passage,
  { address: buyer }: Household,
  { ask, sentWh, arrivedWh }: PlannedTake,
): void {
  const offer = offers.find(({ signed }) => signed.signature === ask.signature);
  if (offer === undefined) throw new Error(`The offer ${ask.order.nonce} is not open.`);
  offer.leftWh -= sumOf(sentWh);
  for (const [slot, wh] of sentWh) {
    offer.soldWh.set(slot, (offer.soldWh.get(slot) ?? 0n) + wh);
    flowWh.set(slot, (flowWh.get(slot) ?? 0n) + wh);
  }
  deduct(from === to ? [from] : [from, to], { seller: ask.order.maker, buyer, sentWh, arrivedWh });
}
