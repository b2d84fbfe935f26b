import { type Communities, SECOND_TOWN } from "../simulation/households.ts";
import type { SimulationOptions } from "../simulation/options.ts";
import type { Stage } from "../simulation/stage.ts";
import { Seasons } from "./seasons.ts";
import { FIRST_DAY, SEEDED_SLOTS, START_SLOT } from "./start.ts";
import { settleRetailer, type Town } from "./town.ts";

/** Operator and DSO of a town come before its homes. */
const OFFICIALS = 2;

/** Two towns from physics, and a day of their lives to be played. */
export function startOptions() {
  const lindental = new Seasons(1, "Lindental", FIRST_DAY);
  const buchental = new Seasons(2, SECOND_TOWN, FIRST_DAY);
  const communities: Communities = [
    lindental.part(START_SLOT, SEEDED_SLOTS),
    buchental.part(START_SLOT, SEEDED_SLOTS),
  ];
  const options: SimulationOptions = {
    communities,
    tariffs: {
      feedInPerKwh: 80_000n,
      retailPerKwh: new Array<bigint>(SEEDED_SLOTS).fill(320_000n),
    },
    market: "accept",
  };
  return { seasons: [lindental, buchental] as const, options };
}

/** The towns of a stage, each with a retailer. */
export async function openTowns(stage: Stage, seasons: readonly Seasons[]): Promise<Town[]> {
  const towns: Town[] = [];
  // The accounts after everybody's, and after the auctioneer's.
  const homes = stage.communities.reduce((sum, { households }) => sum + households.length, 0);
  let account = OFFICIALS * stage.communities.length + homes + 1;
  for (const [index, community] of stage.communities.entries()) {
    const season = seasons[index];
    if (season === undefined) throw new Error(`${community.series.name} has no seasons.`);
    const retailer = await settleRetailer(stage, community, account++);
    towns.push({ community, seasons: season, retailer });
  }
  return towns;
}
