import type { RegisterSample } from "./sample.ts";

/** How a slot's energy is known; the later ones are worse. */
export const QUALITIES = ["measured", "estimated", "left out"] as const;
export type Quality = (typeof QUALITIES)[number];

/** What one meter counted in one delivery slot. */
export interface SlotEnergy {
  readonly slot: number;
  readonly importWh: bigint;
  readonly exportWh: bigint;
  readonly quality: Quality;
}

/** A moment, and the registers at it. */
export interface Cut {
  readonly unixMs: number;
  readonly importWh: bigint;
  readonly exportWh: bigint;
  readonly meterId?: string | undefined;
}

/** Why a sample was held back. */
export const FAULTS = ["future", "earlier", "repeated", "back", "jump", "other meter"] as const;
export type Fault = (typeof FAULTS)[number];

/** What became of a sample. */
export type TrackEvent =
  /** A slot is over; `cut` holds the registers at its end. */
  | { readonly kind: "slot"; readonly energy: SlotEnergy; readonly cut: Cut }
  /** Counting starts here: the first sample ever, another meter, or a gap that is too long to fill. */
  | { readonly kind: "start"; readonly cut: Cut; readonly reason: string }
  | { readonly kind: "held"; readonly fault: Fault; readonly message: string }
  | { readonly kind: "note"; readonly message: string };

/** How registers become slots. */
export interface TrackRules {
  readonly slotMs: number;
  /** The most that goes through the connection, in W. */
  readonly connectionW: number;
  /** What to do with slots of which a gap took part. */
  readonly gaps: "fill" | "leave out";
}

/** How one meter stands. */
export interface Track {
  /** The last sample that counts. */
  readonly last: Cut;
  /** What the slot of `last` has counted so far. */
  readonly open: Pick<SlotEnergy, "importWh" | "exportWh" | "quality">;
  /** Samples that don't fit what was before, but one another: perhaps another meter. */
  readonly others: { readonly first: Cut; readonly last: Cut; readonly count: number } | undefined;
}

/** A sample may be this far ahead of our clock: clocks of meters differ. */
const FUTURE_MS = 120_000;
/** Registers are read a little before or after the time they name. */
const SLACK_MS = 60_000;
/** Longer gaps are not filled: nobody would believe it. */
const LONGEST_GAP_MS = 60 * 86_400_000;
/** So many samples over so long a time say that the register has started anew. */
const [ANEW_COUNT, ANEW_MS] = [3, 600_000];
/** Another number of a meter is believed when it is read again. */
const OTHER_METER_COUNT = 2;

const NOTHING: Pick<SlotEnergy, "importWh" | "exportWh"> = { importWh: 0n, exportWh: 0n };

/** Starts at a moment that is known; `isWhole` when the slot's energy is known from its beginning. */
export const trackFrom = (last: Cut, isWhole: boolean): Track => ({
  last,
  open: { ...NOTHING, quality: isWhole ? "measured" : "left out" },
  others: undefined,
});

/**
 * Takes one sample in. Pure: the caller keeps the new track when its events are safe on disk.
 * @param track Undefined before the first sample.
 * @param nowMs Our clock.
 */
