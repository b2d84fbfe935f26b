import type { StudiedHome, StudyTerms } from "@wattline/sdk/study";
import type { CommunitySeries } from "../profiles/series.ts";
import { localAccount } from "../simulation/accounts.ts";
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
 * A community's homes, each named by the account that it has in a simulation: where a last Wh goes to one of several, the account
 * decides, as on chain.
 * @param firstAccount The number of the first home's account.
 */
export const studiedHomes = (
  { households }: CommunitySeries,
  firstAccount: number,
): StudiedHome[] =>
  households.map(({ importedWh, exportedWh }, index) => ({
    name: localAccount(firstAccount + index).address,
    importedWh,
    exportedWh,
  }));
