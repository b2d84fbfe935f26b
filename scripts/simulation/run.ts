import { blockOf, LANES, type SignedOrder, slotEnd } from "@wattline/sdk";
import type { Chain } from "./chain.ts";
import { type Community, settle } from "./community.ts";
import { Ledger } from "./ledger.ts";
import { matchByMerit } from "./merit.ts";
import type { SimulationOptions } from "./options.ts";
import { Progress } from "./progress.ts";
import { type Summary, summarize } from "./summary.ts";

/** A simulation that has run: the community as it now stands on the chain, and what came of it. */
export interface Played {
  readonly community: Community;
  readonly summary: Summary;
}

/**
 * Plays a community's days on a chain, a block of eight slots at a time: meters report and mint, neighbours take what
 * others offer in merit order, the grid takes the rest at the feed-in tariff. Chain time follows the data's.
 * @param signal Stops the run between two transactions with the signal's reason.
 */
export async function play(
  chain: Chain,
  options: SimulationOptions,
  signal: AbortSignal,
): Promise<Played> {
  const { series, tariffs } = options;
  const endSlot = series.firstSlot + series.slots;
  const startsAt = series.firstSlot * series.slotSeconds;
  const firstBlock = blockOf(series.firstSlot);
  const blocks = blockOf(endSlot - 1) - firstBlock + 1;
  const blocksPerDay = 86_400 / (LANES * series.slotSeconds);
  const progress = new Progress("Simulating", blocks + 1);

  progress.show(0, "deploying");
  const community = await settle(chain, series, tariffs);
  const ledger = new Ledger(community);
  const { households, dso } = community;
  signal.throwIfAborted();
  await fundAll();
  await chain.passTo(startsAt);

  let offers: (SignedOrder | undefined)[] = [];
  let gridBid: SignedOrder | undefined;
  let retailNow = tariffs.retailPerKwh[0] ?? 0n;

  for (let passed = 0; passed < blocks; passed++) {
    const block = firstBlock + passed;
    progress.show(
      passed + 1,
      new Date(block * LANES * series.slotSeconds * 1000).toISOString().slice(0, 16),
    );
    if (passed % blocksPerDay === 0) await signDay(block);
    const retail = tariffs.retailPerKwh[Math.max(0, block * LANES - series.firstSlot)] ?? retailNow;
    if (retail !== retailNow) {
      await community.setRetail(retail);
      retailNow = retail;
    }
    await playBlock(block, passed);
  }
  progress.show(blocks + 1, "done");
  return { community, summary: await summarize(community, ledger, options) };

  /** Every household brings what its import could cost at most, the DSO what all export could bring. */
  async function fundAll(): Promise<void> {
    const dearest = tariffs.retailPerKwh.reduce((a, b) => (a > b ? a : b));
    let exportedWh = 0n;
    for (const who of households) {
      signal.throwIfAborted();
      exportedWh += total(who.series?.exportedWh);
      const most = (total(who.series?.importedWh) * dearest) / 1000n + 1_000_000n;
      await community.fund(who, most);
    }
    await community.fund(dso, (exportedWh * tariffs.feedInPerKwh) / 1000n + 1_000_000n);
  }

  /** One signature per day and maker: prosumers offer all they will export, the DSO bids for the rest. */
  async function signDay(block: number): Promise<void> {
    const firstSlot = block * LANES;
    const lastSlot = (block + blocksPerDay) * LANES - 1;
    const today = tariffs.retailPerKwh.slice(
      Math.max(0, firstSlot - series.firstSlot),
      lastSlot + 1 - series.firstSlot,
    );
    const cheapest = today.reduce((a, b) => (a < b ? a : b));
    offers = [];
    for (const who of households) {
      const sells = who.series !== undefined && who.series.capacityW > 0;
      const pricePerKwh = askingPrice(who.name, tariffs.feedInPerKwh, cheapest);
      offers.push(
        sells
          ? await community.sign(who, "offer", { firstSlot, lastSlot, pricePerKwh })
          : undefined,
      );
    }
    gridBid = await community.sign(dso, "bid", {
      firstSlot,
      lastSlot,
      pricePerKwh: tariffs.feedInPerKwh,
    });
  }

  async function playBlock(block: number, round: number): Promise<void> {
    const slots = slotsOf(block, series.firstSlot, endSlot);
    const lanes = (wh: readonly bigint[] | undefined) =>
      slots.map((slot) => wh?.[slot - series.firstSlot] ?? 0n);
    const lastSlot = slots.at(-1) ?? series.firstSlot;
    await chain.passTo(slotEnd(lastSlot, series.slotSeconds));

    const exported = households.map((who) => lanes(who.series?.exportedWh));
    for (const [index, who] of households.entries()) {
      if (offers[index] === undefined) continue;
      signal.throwIfAborted();
      ledger.reported(await community.report(who, bySlot(slots, exported[index] ?? [])));
    }

    const needed = households.map((who) => lanes(who.series?.importedWh));
    const left = exported.map((wh) => [...wh]);
    for (const { seller, buyer, energyWh } of matchByMerit(
      exported,
      needed,
      meritOrder(),
      queue(round),
    )) {
      const [from, to, offer] = [households[seller], households[buyer], offers[seller]];
      if (from === undefined || to === undefined || offer === undefined) continue;
      signal.throwIfAborted();
      ledger.traded(await community.accept(to, offer, bySlot(slots, energyWh)), from, to);
      const rest = left[seller] ?? [];
      energyWh.forEach((wh, lane) => {
        rest[lane] = (rest[lane] ?? 0n) - wh;
      });
    }

    for (const [index, who] of households.entries()) {
      const rest = left[index] ?? [];
      if (gridBid === undefined || rest.every((wh) => wh === 0n)) continue;
      signal.throwIfAborted();
      ledger.traded(await community.accept(who, gridBid, bySlot(slots, rest)), who, dso);
    }
  }

  /** Sellers, the cheapest offer first. */
  function meritOrder(): number[] {
    const priced = offers.flatMap((offer, index) =>
      offer === undefined ? [] : [{ index, price: offer.order.price }],
    );
    return priced
      .sort((a, b) => (a.price < b.price ? -1 : a.price > b.price ? 1 : 0))
      .map(({ index }) => index);
  }

  /** Buyers, another one first in every round, so that nobody is always last. */
  function queue(round: number): number[] {
    return households.map((_, index) => (index + round) % households.length);
  }
}

/**
 * What a household asks for its surplus: somewhere between a quarter and three quarters of the way from the feed-in
 * tariff to the retail tariff, by its name, so that neighbours differ and runs repeat.
 */
export function askingPrice(name: string, feedInPerKwh: bigint, retailPerKwh: bigint): bigint {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003;
  const percent = 25n + BigInt(hash % 51);
  return feedInPerKwh + ((retailPerKwh - feedInPerKwh) * percent) / 100n;
}

/** The slots of a block that lie in the simulated run. */
function slotsOf(block: number, firstSlot: number, endSlot: number): number[] {
  return Array.from({ length: LANES }, (_, lane) => block * LANES + lane).filter(
    (slot) => slot >= firstSlot && slot < endSlot,
  );
}

const bySlot = (slots: readonly number[], energyWh: readonly bigint[]): Map<number, bigint> =>
  new Map(slots.map((slot, lane) => [slot, energyWh[lane] ?? 0n]));

const total = (energyWh: readonly bigint[] | undefined): bigint =>
  (energyWh ?? []).reduce((sum, wh) => sum + wh, 0n);
