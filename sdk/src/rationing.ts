/**
 * Equal rationing of one delivery slot: the uniform rule. Everyone gets their request up to a common level, and the
 * level is as high as the energy allows. It is the only rule that serves all it can, treats equal requests equally and
 * gives nobody an advantage from asking for more or less than they need (Y. Sprumont, "The Division Problem with
 * Single-Peaked Preferences: A Characterization of the Uniform Allocation Rule", Econometrica 59, 1991).
 *
 * In whole Wh a remainder is left, smaller than the number of households above the level. It goes, one Wh each, to
 * those with the lowest {@link tieRank} in the slot, so it depends neither on the list's order nor on the requests, and
 * goes to others in the next slot.
 */

/** One household's request for a slot, over all of its orders together. */
export interface HouseholdClaim {
  /** The household's account, in any letter case. One household has one claim. */
  readonly household: string;
  /** Wh that it would buy or sell. */
  readonly energyWh: bigint;
}

/**
 * Divides `availableWh` among claims by the uniform rule.
 * @returns Wh, in the order of the claims; their sum is the lesser of what is available and what is claimed.
 * @throws RangeError when an amount is negative, the claims exceed 2^53 Wh together, or a household claims twice.
 */
export function rationEqually(
  claims: readonly HouseholdClaim[],
  availableWh: bigint,
  slot: number,
): bigint[] {
  requireClaims(claims, availableWh);
  const asked = Float64Array.from(claims, ({ energyWh }) => Number(energyWh));
  const available = claims.reduce((total, { energyWh }) => total + energyWh, 0n);
  const divided = Number(availableWh < available ? availableWh : available);
  const level = commonLevel(asked, asked.length, divided);
  const given = asked.map((wh) => Math.min(wh, level));
  let rest = divided - given.reduce((total, wh) => total + wh, 0);
  const above = [...asked.keys()].filter((index) => (asked[index] ?? 0) > level);
  const names = claims.map(({ household }) => household.toLowerCase());
  const byRank = compareRanks((index) => names[index] ?? "", slot);
  for (const index of rest > 0 ? above.sort(byRank) : []) {
    if (rest-- === 0) break;
    given[index] = level + 1;
  }
  return Array.from(given, BigInt);
}

/**
 * The highest whole level up to which everyone can be served: the largest `level` for which the sum of
 * `min(asked, level)` is at most `available`; the largest request when everything can be served.
 * @param asked Wh, in its first `count` places.
 */
export function commonLevel(asked: Float64Array, count: number, available: number): number {
  let [most, total] = [0, 0];
  for (let at = 0; at < count; at++) {
    const wh = asked[at] ?? 0;
    total += wh;
    if (wh > most) most = wh;
  }
  if (total <= available) return most;
  return highestLevel(0, most, (level) => {
    let used = 0;
    for (let at = 0; at < count; at++) used += Math.min(asked[at] ?? 0, level);
    return used <= available;
  });
}

/** The highest whole level that fits, between `low`, which fits, and `high`, which does not. */
export function highestLevel(low: number, high: number, fits: (level: number) => boolean): number {
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Moves the `count` smallest keys to the front, in any order (Hoare's selection). */
export function selectLowest(keys: Float64Array, count: number): void {
  let [low, high] = [0, keys.length - 1];
  while (low < high && count > low && count <= high) {
    const pivot = keys[(low + high) >> 1] ?? 0;
    let [left, right] = [low, high];
    while (left <= right) {
      while ((keys[left] ?? 0) < pivot) left++;
      while ((keys[right] ?? 0) > pivot) right--;
      if (left > right) break;
      const key = keys[left] ?? 0;
      keys[left++] = keys[right] ?? 0;
      keys[right--] = key;
    }
    if (count <= right + 1) high = right;
    else low = left;
  }
}

/** The 32-bit FNV-1a hash of a household's name in lower case, one step per UTF-16 unit. */
export function householdHash(household: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < household.length; at++) {
    hash = Math.imul(hash ^ household.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * A household's rank in a slot where a last Wh goes to one of several: lowest first; households of equal rank are
 * ordered by name. A 32-bit mix (the finalizer of MurmurHash3) of {@link householdHash} and the slot.
 */
export function tieRank(hash: number, slot: number): number {
  let mixed = hash ^ Math.imul(slot, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Compares claims by the rank of their households. */
function compareRanks(nameOf: (index: number) => string, slot: number) {
  const rank = (index: number) => tieRank(householdHash(nameOf(index)), slot);
  return (a: number, b: number): number => rank(a) - rank(b) || (nameOf(a) < nameOf(b) ? -1 : 1);
}

function requireClaims(claims: readonly HouseholdClaim[], availableWh: bigint): void {
  if (availableWh < 0n) throw new RangeError(`${availableWh} Wh can't be divided.`);
  const known = new Set<string>();
  let total = 0n;
  for (const { household, energyWh } of claims) {
    if (energyWh < 0n) throw new RangeError(`${household} claims ${energyWh} Wh.`);
    const name = household.toLowerCase();
    if (known.has(name)) throw new RangeError(`${household} has two claims: add them up first.`);
    known.add(name);
    total += energyWh;
  }
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`The claims add up to ${total} Wh, more than can be counted exactly.`);
  }
}
