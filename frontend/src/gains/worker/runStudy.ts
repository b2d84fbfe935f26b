import { homeOf, liveUnder } from "@wattline/community/street";
import { clockSecondsOf, slotsOfDay } from "@wattline/sdk";
import { type FindingKind, type HomeFlows, MeterFileError } from "@wattline/sdk/meterData";
import { type OwnUse, ownUseOf } from "@wattline/sdk/need";
import {
  gainMillis,
  type HomeStudy,
  type StudiedHome,
  type StudyTerms,
  study,
  withBattery,
} from "@wattline/sdk/study";
import { type Assumptions, levelOf } from "../assumptions.ts";
import type { Sample } from "../samples.ts";
import type { Gains, StudyJob, StudyMessage } from "./messages.ts";
import { type HomesRead, type Readings, readHomes } from "./readHomes.ts";

const YEAR_SECONDS = 365 * 86_400;
/** The year of the sample home. */
const SAMPLE_DAY = "2025-01-01";
const SAMPLE_SLOT_SECONDS = 900;
/**
 * The seed of the sample homes and of their sky, which no street has. With it both use 3,500 kWh a year, the amount for which
 * BDEW quotes the German household tariff, and the roof has 5.6 kW and faces south.
 */
const SAMPLE_SEED = 54_248;
/** How many streets the range is over. */
const STREETS = 5;

/** One's own home over the slots of a study. */
interface Own {
  readonly flows: HomeFlows;
  /** The clouds that it saw, where the physics made them. */
  readonly skySeed: number | undefined;
}

/** Studies what somebody would gain; posts what it finds as it finds it. */
export async function runStudy(
  job: StudyJob,
  known: Readings,
  post: (message: StudyMessage) => void,
): Promise<void> {
  const { own, friends, assumptions, timeZone } = job;
  const files = typeof own === "string" ? [] : own;
  const count = files.length + friends.length;
  const read =
    files.length === 0
      ? undefined
      : await readHomes(files, friends, known, (done) =>
          post({ kind: "progress", phase: "reading", done, of: count }),
        );
  if (read !== undefined && !("own" in read)) return post({ kind: "asked", asked: read });
  const mine: Own =
    typeof own === "string"
      ? { flows: sampleHome(own, assumptions, timeZone), skySeed: SAMPLE_SEED }
      : { flows: lastYearOf(requireOwn(read).own), skySeed: undefined };
  const isStreet = read === undefined || read.friends.length === 0;
  const streets = isStreet ? STREETS : 1;
  const neighboursIn = (street: number) =>
    isStreet
      ? streetAround(mine, assumptions, assumptions.street + street)
      : friendsAround(mine.flows, read);
  post({ kind: "progress", phase: "studying", done: 0, of: streets });
  const gains = gainsOf(mine.flows, neighboursIn(0), job);
  post({
    kind: "gains",
    gains: {
      ...gains,
      friendSlots: isStreet ? undefined : coveredBy(read, mine.flows),
      use: read && usageOf(mine.flows, timeZone),
      findings: findingsIn(read),
      formats: [...new Set(read?.readings.map(({ format }) => format))],
    },
  });
  const gainsOfStreets = [gainMillis(gains.home.total)];
  for (let street = 1; street < streets; street++) {
    const [home] = studyWith(meOf(mine.flows), neighboursIn(street), mine.flows, job);
    gainsOfStreets.push(gainMillis(home.total));
  }
  const range = {
    streets,
    leastMillis: gainsOfStreets.reduce((low, each) => (each < low ? each : low)),
    mostMillis: gainsOfStreets.reduce((high, each) => (each > high ? each : high)),
  };
  post({ kind: "range", range: isStreet ? range : undefined });
}

/** One's own home of a study. */
const meOf = ({ importedWh, exportedWh }: HomeFlows): StudiedHome => ({
  name: "you",
  importedWh,
  exportedWh,
});

/** Studies one's own home, which comes first, and its neighbours. */
function studyWith(
  me: StudiedHome,
  neighbours: readonly StudiedHome[],
  { firstSlot, slotSeconds }: HomeFlows,
  { assumptions, timeZone }: StudyJob,
): [HomeStudy, ...HomeStudy[]] {
  const level = levelOf(assumptions);
  const terms: StudyTerms = { firstSlot, slotSeconds, timeZone, levelOf: () => level };
  const [home, ...others] = study([me, ...neighbours], terms);
  if (home === undefined) throw new RangeError("The study has no home.");
  return [home, ...others];
}

function gainsOf(
  flows: HomeFlows,
  neighbours: readonly StudiedHome[],
  job: StudyJob,
): Omit<Gains, "friendSlots" | "use" | "findings" | "formats"> {
  const { firstSlot, slotSeconds, producedWh, covered } = flows;
  const me = meOf(flows);
  const [home, ...others] = studyWith(me, neighbours, flows, job);
  const hasSurplus = home.total.exportedWh > 0n;
  const knowsLoad = producedWh !== undefined || !hasSurplus;
  const { battery } = job.assumptions;
  return {
    home,
    withBattery:
      battery === undefined || !hasSurplus
        ? undefined
        : studyWith(withBattery(me, battery, slotSeconds).home, neighbours, flows, job)[0],
    neighboursMillis: others.reduce((sum, { total }) => sum + gainMillis(total), 0n),
    neighbours: others.length,
    firstSlot,
    slotSeconds,
    slots: covered.length,
    coveredSlots: covered.filter(Boolean).length,
    loadWh: knowsLoad
      ? sumOf(producedWh ?? []) + home.total.importedWh - home.total.exportedWh
      : undefined,
  };
}

