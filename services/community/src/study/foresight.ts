import type { Battery } from "@wattline/sdk/battery";
import type { StudiedHome } from "@wattline/sdk/study";
import type { Communities } from "../simulation/households.ts";
import type { Tariffs } from "../simulation/tariffs.ts";
import { billAlone, billTogether } from "./bills.ts";
import { leastCostMillis, type Pooled } from "./optimum.ts";
import { studiedHomes } from "./terms.ts";
import type { Work } from "./work.ts";
import type { Year } from "./year.ts";

/** The best that could have been done. Thousandths of a base unit. */
export interface Optimum {
  /** By week, what all homes together would have paid the grid. */
  readonly costMillis: readonly bigint[];
  /** The same with the utility alone, and as studied. */
  readonly aloneMillis: readonly bigint[];
  readonly togetherMillis: readonly bigint[];
}

/** What all homes would have paid with perfect foresight, and what they paid, week by week. */
export async function optimumOf(
  communities: Communities,
  { homes, line }: Pick<Year, "homes" | "line">,
  tariffs: Tariffs,
  battery: Battery | undefined,
  { signal, onProgress }: Work,
): Promise<Optimum> {
  const bare = studiedHomes(communities);
  const { retailPerKwh, feedInPerKwh } = tariffs;
  const [{ slotSeconds }] = communities;
  const pools = bare.map((each): Pooled => {
    const count = BigInt(each.length);
    const { capacityWh = 0n, powerW = 0n } = battery ?? {};
    const many = battery && {
      ...battery,
      capacityWh: capacityWh * count,
      powerW: powerW * count,
    };
    return { ...pooledOf(each), battery: many };
  });
  const costs = await leastCostMillis(pools, {
    retailPerKwh,
    feedInPerKwh,
    slotSeconds,
    lines: line === undefined ? [] : [{ ...line, ends: [0, 1] }],
    signal,
    onProgress: (week, weeks) => onProgress("Finding the optimum", week, weeks),
  });
  const perWeek = (7 * 86_400) / slotSeconds;
  const weeks = costs.map((_, week) => [week * perWeek, (week + 1) * perWeek] as const);
  return {
    costMillis: costs,
    aloneMillis: weeks.map(([from, to]) =>
      bare.flat().reduce((sum, home) => sum + billAlone(home, tariffs, from, to), 0n),
    ),
    togetherMillis: weeks.map(([from, to]) =>
      homes.reduce((sum, home) => sum + billTogether(home, tariffs, from, to), 0n),
    ),
  };
}

/** What homes have left and lack together, slot by slot. */
function pooledOf(homes: readonly StudiedHome[]): Pick<Pooled, "surplusWh" | "needWh"> {
  const slots = homes[0]?.importedWh.length ?? 0;
  const [surplusWh, needWh] = [new Array<bigint>(slots), new Array<bigint>(slots)];
  for (let slot = 0; slot < slots; slot++) {
    let [surplus, need] = [0n, 0n];
    for (const { exportedWh, importedWh } of homes) {
      const net = (exportedWh[slot] ?? 0n) - (importedWh[slot] ?? 0n);
      if (net > 0n) surplus += net;
      else need -= net;
    }
    surplusWh[slot] = surplus;
    needWh[slot] = need;
  }
  return { surplusWh, needWh };
}
