/** A microgrid's connection to the grid and whether it trades, in the order of the contracts' `Mode`. */
export const MODES = ["Connected", "Islanded", "Closed"] as const;
export type Mode = (typeof MODES)[number];

/**
 * A mode by its number in the contracts.
 * @throws RangeError for a number that the contracts do not know.
 */
export function modeAt(index: number): Mode {
  const mode = MODES[index];
  if (mode === undefined) {
    throw new RangeError(`${index} is not a microgrid's mode: modes are 0 to ${MODES.length - 1}.`);
  }
  return mode;
}

/** A mode's number in the contracts. */
export const modeIndex = (mode: Mode): number => MODES.indexOf(mode);
