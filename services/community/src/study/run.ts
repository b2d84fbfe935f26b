import { Progress } from "@wattline/common/progress";
import { type Optimum, optimumOf } from "./foresight.ts";
import type { StudyOptions } from "./options.ts";
import { type RollupCost, rollupCosts } from "./rollups.ts";
import { type Sensitivity, sensitivityOf } from "./sensitivity.ts";
import { type PlayedWeek, playWeek, sampledWeeks } from "./weeks.ts";
import type { Work } from "./work.ts";
import { studyYear, type Year } from "./year.ts";

/** All that a study found. */
export interface Study {
  readonly options: Omit<StudyOptions, "out">;
  readonly year: Year;
  readonly optimum: Optimum;
  readonly sensitivity: Sensitivity;
  readonly weeks: readonly PlayedWeek[];
  readonly rollups: readonly RollupCost[];
}

/**
 * Studies what homes gain by trading with each other.
 * @param signal Stops it with the signal's reason.
 * @throws UnequalError when a chain comes to something else.
 */
export async function runStudy(options: StudyOptions, signal: AbortSignal): Promise<Study> {
  const { communities, tariffs, battery, gasPrices } = options;
  const [{ slots, slotSeconds }] = communities;
  const work = workOf(signal);
  const year = await studyYear(communities, tariffs, battery, work);
  const optimum = await optimumOf(communities, year, tariffs, battery, work);
  const sensitivity = await sensitivityOf(communities, tariffs, work);
  const weeks: PlayedWeek[] = [];
  for (const span of sampledWeeks(slots, slotSeconds, options.weeks)) {
    weeks.push(await playWeek(year, tariffs, span, work));
  }
  const days = weeks.reduce((sum, week) => sum + week.days, 0);
  const transactions = weeks.flatMap((week) => week.transactions);
  return {
    options,
    year,
    optimum,
    sensitivity,
    weeks,
    rollups:
      days === 0 ? [] : rollupCosts(transactions, { homes: year.homes.length, days }, gasPrices),
  };
}

/** Shows each kind of work with a bar of its own. */
function workOf(signal: AbortSignal): Work {
  let now: { readonly what: string; readonly of: number; readonly progress: Progress } | undefined;
  return {
    signal,
    onProgress(what, done, of) {
      if (now?.what !== what) {
        now?.progress.show(now.of);
        now = { what, of, progress: new Progress(what, of) };
      }
      now.progress.show(done);
    },
  };
}
