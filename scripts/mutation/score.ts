/** What share of the mutants is found. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Of a normal distribution: 95 % lie within so many standard deviations. */
const Z = 1.96;

/**
 * The 95 % confidence interval of a share of which a sample was tried, from 0 to 1.
 * E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
 */
export function wilson(hits: number, tried: number): Interval {
  const share = hits / tried;
  const spread = Z * Math.sqrt((share * (1 - share)) / tried + (Z * Z) / (4 * tried * tried));
  const middle = share + (Z * Z) / (2 * tried);
  const scale = 1 + (Z * Z) / tried;
  return { low: (middle - spread) / scale, high: (middle + spread) / scale };
}