export function takeSample(
  track: Track | undefined,
  sample: RegisterSample,
  rules: TrackRules,
  nowMs: number,
): { readonly track: Track | undefined; readonly events: readonly TrackEvent[] } {
  if (sample.unixMs > nowMs + FUTURE_MS) {
    const ahead = Math.round((sample.unixMs - nowMs) / 1000);
    return held(track, "future", `${timeOf(sample)} lies ${ahead} s ahead of our clock.`);
  }
  if (track === undefined) {
    return start(cutOf(sample, undefined), rules, "The first reading.");
  }
  const { last } = track;
  if (sample.unixMs < last.unixMs) {
    return held(
      track,
      "earlier",
      `${timeOf(sample)} lies before ${timeOf(last)}, up to which readings are kept. Has a clock gone back?`,
    );
  }
  const cut = cutOf(sample, last);
  if (sample.isAfterGap) return start(cut, rules, "Nothing is known of the time before.");
  if (last.meterId !== undefined && cut.meterId !== undefined && cut.meterId !== last.meterId) {
    return heldAsOther(
      track,
      cut,
      rules,
      "other meter",
      OTHER_METER_COUNT,
      0,
      `The meter's number is ${cut.meterId} now; it was ${last.meterId}.`,
    );
  }
  if (sample.unixMs === last.unixMs) {
    if (cut.importWh === last.importWh && cut.exportWh === last.exportWh) {
      return { track, events: [] };
    }
    return held(track, "repeated", `${timeOf(sample)} comes twice, with other registers.`);
  }
  const most = mostWh(last, cut, rules);
  const grown = grownBy(last, cut, most, sample.rollsOverAtWh);
  if (typeof grown === "string") {
    const fault = grown === "back" ? "back" : "jump";
    const what = fault === "back" ? "is lower than before" : `has grown by more than ${most} Wh`;
    return heldAsOther(
      track,
      cut,
      rules,
      fault,
      ANEW_COUNT,
      ANEW_MS,
      `A register ${what}: import from ${last.importWh} to ${cut.importWh} Wh, export from ${last.exportWh} to ${cut.exportWh} Wh at ${timeOf(cut)}.`,
    );
  }
  if (cut.unixMs - last.unixMs > LONGEST_GAP_MS) {
    const lost = `${grown.importWh} Wh import and ${grown.exportWh} Wh export`;
    return start(cut, rules, `Nothing was read for more than 60 days; ${lost} belong to no slot.`);
  }
  const quality = qualityOver(last, cut, rules);
  const advanced = advance(track, cut, grown, quality, rules);
  const notes: TrackEvent[] = grown.hasRolledOver
    ? [{ kind: "note", message: `A register has rolled over at ${timeOf(cut)}.` }]
    : [];
  return { track: advanced.track, events: [...notes, ...advanced.events] };
}

/** What a register has grown by; rolled over, it starts at zero again. */
interface Growth {
  readonly importWh: bigint;
  readonly exportWh: bigint;
  readonly hasRolledOver: boolean;
}

function grownBy(
  last: Cut,
  cut: Cut,
  mostWh: bigint,
  rollsOverAtWh: bigint | undefined,
): Growth | "back" | "jump" {
  let hasRolledOver = false;
  let fault: "back" | "jump" | undefined;
  const grown = (before: bigint, after: bigint): bigint => {
    let by = after - before;
    if (by < 0n && rollsOverAtWh !== undefined && by + rollsOverAtWh >= 0n) {
      if (by + rollsOverAtWh <= mostWh) {
        hasRolledOver = true;
        by += rollsOverAtWh;
      }
    }
    if (by < 0n) fault = "back";
    else if (by > mostWh) fault ??= "jump";
    return by;
  };
  const [importWh, exportWh] = [
    grown(last.importWh, cut.importWh),
    grown(last.exportWh, cut.exportWh),
  ];
  return fault ?? { importWh, exportWh, hasRolledOver };
}

/** The most that can have gone through the connection between two moments, in Wh. */
const mostWh = (from: Cut, to: Cut, { connectionW }: TrackRules): bigint =>
  BigInt(Math.ceil((connectionW * (to.unixMs - from.unixMs + SLACK_MS)) / 3_600_000)) + 1n;

const qualityOver = (from: Cut, to: Cut, { slotMs, gaps }: TrackRules): Quality => {
  if (to.unixMs - from.unixMs <= slotMs) return "measured";
  return gaps === "fill" ? "estimated" : "left out";
};

/**
 * Spreads what a register has grown by evenly over the time between, and closes the slots that end in it. What lies
 * before an edge is rounded down from the start each time, so that all parts together are the whole.
 */
