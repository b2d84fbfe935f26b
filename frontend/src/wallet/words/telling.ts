import { t } from "@lingui/core/macro";
import {
  type Microgrid,
  SOURCES,
  type Source,
  slotEnd,
  slotStart,
  unpackProfile,
} from "@wattline/sdk";
import type { Network } from "../../chain/index.ts";
import { inFull } from "../../people/index.ts";
import {
  formatEnergy,
  formatExactly,
  formatList,
  formatMillis,
  formatSpan,
} from "../../ui/index.ts";

/** What sentences about requests are written with. */
export interface Telling {
  readonly network: Network;
  readonly microgrids: readonly Pick<Microgrid, "microgrid" | "name" | "slotSeconds">[];
}

/** A microgrid by its name, or by its number where that is not known. */
export const placeWords = (microgrid: number, { microgrids }: Telling): string =>
  microgrids.find((one) => one.microgrid === microgrid)?.name ?? t`microgrid ${String(microgrid)}`;

/** When the slots of a run are, in local time; their numbers where the length of a slot is not known. */
export function whenWords(
  firstSlot: number,
  lastSlot: number,
  microgrid: number,
  { microgrids }: Telling,
): string {
  const known = microgrids.find((one) => one.microgrid === microgrid);
  if (known === undefined) return t`delivery slots ${String(firstSlot)} to ${String(lastSlot)}`;
  const { slotSeconds } = known;
  return formatSpan(slotStart(firstSlot, slotSeconds), slotEnd(lastSlot, slotSeconds));
}

/** How much energy packed words hold, and when. */
export function profileWords(
  firstBlock: number,
  words: readonly bigint[],
  microgrid: number,
  telling: Telling,
): { readonly wh: bigint; readonly energy: string; readonly when: string } {
  const slots = [...unpackProfile({ firstBlock, words })];
  const wh = slots.reduce((sum, [, each]) => sum + each, 0n);
  const [first = 0, last = 0] = [slots[0]?.[0], slots.at(-1)?.[0]];
  return { wh, energy: formatEnergy(wh), when: whenWords(first, last, microgrid, telling) };
}

/** Money in base units, to the last digit: it is what is signed. */
export const moneyWords = (baseUnits: bigint, { network }: Telling): string =>
  formatExactly(baseUnits, network.currency);

/** What an energy costs at a price per kWh, in cents. */
export const totalWords = (pricePerKwh: bigint, wh: bigint, { network }: Telling): string =>
  formatMillis(pricePerKwh * wh, network.currency);

/** An account by its name, where it has one, and always by its address. */
export const whoWords = (account: string): string => inFull(account);

/** Sources by the bits of a mask. */
export function sourcesWords(mask: number): string {
  const named = SOURCES.filter((_, bit) => (mask >> bit) & 1);
  return named.length === SOURCES.length ? t`any source` : formatList(named.map(sourceWords));
}

/** A source by its name. */
export function sourceWords(source: Source): string {
  const names: Readonly<Record<Source, string>> = {
    Solar: t`solar`,
    Wind: t`wind`,
    Hydro: t`hydropower`,
    Biogas: t`biogas`,
    Cogeneration: t`cogeneration`,
    Storage: t`storage`,
    Grid: t`grid`,
  };
  return names[source];
}