/** How a home draws energy, by the local clock. */
function usageOf(
  { firstSlot, slotSeconds, importedWh, covered }: HomeFlows,
  timeZone: string,
): OwnUse | undefined {
  const metered = importedWh.flatMap((wh, index): [number, bigint][] =>
    covered[index] === true ? [[firstSlot + index, wh]] : [],
  );
  return ownUseOf(new Map(metered), slotSeconds, (unixSeconds) =>
    clockSecondsOf(unixSeconds, timeZone),
  );
}

/** One of the sample homes over its year. */
function sampleHome(sample: Sample, assumptions: Assumptions, timeZone: string): HomeFlows {
  const { firstSlot } = slotsOfDay(SAMPLE_DAY, timeZone, SAMPLE_SLOT_SECONDS);
  const slots = YEAR_SECONDS / SAMPLE_SLOT_SECONDS;
  const span = { firstSlot, slotSeconds: SAMPLE_SLOT_SECONDS, slots };
  const hasRoof = sample === "roof";
  const home = liveUnder(weatherOf(span, assumptions, SAMPLE_SEED))([
    homeOf(SAMPLE_SEED, hasRoof ? 0 : 1, hasRoof),
  ])[0];
  if (home === undefined) throw new RangeError("There is no sample home.");
  const { importedWh, exportedWh, producedWh } = home;
  const covered = importedWh.map(() => true);
  return { ...span, importedWh, exportedWh, producedWh, covered };
}

/** A made-up street: under the sample's sky, or under a sky of its own, as that of a meter file is not known. */
function streetAround({ flows, skySeed }: Own, assumptions: Assumptions, seed: number) {
  const { firstSlot, slotSeconds, covered } = flows;
  const span = { firstSlot, slotSeconds, slots: covered.length };
  const { neighbours, roofs } = assumptions;
  const homes = Array.from({ length: neighbours }, (_, index) =>
    homeOf(seed, index, index < roofs),
  );
  return named(liveUnder(weatherOf(span, assumptions, skySeed ?? seed))(homes));
}

const weatherOf = (
  span: { readonly firstSlot: number; readonly slotSeconds: number; readonly slots: number },
  { latitudeTenths, longitudeTenths }: Assumptions,
  seed: number,
) => ({
  seed,
  place: { latitudeTenths, longitudeTenths },
  start: span.firstSlot * span.slotSeconds,
  slots: span.slots,
  slotSeconds: span.slotSeconds,
});

/** Friends' homes over the slots of one's own; where their files tell nothing, they neither need nor have anything. */
function friendsAround(own: HomeFlows, { friends }: HomesRead): StudiedHome[] {
  return named(
    friends.map(({ name, flows }) => {
      const offset = own.firstSlot - flows.firstSlot;
      const over = (energyWh: readonly bigint[]) =>
        own.covered.map((_, index) => energyWh[index + offset] ?? 0n);
      if (!own.covered.some((_, index) => flows.covered[index + offset] === true)) {
        throw new MeterFileError(
          name,
          { value: spanOf(flows) },
          `times within yours: ${spanOf(own)}`,
        );
      }
      return { name, importedWh: over(flows.importedWh), exportedWh: over(flows.exportedWh) };
    }),
  );
}

const coveredBy = ({ friends }: HomesRead, own: HomeFlows): number =>
  friends.reduce((sum, { flows }) => {
    const offset = own.firstSlot - flows.firstSlot;
    return sum + own.covered.filter((_, index) => flows.covered[index + offset] === true).length;
  }, 0);

/** The last year of a longer file. */
function lastYearOf(flows: HomeFlows): HomeFlows {
  const from = Math.max(0, flows.covered.length - YEAR_SECONDS / flows.slotSeconds);
  const { importedWh, exportedWh, producedWh, covered } = flows;
  return {
    ...flows,
    firstSlot: flows.firstSlot + from,
    importedWh: importedWh.slice(from),
    exportedWh: exportedWh.slice(from),
    ...(producedWh && { producedWh: producedWh.slice(from) }),
    covered: covered.slice(from),
  };
}

function findingsIn(read: HomesRead | undefined): Gains["findings"] {
  const counts = new Map<FindingKind, number>();
  for (const { findings } of read?.readings ?? []) {
    for (const { kind, count } of findings) counts.set(kind, (counts.get(kind) ?? 0) + count);
  }
  return [...counts].map(([kind, count]) => ({ kind, count }));
}

function requireOwn(read: HomesRead | undefined): HomesRead {
  if (read === undefined)
    throw new RangeError("No file was given: choose one, or the sample home.");
  return read;
}

/** Homes with names that are each there once. */
const named = (homes: readonly StudiedHome[]): StudiedHome[] =>
  homes.map(({ name, importedWh, exportedWh }, index) => ({
    name: `${index + 1} ${name}`,
    importedWh,
    exportedWh,
  }));

const spanOf = ({ firstSlot, slotSeconds, covered }: HomeFlows): string =>
  [firstSlot, firstSlot + covered.length]
    .map((slot) => new Date(slot * slotSeconds * 1000).toISOString().slice(0, 10))
    .join(" to ");

const sumOf = (energyWh: readonly bigint[]): bigint => energyWh.reduce((sum, wh) => sum + wh, 0n);