function advance(
  track: Track,
  to: Cut,
  grown: Pick<Growth, "importWh" | "exportWh">,
  quality: Quality,
  { slotMs }: TrackRules,
): { readonly track: Track; readonly events: readonly TrackEvent[] } {
  const from = track.last;
  const elapsed = BigInt(to.unixMs - from.unixMs);
  const events: TrackEvent[] = [];
  let open = track.open;
  let counted = { ...NOTHING, unixMs: from.unixMs };
  const countTo = (unixMs: number): void => {
    if (unixMs === counted.unixMs) return;
    const before = (wh: bigint): bigint => (wh * BigInt(unixMs - from.unixMs)) / elapsed;
    const [importWh, exportWh] = [before(grown.importWh), before(grown.exportWh)];
    open = {
      importWh: open.importWh + importWh - counted.importWh,
      exportWh: open.exportWh + exportWh - counted.exportWh,
      quality: worse(open.quality, quality),
    };
    counted = { importWh, exportWh, unixMs };
  };
  for (let slot = Math.floor(from.unixMs / slotMs); (slot + 1) * slotMs <= to.unixMs; slot++) {
    const unixMs = (slot + 1) * slotMs;
    countTo(unixMs);
    const cut =
      unixMs === to.unixMs
        ? to
        : {
            unixMs,
            importWh: from.importWh + counted.importWh,
            exportWh: from.exportWh + counted.exportWh,
            meterId: from.meterId,
          };
    events.push({ kind: "slot", energy: { slot, ...open }, cut });
    open = { ...NOTHING, quality: "measured" };
  }
  countTo(to.unixMs);
  return { track: { last: to, open, others: undefined }, events };
}

const worse = (a: Quality, b: Quality): Quality =>
  QUALITIES.indexOf(a) > QUALITIES.indexOf(b) ? a : b;

function start(cut: Cut, { slotMs }: TrackRules, reason: string) {
  const isWhole = cut.unixMs % slotMs === 0;
  const events: TrackEvent[] = [{ kind: "start", cut, reason }];
  return { track: trackFrom(cut, isWhole), events };
}

function held(track: Track | undefined, fault: Fault, message: string) {
  const events: TrackEvent[] = [{ kind: "held", fault, message }];
  return { track, events };
}

/** Holds a sample back, unless enough of its like say that it is another meter, or one that was set to zero. */
function heldAsOther(
  track: Track,
  cut: Cut,
  rules: TrackRules,
  fault: Fault,
  count: number,
  durationMs: number,
  message: string,
): { readonly track: Track; readonly events: readonly TrackEvent[] } {
  const others = fitting(track.others, cut, rules);
  if (others.count < count || cut.unixMs - others.first.unixMs < durationMs) {
    return { track: { ...track, others }, events: [{ kind: "held", fault, message }] };
  }
  const { first } = others;
  const reason = `The meter was replaced, or its registers were set anew: it counts from ${first.importWh} Wh import and ${first.exportWh} Wh export at ${timeOf(first)}. ${message}`;
  // Nobody knows what went through between the two: in a short pause nothing did, a long one has no energy to spread.
  const pauseMs = first.unixMs - track.last.unixMs;
  const between =
    pauseMs > LONGEST_GAP_MS
      ? { track: trackFrom(first, first.unixMs % rules.slotMs === 0), events: [] }
      : advance(track, first, NOTHING, pauseMs <= rules.slotMs ? "measured" : "left out", rules);
  const grown = {
    importWh: cut.importWh - first.importWh,
    exportWh: cut.exportWh - first.exportWh,
  };
  const quality = qualityOver(first, cut, rules);
  const since = advance(between.track, cut, grown, quality, rules);
  return {
    track: since.track,
    events: [...between.events, { kind: "start", cut: first, reason }, ...since.events],
  };
}

/** The run of samples that fit one another, with this one; it begins a run of its own when it does not fit. */
function fitting(others: Track["others"], cut: Cut, rules: TrackRules) {
  const alone = { first: cut, last: cut, count: 1 };
  if (others === undefined) return alone;
  const { last } = others;
  if (cut.meterId !== last.meterId || cut.unixMs < last.unixMs) return alone;
  // A telegram that is sent twice tells nothing new.
  if (cut.unixMs === last.unixMs) return others;
  const grown = grownBy(last, cut, mostWh(last, cut, rules), undefined);
  return typeof grown === "string" ? alone : { ...others, last: cut, count: others.count + 1 };
}

/** A register that the meter does not have, or does not tell this time, stands still. */
const cutOf = (
  { unixMs, importWh, exportWh, meterId }: RegisterSample,
  last: Cut | undefined,
): Cut => ({
  unixMs,
  importWh: importWh ?? last?.importWh ?? 0n,
  exportWh: exportWh ?? last?.exportWh ?? 0n,
  meterId: meterId ?? last?.meterId,
});

const timeOf = ({ unixMs }: { readonly unixMs: number }): string =>
  new Date(unixMs).toISOString().replace(".000Z", "Z");
