import { ANY_SOURCE, SOURCES } from "../energyId.ts";

/** The names of enumeration values. */

const numbered = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, number) => [number, name]));

const listed = (names: readonly string[]): string =>
  names.length < 2
    ? names.join()
    : `${names.slice(0, -1).join(", ")} or ${names[names.length - 1]}`;

/** Every set of sources that an order can name. */
function sourceSets(): Record<string, string> {
  const sets: Record<string, string> = {};
  for (let mask = 1; mask < ANY_SOURCE; mask++) {
    sets[mask] = listed(SOURCES.filter((_, source) => (mask >> source) & 1));
  }
  sets[ANY_SOURCE] = "Any source";
  return sets;
}

export const CLEAR_SIGNING_ENUMS = {
  /** `Side`, for its maker. */
  side: numbered(["Sell", "Buy"]),
  /** `Side`, for the taker of the order: the words before the taker's limit per kWh. */
  taking: numbered(["Buy for at most", "Sell for at least"]),
  /** `Source`. */
  source: numbered(SOURCES),
  /** Masks of `Source`. */
  sources: sourceSets(),
} as const;

export type EnumName = keyof typeof CLEAR_SIGNING_ENUMS;
