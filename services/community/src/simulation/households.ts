import { OptionsError } from "@wattline/common/options";
import { generateCommunity } from "../profiles/generate.ts";
import { filesIn, type MeterFilesOptions, readMeterFiles } from "../profiles/meterFiles.ts";
import { readProfilesFile } from "../profiles/profilesFile.ts";
import { isProfilesTable } from "../profiles/profilesTable.ts";
import type { CommunitySeries } from "../profiles/series.ts";

/** One or several communities over the same slots. */
export type Communities = readonly [CommunitySeries, ...CommunitySeries[]];

/** Files of homes. */
export type FilesOrigin = {
  /** A profiles table, or meter files and folders of them. */
  readonly profiles: readonly string[];
  readonly consumers: readonly string[];
} & Pick<MeterFilesOptions, "answers" | "decisions" | "flagOf">;

/** The source of households: files, or physics and a seed. */
export type Origin = FilesOrigin | { readonly seed: number };

/** The name of the second built-in community; the generator names the first. */
const SECOND_COMMUNITY = "Buchental";

/**
 * The households of `microgrids` communities: a file's homes in two halves in their order, the larger one first, or
 * communities from two consecutive seeds.
 */
export async function communitiesOf(
  origin: Origin,
  days: { readonly from: string; readonly isFromGiven: boolean; readonly days: number },
  microgrids: 1 | 2,
): Promise<Communities> {
  if ("seed" in origin) {
    const first = generateCommunity({ seed: origin.seed, ...days });
    if (microgrids === 1) return [first];
    const seed = (origin.seed + 1) % 2 ** 32;
    return [first, { ...generateCommunity({ seed, ...days }), name: SECOND_COMMUNITY }];
  }
  const { from, isFromGiven, days: count } = days;
  const { profiles } = origin;
  // A table has no first day of its own that could be meant.
  const isTable = filesIn(profiles).some(isProfilesTable);
  const first = isFromGiven || isTable ? from : undefined;
  return divided(await homesOf(origin, first, count), microgrids, profiles);
}

/**
 * All homes in one community, or in two halves in their order, the larger one first.
 * @throws OptionsError that names the files when there is only one home.
 */
export function divided(
  all: CommunitySeries,
  microgrids: 1 | 2,
  files: readonly string[],
): Communities {
  if (microgrids === 1) return [all];
  const { households, name } = all;
  if (households.length < 2) {
    throw new OptionsError(
      `--microgrids 2 splits the homes of a file in two halves: ${files.join(", ")} has only one.`,
    );
  }
  const half = Math.ceil(households.length / 2);
  return [
    { ...all, name: `${name} 1`, households: households.slice(0, half) },
    { ...all, name: `${name} 2`, households: households.slice(half) },
  ];
}

/**
 * The homes of one profiles table, or of meter files.
 * @param from The first day; the first whole one of all homes unless given.
 * @param days Up to the last whole one unless given.
 */
export async function homesOf(
  { profiles, consumers, answers, decisions, flagOf }: FilesOrigin,
  from: string | undefined,
  days: number | undefined,
): Promise<CommunitySeries> {
  const onWarning = (message: string): void => console.warn(message);
  const files = filesIn(profiles);
  const [only] = files;
  const tables = files.filter(isProfilesTable);
  if (only !== undefined && files.length === 1 && tables.length === 1) {
    return readProfilesFile(only, { from, days, consumers, onWarning });
  }
  if (tables.length > 0) {
    throw new OptionsError(
      `--profiles ${tables[0]}: a table of load and roof holds all homes; give it alone, without other files.`,
    );
  }
  return readMeterFiles(files, { answers, decisions, flagOf, days, from, consumers, onWarning });
}
