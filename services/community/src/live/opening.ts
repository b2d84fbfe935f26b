import { type Communities, SECOND_COMMUNITY } from "../simulation/households.ts";
import type { SimulationOptions } from "../simulation/options.ts";
import type { Simulation } from "../simulation/simulation.ts";
import { type LiveCommunity, settleRetailer } from "./liveCommunity.ts";
import { Seasons } from "./seasons.ts";
import { FIRST_DAY, SEEDED_SLOTS, START_SLOT } from "./start.ts";

/** Operator and DSO of a microgrid have the accounts before its homes. */
const OFFICIALS = 2;

/** Two communities from physics, with the options for playing their first day. */
export function startOptions() {
  const lindental = new Seasons(1, "Lindental", FIRST_DAY);
  const buchental = new Seasons(2, SECOND_COMMUNITY, FIRST_DAY);
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

/** The communities of a simulation, each with a retailer. */
export async function openCommunities(
  simulation: Simulation,
  seasons: readonly Seasons[],
): Promise<LiveCommunity[]> {
  const communities: LiveCommunity[] = [];
  // The accounts after those of all communities and the auctioneer.
  const homes = simulation.communities.reduce((sum, { households }) => sum + households.length, 0);
  let account = OFFICIALS * simulation.communities.length + homes + 1;
  for (const [index, community] of simulation.communities.entries()) {
    const season = seasons[index];
    if (season === undefined) throw new Error(`${community.series.name} has no seasons.`);
    const retailer = await settleRetailer(simulation, community, account++);
    communities.push({ community, seasons: season, retailer });
  }
  return communities;
}
