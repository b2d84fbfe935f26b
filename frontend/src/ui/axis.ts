import { formatClock, formatDay } from "./format.ts";

/**
 * From where to where an axis goes: of times the last one's slot is shown whole, of bars the first and the last one.
 * @param x Ascending.
 * @param step How far an x reaches; by default to the next x.
 */
export function rangeOf(
  x: readonly number[],
  {
    time,
    bars,
    step = shortestStep(x),
  }: { readonly time: boolean; readonly bars: boolean; readonly step?: number | undefined },
): [number, number] {
  const [first = 0, last = first] = [x[0], x.at(-1)];
  if (time) return [first, last + step];
  return bars || first === last ? [first - step / 2, last + step / 2] : [first, last];
}

const shortestStep = (x: readonly number[]): number =>
  x.length < 2 ? 1 : Math.min(...x.slice(1).map((each, at) => each - (x[at] ?? 0)));

/**
 * Times of day as they stand at an axis; where it goes over days, the day is said with the first time of each. The midnight in
 * which a day ends is its 24:00.
 */
export function clocksOf(times: readonly number[]): string[] {
  const last = times.length - 1;
  const days = times.map(formatDay);
  const endsDay = last > 0 && days[last] !== formatDay((times[last] ?? 0) - 1);
  if (endsDay && days.slice(0, last).every((day) => day === days[0])) {
    return times.map((time, index) => (index === last ? "24:00" : formatClock(time)));
  }
  const isOneDay = days.every((day) => day === days[0]);
  return times.map((time, index) =>
    isOneDay || days[index] === days[index - 1]
      ? formatClock(time)
      : `${formatClock(time)}\n${days[index]}`,
  );
}
