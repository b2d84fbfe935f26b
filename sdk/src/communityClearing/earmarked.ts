import { commonLevel, highestLevel, selectLowest } from "../rationing.ts";

/**
 * The uniform rule where not everyone accepts every source: levels rise together until a set of sources is used up;
 * claims that depend on it stop there, the others go on (O. Bochet, R. İlkılıç, H. Moulin, "Egalitarianism under
 * earmark constraints", Journal of Economic Theory 148, 2013: everything that can be served is served, equally, and
 * nobody gains by misstating a need). With one source it is the plain uniform rule.
 *
 * Sets of sources are bit masks of `sourceCount` bits: at most 2^7 sets.
 */

/** The claims of one slot. A claim of one mask has no parts. */
export interface Claims {
  readonly count: number;
  /** Wh per claim. */
  readonly askedWh: Float64Array;
  /** The sources that a claim accepts; for a claim in parts, of all parts together. */
  readonly masks: Uint8Array;
  /** Claims whose orders accept different sources: Wh by mask. */
  readonly parts: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** Claims before this one are served first: critical loads. */
  readonly firstOrdinary: number;
  /** 32 bits: a claim's rank when a last Wh goes to one of several. Lowest first, equal ones in their order. */
  readonly rank: (claim: number) => number;
}

/**
 * @param capacityWh For every set of sources: the most that all claims together can get which only this set can supply.
 * @param capacityWh For every set of sources: what all claims together may get that can't be had outside of the set.
 */
export function shareEarmarked(claims: Claims, capacityWh: Float64Array): Float64Array {
  const given = new Float64Array(claims.count);
  if (capacityWh.length === 2) {
    const rest = sharePlain(claims, 0, claims.firstOrdinary, capacityWh[1] ?? 0, given);
    sharePlain(claims, claims.firstOrdinary, claims.count, rest, given);
    return given;
  }
  const outside = outsideOf(claims, capacityWh.length);
  // What is final, by mask for plain claims and by set for those in parts.
  const settled = new Loads(capacityWh.length);
  for (const [from, to] of [
    [0, claims.firstOrdinary],
    [claims.firstOrdinary, claims.count],
  ] as const) {
    let rising = Uint32Array.from({ length: to - from }, (_, at) => from + at);
    let level = 0;
    const loadsAt = (next: number): Loads => {
      const loads = settled.copy();
      for (const claim of rising) {
        loads.add(claim, Math.min(claims.askedWh[claim] ?? 0, next), claims, outside);
      }
      return loads.close();
    };
    while (rising.length > 0) {
      const most = rising.reduce((wh, claim) => Math.max(wh, claims.askedWh[claim] ?? 0), level);
      const fits = (next: number): boolean => loadsAt(next).fit(capacityWh);
      level = fits(most) ? most : highestLevel(level, most, fits);
      const loads = loadsAt(level);
      const above: number[] = [];
      for (const claim of rising) {
        const asked = claims.askedWh[claim] ?? 0;
        given[claim] = Math.min(asked, level);
        if (asked > level) above.push(claim);
      }
      // The last Wh go in rank order, within every set's capacity.
      const raised = inRankOrder(above, claims.rank).filter((claim) =>
        loads.raise(claim, level, claims, outside, capacityWh),
      );
      for (const claim of raised) given[claim] = level + 1;
      const goesOn = new Set(raised);
      for (const claim of rising) {
        if (!goesOn.has(claim)) settled.add(claim, given[claim] ?? 0, claims, outside);
      }
      rising = Uint32Array.from(raised).sort();
      level++;
    }
  }
  return given;
}

/**
 * The uniform rule for claims that all accept the only source.
 * @returns The remaining Wh.
 */
