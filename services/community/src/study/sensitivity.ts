import { study } from "@wattline/sdk/study";
import type { CommunitySeries, HouseholdSeries } from "../profiles/series.ts";
import type { Communities } from "../simulation/households.ts";
import type { Tariffs } from "../simulation/tariffs.ts";
import { studiedHomes, termsOf } from "./terms.ts";
import type { Work } from "./work.ts";

/** The study of a changed community. Energy in Wh, money in thousandths of a base unit. */
export interface Variant {
  /** What was changed to, in percent. */
  readonly percent: number;
  readonly aloneMillis: bigint;
  readonly togetherMillis: bigint;
  readonly boughtWh: bigint;
  readonly consumedWh: bigint;
}

/** How the result changes, without batteries and without a tie line. */
export interface Sensitivity {
  /** With the difference of retail and feed-in tariff at so many percent of the studied one; the feed-in tariff stays. */
  readonly spread: readonly Variant[];
  /** With a roof on so many percent of the homes that have one. */
  readonly roofs: readonly Variant[];
}

const SPREADS: readonly number[] = [50, 75, 100, 125, 150];
const ROOFS: readonly number[] = [20, 40, 60, 80, 100];

/** Studies the community again with other tariffs, and with fewer roofs. */
export async function sensitivityOf(
  communities: Communities,
  tariffs: Tariffs,
  { signal, onProgress }: Work,
): Promise<Sensitivity> {
  let done = 0;
  const each = async (percents: readonly number[], of: (percent: number) => Variant) => {
    const variants: Variant[] = [];
    for (const percent of percents) {
      signal.throwIfAborted();
      onProgress("Studying other tariffs and roofs", done++, SPREADS.length + ROOFS.length);
      variants.push(of(percent));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return variants;
  };
  return {
    spread: await each(SPREADS, (percent) =>
      variantOf(percent, communities, withSpread(tariffs, percent)),
    ),
    roofs: await each(ROOFS, (percent) =>
      variantOf(percent, withRoofs(communities, percent), tariffs),
    ),
  };
}

function variantOf(percent: number, communities: Communities, tariffs: Tariffs): Variant {
  const terms = termsOf(communities[0], tariffs);
  const homes = studiedHomes(communities).flatMap((each) => study(each, terms));
  const sum = (of: (home: (typeof homes)[number]["total"]) => bigint) =>
    homes.reduce((all, { total }) => all + of(total), 0n);
  return {
    percent,
    aloneMillis: sum(({ aloneMillis }) => aloneMillis),
    togetherMillis: sum(({ togetherMillis }) => togetherMillis),
    boughtWh: sum(({ boughtWh }) => boughtWh),
    consumedWh: communities
      .flatMap(({ households }) => households)
      .reduce((all, { loadWh }) => all + loadWh.reduce((wh, load) => wh + load, 0n), 0n),
  };
}

/** A community price of its own is kept. */
const withSpread = (tariffs: Tariffs, percent: number): Tariffs => ({
  ...tariffs,
  retailPerKwh: tariffs.retailPerKwh.map(
    (retail) => tariffs.feedInPerKwh + ((retail - tariffs.feedInPerKwh) * BigInt(percent)) / 100n,
  ),
});

/** Of the homes with a roof, a share keeps it, spread evenly over their order. */
function withRoofs([first, ...others]: Communities, percent: number): Communities {
  let roof = 0;
  const changed = (series: CommunitySeries): CommunitySeries => ({
    ...series,
    households: series.households.map((home): HouseholdSeries => {
      if (home.capacityW === 0) return home;
      const before = Math.floor((roof * percent) / 100);
      const keeps = Math.floor((++roof * percent) / 100) > before;
      return keeps ? home : withoutRoof(home);
    }),
  });
  return [changed(first), ...others.map(changed)];
}

const withoutRoof = (home: HouseholdSeries): HouseholdSeries => ({
  ...home,
  capacityW: 0,
  producedWh: home.producedWh.map(() => 0n),
  exportedWh: home.exportedWh.map(() => 0n),
  importedWh: home.loadWh,
});
