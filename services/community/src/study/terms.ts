import type { StudiedHome, StudyTerms } from "@wattline/sdk/study";
import type { CommunitySeries } from "../profiles/series.ts";
import { accountsOf, FIRST_HOUSEHOLD, localAccount } from "../simulation/accounts.ts";
import type { Communities } from "../simulation/households.ts";
import { levelIn, type Tariffs } from "../simulation/tariffs.ts";

/** The clock of profiles files is read as UTC. */
const TIME_ZONE = "UTC";

/** The terms of a community's study. */
export const termsOf = (series: CommunitySeries, tariffs: Tariffs): StudyTerms => ({
  firstSlot: series.firstSlot,
  slotSeconds: series.slotSeconds,
  timeZone: TIME_ZONE,
  levelOf: (slot) => levelIn(tariffs, series, slot),
});

/**
 * The homes of communities, each named by the account that it has in a simulation: where a last Wh goes to one of several, the
 * account decides, as on chain.
 */
export function studiedHomes(communities: Communities): StudiedHome[][] {
  const { firsts } = accountsOf(communities.map(({ households }) => households.length));
  return communities.map(({ households }, index) =>
    households.map(({ importedWh, exportedWh }, home) => ({
      name: localAccount((firsts[index] ?? 0) + FIRST_HOUSEHOLD + home).address,
      importedWh,
      exportedWh,
    })),
  );
}
