import { householdHash, tieRank } from "../rationing.ts";

/** One share of a division. */
export interface Part {
  /** Decides the order where fractions are equal; see {@link divide}. */
  readonly name: string;
  readonly weight: bigint;
}

/**
 * Divides a whole amount in proportion to weights, so that the parts add up to it exactly: every part is rounded down,
 * and the rest goes, one unit each, to the largest fractions (method of Hamilton). Equal fractions are ordered by the
 * lower `tieRank` of name and slot, then by name, as in rations: independent of the list's order, and different in each
 * slot.
 * @returns In the order of the parts. All 0 when no weight is above 0.
 */
export function divide(amount: bigint, parts: readonly Part[], slot: number): bigint[] {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0n);
  if (total === 0n) return parts.map(() => 0n);
  const shares = parts.map(({ weight }) => (amount * weight) / total);
  const left = amount - shares.reduce((sum, share) => sum + share, 0n);
  if (left === 0n) return shares;
  const ranked = parts.map(({ name, weight }, index) => ({
    index,
    name,
    fraction: (amount * weight) % total,
    rank: tieRank(householdHash(name.toLowerCase()), slot),
  }));
  ranked.sort(
    (a, b) => compare(b.fraction, a.fraction) || a.rank - b.rank || compare(a.name, b.name),
  );
  for (const { index } of ranked.slice(0, Number(left))) shares[index] = (shares[index] ?? 0n) + 1n;
  return shares;
}

const compare = <T extends bigint | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
