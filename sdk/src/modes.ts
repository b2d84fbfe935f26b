/** How a microgrid stands to the world, in the order of the contracts' `Mode`. */
export const MODES = ["Connected", "Islanded", "Closed"] as const;
export type Mode = (typeof MODES)[number];

/**
 * A mode by its number in the contracts.
 * @throws RangeError for a number that the contracts do not know.
 */
export function modeAt(index: number): Mode {
  const mode = MODES[index];
  if (mode === undefined) {
    throw new RangeError(`${index} is no mode of a microgrid: there are 0 to ${MODES.length - 1}.`);
  }
  return mode;
}

/** The number by which the contracts know a mode. */
export const modeIndex = (mode: Mode): number => MODES.indexOf(mode);
