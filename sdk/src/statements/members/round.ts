/** Rounds to whole units, half away from zero. */
export function roundHalf(amount: bigint, unit: bigint): bigint {
  const size = amount < 0n ? -amount : amount;
  const units = (2n * size + unit) / (2n * unit);
  return amount < 0n ? -units : units;
}

/**
 * Rounds parts to whole units, so that they add up to a total that was rounded before. Every part is rounded down, and what
 * is missing is given, a unit each, to the largest fractions, equal ones in the list's order; where the total is less than
 * the parts rounded down, units are taken from the smallest fractions.
 * @param total In units, less than a unit per part away from the parts' sum.
 * @throws RangeError when there are no parts for a total other than 0.
 */
export function roundParts(total: bigint, parts: readonly bigint[], unit: bigint): bigint[] {
  const rounded = parts.map((part) => floorDiv(part, unit));
  const ranked = parts
    .map((part, index) => ({ index, fraction: part - floorDiv(part, unit) * unit }))
    .sort((a, b) =>
      a.fraction === b.fraction ? a.index - b.index : a.fraction > b.fraction ? -1 : 1,
    );
  let left = total - rounded.reduce((sum, part) => sum + part, 0n);
  if (left !== 0n && parts.length === 0) {
    throw new RangeError(`A total of ${total} units has no parts.`);
  }
  const step = left > 0n ? 1n : -1n;
  const order = left > 0n ? ranked : ranked.reverse();
  for (let at = 0; left !== 0n; at = (at + 1) % order.length) {
    const index = order[at]?.index ?? 0;
    rounded[index] = (rounded[index] ?? 0n) + step;
    left -= step;
  }
  return rounded;
}

function floorDiv(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend < 0n && dividend % divisor !== 0n ? quotient - 1n : quotient;
}