function sharePlain(
  { askedWh, rank }: Claims,
  from: number,
  to: number,
  availableWh: number,
  given: Float64Array,
): number {
  const level = commonLevel(askedWh.subarray(from, to), to - from, availableWh);
  let rest = availableWh;
  let above = 0;
  for (let claim = from; claim < to; claim++) {
    const asked = askedWh[claim] ?? 0;
    const wh = Math.min(asked, level);
    given[claim] = wh;
    rest -= wh;
    if (asked > level) above++;
  }
  if (rest === 0 || above === 0) return rest;
  const keys = new Float64Array(above);
  for (let claim = from, at = 0; claim < to; claim++) {
    if ((askedWh[claim] ?? 0) > level) keys[at++] = rank(claim) * CLAIMS_AT_MOST + claim;
  }
  selectLowest(keys, rest);
  for (let at = 0; at < rest; at++) given[(keys[at] ?? 0) % CLAIMS_AT_MOST] = level + 1;
  return 0;
}

/** Claims are numbered in the lower bits of a sort key. */
const CLAIMS_AT_MOST = 2 ** 21;

function inRankOrder(claims: readonly number[], rank: (claim: number) => number): number[] {
  const keys = Float64Array.from(claims, (claim) => rank(claim) * CLAIMS_AT_MOST + claim).sort();
  return Array.from(keys, (key) => key % CLAIMS_AT_MOST);
}

/** For every claim in parts and every set: the Wh that sources outside the set can supply. */
function outsideOf(claims: Claims, sets: number): Map<number, Float64Array> {
  const outside = new Map<number, Float64Array>();
  for (const [claim, parts] of claims.parts) {
    const wh = new Float64Array(sets);
    for (const [mask, part] of parts) {
      for (let set = 0; set < sets; set++) if ((mask & ~set) !== 0) wh[set] = (wh[set] ?? 0) + part;
    }
    outside.set(claim, wh);
  }
  return outside;
}

/** Wh that only a set of sources can supply, for each set. */
class Loads {
  /** Before `close`: by mask. After it: by set. */
  readonly #plain: Float64Array;
  readonly #inParts: Float64Array;

  constructor(sets: number, plain = new Float64Array(sets), inParts = new Float64Array(sets)) {
    this.#plain = plain;
    this.#inParts = inParts;
  }

  copy(): Loads {
    return new Loads(this.#plain.length, this.#plain.slice(), this.#inParts.slice());
  }

  add(claim: number, wh: number, claims: Claims, outside: ReadonlyMap<number, Float64Array>): void {
    const others = outside.size === 0 ? undefined : outside.get(claim);
    if (others === undefined) {
      const mask = claims.masks[claim] ?? 0;
      this.#plain[mask] = (this.#plain[mask] ?? 0) + wh;
      return;
    }
    for (let set = 0; set < others.length; set++) {
      this.#inParts[set] = (this.#inParts[set] ?? 0) + Math.max(wh - (others[set] ?? 0), 0);
    }
  }

  /** Adds up, for each set, all masks within it. */
  close(): Loads {
    for (let bit = 1; bit < this.#plain.length; bit <<= 1) {
      for (let set = 0; set < this.#plain.length; set++) {
        if ((set & bit) !== 0)
          this.#plain[set] = (this.#plain[set] ?? 0) + (this.#plain[set ^ bit] ?? 0);
      }
    }
    for (let set = 0; set < this.#plain.length; set++) {
      this.#plain[set] = (this.#plain[set] ?? 0) + (this.#inParts[set] ?? 0);
    }
    return this;
  }

  fit(capacityWh: Float64Array): boolean {
    return this.#plain.every((wh, set) => wh <= (capacityWh[set] ?? 0));
  }

  /** Gives a claim at `level` one more Wh, if that fits. */
  raise(
    claim: number,
    level: number,
    claims: Claims,
    outside: ReadonlyMap<number, Float64Array>,
    capacityWh: Float64Array,
  ): boolean {
    const mask = claims.masks[claim] ?? 0;
    const others = outside.get(claim);
    const needs = (set: number): boolean =>
      others === undefined ? (mask & ~set) === 0 : level >= (others[set] ?? 0);
    for (let set = 0; set < this.#plain.length; set++) {
      if (needs(set) && (this.#plain[set] ?? 0) + 1 > (capacityWh[set] ?? 0)) return false;
    }
    for (let set = 0; set < this.#plain.length; set++) {
      if (needs(set)) this.#plain[set] = (this.#plain[set] ?? 0) + 1;
    }
    return true;
  }
}
