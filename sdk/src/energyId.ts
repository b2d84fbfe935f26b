/** What energy is made from, in the order of the contracts' `Source`. */
export const SOURCES = [
  "Solar",
  "Wind",
  "Hydro",
  "Biogas",
  "Cogeneration",
  "Storage",
  "Grid",
] as const;

export type Source = (typeof SOURCES)[number];

/** A source's number in the contracts. */
export const sourceIndex = (source: Source): number => SOURCES.indexOf(source);

/**
 * A source by its number in the contracts.
 * @throws RangeError for a number that the contracts do not know.
 */
export function sourceAt(index: number): Source {
  const source = SOURCES[index];
  if (source === undefined) {
    throw new RangeError(`${index} is no source of energy: there are 0 to ${SOURCES.length - 1}.`);
  }
  return source;
}

/** The bit mask of an order that names these sources. */
export const sourceMask = (...sources: readonly Source[]): number =>
  sources.reduce((mask, source) => mask | (1 << sourceIndex(source)), 0);

/** The mask that names every source. */
export const ANY_SOURCE = sourceMask(...SOURCES);

/** What a token id names: one delivery slot of one source in one microgrid. */
export interface EnergyId {
  readonly microgrid: number;
  readonly source: Source;
  readonly slot: number;
}

/** The ERC-1155 token id of a delivery slot. */
export const energyIdOf = ({ microgrid, source, slot }: EnergyId): bigint =>
  (BigInt(microgrid) << 40n) | (BigInt(sourceIndex(source)) << 32n) | BigInt(slot);

/**
 * Decodes a token id.
 * @throws RangeError when the id names no slot of a known source.
 */
export function parseEnergyId(id: bigint): EnergyId {
  const source = SOURCES[Number((id >> 32n) & 0xffn)];
  if (source === undefined || id < 0n || id >> 72n !== 0n) {
    throw new RangeError(`${id} is not an energy token id.`);
  }
  return { microgrid: Number(id >> 40n), source, slot: Number(id & 0xffffffffn) };
}
