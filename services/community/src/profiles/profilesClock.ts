import { dateOrderOf, stampReader } from "@wattline/sdk/meterData/text";
import { momentOf } from "./calendar.ts";
import { type Column, START } from "./profilesColumns.ts";
import { ProfilesFileError } from "./profilesError.ts";
import { badCell, cellOf, type Row, whereOf } from "./profilesRow.ts";

/** A step is one or more whole slots, or a whole part of one: these can be. */
const STEP_MINUTES: readonly number[] = [1, 3, 5, 10, 15, 20, 30, 60];

/** The file's steps: `start` is Unix time if the file's clock showed UTC. */
export interface Steps {
  readonly start: number;
  readonly stepSeconds: number;
}

/**
 * When the steps begin, by the column `start`. Stamps name the beginning of a step; a file with a 24:00, at which
 * none begins, names its end. Where stamps say their offset from UTC, the first one's offset is the file's clock.
 *
 * @throws ProfilesFileError where time does not move on by one step from row to row.
 */
export function stepsOf(file: string, rows: readonly Row[], column: Column): Steps {
  const moments = momentsOf(rows, column);
  const [first, second] = moments;
  if (first === undefined || second === undefined) {
    const line = rows.at(-1)?.line ?? 1;
    throw new ProfilesFileError(
      `there are ${moments.length} rows: give at least two, which determine the step`,
      { file, line, column: START },
    );
  }
  const stepSeconds = second.at - first.at;
  for (const [index, { at }] of moments.entries()) {
    const before = moments[index - 1]?.at;
    const row = rows[index];
    if (before === undefined || row === undefined) continue;
    const where = whereOf(row, column);
    const follows = `${momentOf(at)} follows ${momentOf(before)}`;
    if (at <= before) {
      throw new ProfilesFileError(
        `${follows}: times must increase from row to row (sort the rows; where the clock is put back, use standard ` +
          "time all year or write the offset, as in 2016-10-30T02:00+01:00)",
        where,
      );
    }
    if (!STEP_MINUTES.includes(stepSeconds / 60)) {
      throw new ProfilesFileError(
        `${follows}: a step of ${stepSeconds / 60} min is not supported, give one of ${STEP_MINUTES.join(", ")}`,
        where,
      );
    }
    if (at - before !== stepSeconds) {
      throw new ProfilesFileError(
        `${follows}: ${momentOf(before + stepSeconds)} should come next, one step of ` +
          `${stepSeconds / 60} min on (use standard time all year)`,
        where,
      );
    }
  }
  if (first.at % stepSeconds !== 0) {
    throw new ProfilesFileError(
      `${momentOf(first.at)} is not a multiple of ${stepSeconds / 60} min: start on one`,
      { file, line: rows[0]?.line ?? 1, column: START },
    );
  }
  const endStamped = moments.some(({ endOfDay }) => endOfDay);
  return { start: endStamped ? first.at - stepSeconds : first.at, stepSeconds };
}

interface Moment {
  readonly at: number;
  readonly endOfDay: boolean;
}

const WANTED = "a time such as 2016-07-31T23:00";

function momentsOf(rows: readonly Row[], column: Column): readonly Moment[] {
  const cells = rows.map((row) => cellOf(row, column));
  const order = dateOrderOf(cells);
  const [first] = rows;
  if (!order && first && /^\d{1,2}\/\d{1,2}\//.test(cellOf(first, column))) {
    const problem = `whether day or month comes first in ${cellOf(first, column)} can't be told: give ${WANTED}`;
    throw new ProfilesFileError(problem, whereOf(first, column));
  }
  const read = stampReader(order ?? "ymd");
  let clock: { readonly offset: number | undefined } | undefined;
  return rows.map((row) => {
    const cell = cellOf(row, column);
    const stamp = read(cell);
    if (!stamp || !/[:\d]\d{2}/.test(cell)) throw badCell(row, column, WANTED);
    clock ??= { offset: stamp.offset };
    if ((stamp.offset === undefined) !== (clock.offset === undefined)) {
      const problem = `${cell}: some rows say their offset from UTC and some don't: write it in all or none`;
      throw new ProfilesFileError(problem, whereOf(row, column));
    }
    const at = stamp.wall - (stamp.offset ?? 0) + (clock.offset ?? 0);
    return { at, endOfDay: /[T\s]24:00/.test(cell) };
  });
}
