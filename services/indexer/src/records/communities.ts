import { type LevelOf, levelsOf, type Microgrid } from "@wattline/sdk";
import { fromJson, toJson } from "./json.ts";
import { microgridOf } from "./money.ts";
import type { Db } from "./occasion.ts";

/** The columns that a microgrid's state has in its row. */
export const communityColumns = (community: Microgrid) => ({
  operator: community.operator,
  pendingOperator:
    community.successor === undefined || BigInt(community.successor) === 0n
      ? null
      : community.successor,
  dso: community.dso,
  islanded: community.islands.some(({ lastSlot }) => lastSlot === undefined),
  closedFrom: community.closedFrom === undefined ? null : BigInt(community.closedFrom),
  schedules: community.schedules.length,
  state: toJson(community),
});

/** The newest state of each microgrid that was read: most trades ask for the same. */
const read = new Map<number, { readonly state: string; readonly community: Microgrid }>();

/** A microgrid as the sdk knows it: what holds for which slot. */
export async function communityOf(db: Db, id: number): Promise<Microgrid> {
  const { state } = await microgridOf(db, id);
  const known = read.get(id);
  if (known?.state === state) return known.community;
  // The column holds what `communityColumns` wrote.
  const community = fromJson(state) as Microgrid;
  read.set(id, { state, community });
  return community;
}

/** The prices of a microgrid's slots. */
export const levelsIn = async (db: Db, id: number): Promise<LevelOf> =>
  levelsOf(await communityOf(db, id));
