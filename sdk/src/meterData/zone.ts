import { Temporal } from "temporal-polyfill";

/**
 * The clock of one place. Wall time is counted in seconds as if the clock showed UTC (`wall`). Changes of the
 * clock come from the runtime's time zone data and are kept, so that a row costs an addition.
 */
export interface Zone {
  readonly name: string;
  /** The instants at which the clock shows that wall time: one, or two in a repeated hour, or none. */
  instantsOf(wall: number): readonly number[];
  /** The instant that the clock would have shown, had it not been put forward. */
  beforeChange(wall: number): number;
  /** When the clock was changed last before or at that instant. */
  changeBefore(instant: number): number;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

const DAY = 86_400;

/** The zone of an IANA name or of an offset such as `+10:00`; undefined when there is none of that name. */
export function zoneOf(name: string): Zone | undefined {
  const fixed = /^(?:UTC|Z)$/i.test(name) ? "+00:00" : name;
  const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(fixed);
  if (offset) {
    const seconds =
      (Number(offset[2]) * 3600 + Number(offset[3]) * 60) * (offset[1] === "-" ? -1 : 1);
    const instantsOf = (wall: number): number[] => [wall - seconds];
    return {
      name,
      instantsOf,
      beforeChange: (wall) => wall - seconds,
      changeBefore: () => -Infinity,
    };
  }
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
  } catch {
    return undefined;
  }
  return namedZone(name);
}

function namedZone(name: string): Zone {
  let spans: Span[] = [];
  let last: Span | undefined;

  function spanAt(instant: number): Span {
    if (last && instant >= last.from && instant < last.to) return last;
    const known = spans.find((span) => instant >= span.from && instant < span.to);
    last = known ?? measure(instant);
    if (!known) spans = [...spans, last];
    return last;
  }

  function measure(instant: number): Span {
    const moment = Temporal.Instant.fromEpochMilliseconds(instant * 1000).toZonedDateTimeISO(name);
    const next = moment.getTimeZoneTransition("next");
    const previous = moment.add({ nanoseconds: 1 }).getTimeZoneTransition("previous");
    return {
      from: previous ? previous.epochMilliseconds / 1000 : -Infinity,
      to: next ? next.epochMilliseconds / 1000 : Infinity,
      offset: moment.offsetNanoseconds / 1e9,
    };
  }

  return {
    name,
    instantsOf(wall) {
      if (last) {
        const instant = wall - last.offset;
        if (instant - DAY >= last.from && instant + DAY < last.to) return [instant];
      }
      const before = spanAt(wall - DAY);
      const after = spanAt(wall + DAY);
      const first = wall - before.offset;
      if (before === after) return [first];
      const second = wall - after.offset;
      return [first < before.to ? [first] : [], second >= after.from ? [second] : []].flat();
    },
    beforeChange: (wall) => wall - spanAt(wall - DAY).offset,
    changeBefore: (instant) => spanAt(instant).from,
  };
}
