import { OptionsError } from "@wattline/common/options";
import { generateCommunity } from "../profiles/generate.ts";
import { readProfilesFile } from "../profiles/profilesFile.ts";
import type { CommunitySeries } from "../profiles/series.ts";

/** One or several communities over the same slots. */
export type Communities = readonly [CommunitySeries, ...CommunitySeries[]];

/** The source of households: a file, or physics and a seed. */
export type Origin =
  | { readonly profiles: string; readonly consumers: readonly string[] }
  | { readonly seed: number };

/** The name of the second built-in community; the generator names the first. */
export const SECOND_COMMUNITY = "Buchental";

/**
 * The households of `microgrids` communities: a file's homes in two halves in their order, the larger one first, or
 * communities from two consecutive seeds.
 */
export function communitiesOf(
  origin: Origin,
  days: { readonly from: string; readonly days: number },
  microgrids: 1 | 2,
): Communities {
  if ("seed" in origin) {
    const first = generateCommunity({ seed: origin.seed, ...days });
    if (microgrids === 1) return [first];
    const seed = (origin.seed + 1) % 2 ** 32;
    return [first, { ...generateCommunity({ seed, ...days }), name: SECOND_COMMUNITY }];
  }
  const all = readProfilesFile(origin.profiles, {
    ...days,
    consumers: origin.consumers,
    onWarning: (message) => console.warn(message),
  });
  if (microgrids === 1) return [all];
  const { households, name } = all;
  if (households.length < 2) {
    throw new OptionsError(
      `--microgrids 2 splits the homes of a file in two halves: ${origin.profiles} has only one.`,
    );
  }
  const half = Math.ceil(households.length / 2);
  return [
    { ...all, name: `${name} 1`, households: households.slice(0, half) },
    { ...all, name: `${name} 2`, households: households.slice(half) },
  ];
}
