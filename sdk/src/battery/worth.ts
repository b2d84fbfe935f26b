/**
 * What stored energy is worth: a concave, piecewise linear function of what a battery holds, as pieces with a price each, the
 * dearest first. Its maximum convolution with what a slot costs and brings is a merge of pieces (J.-J. Moreau's sum of concave
 * functions, in one dimension), so that the best plan is exact and takes little time.
 */

/** Some energy at one price. */
export interface Piece {
  readonly wh: number;
  readonly perKwh: number;
}

/** The dearest piece first; their Wh add up to the battery's capacity. */
export type Worth = readonly Piece[];

/** What energy taken costs, the cheapest first, and what energy given brings, the dearest first; in Wh at the meter. */
export interface Market {
  readonly takes: readonly Piece[];
  readonly gives: readonly Piece[];
}

/** How much of a stored kWh is worth more than a price: the level up to which it is worth to hold it, Wh. */
export function levelAbove(worth: Worth, perKwh: number): number {
  let level = 0;
  for (const piece of worth) {
    if (piece.perKwh <= perKwh) break;
    level += piece.wh;
  }
  return level;
}

/** What a kWh more is worth at a level; 0 above the last piece. */
export function priceAt(worth: Worth, levelWh: number): number {
  let level = 0;
  for (const piece of worth) {
    level += piece.wh;
    if (levelWh < level) return piece.perKwh;
  }
  return 0;
}

/**
 * What stored energy is worth before a slot, when `after` is what it is worth after it.
 * @param mostWh The most that the battery takes, and gives, in the slot.
 * @param efficiency What it gives back of what it takes, above 0, up to 1.
 */
export function worthBefore(
  after: Worth,
  { takes, gives }: Market,
  mostWh: number,
  efficiency: number,
): Worth {
  const capacityWh = after.reduce((sum, { wh }) => sum + wh, 0);
  const charged = upTo(takes, mostWh).map(({ wh, perKwh }) => ({
    wh: wh * efficiency,
    perKwh: perKwh / efficiency,
  }));
  const skippedWh = charged.reduce((sum, { wh }) => sum + wh, 0);
  const slot = [...charged.reverse(), ...upTo(gives, mostWh)];
  return cut(merged(after, slot), skippedWh, capacityWh);
}

/** The first pieces of a list, up to an amount. */
export function upTo(pieces: readonly Piece[], mostWh: number): Piece[] {
  const first: Piece[] = [];
  let left = mostWh;
  for (const { wh, perKwh } of pieces) {
    const part = Math.min(wh, left);
    if (part <= 0) continue;
    first.push({ wh: part, perKwh });
    left -= part;
  }
  return first;
}

/** Two lists of pieces in one, the dearest first; pieces of one price are one. */
function merged(one: readonly Piece[], other: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  let [at, to] = [0, 0];
  while (at < one.length || to < other.length) {
    const [a, b] = [one[at], other[to]];
    const next = b === undefined || (a !== undefined && a.perKwh >= b.perKwh) ? a : b;
    if (next === undefined) break;
    if (next === a) at++;
    else to++;
    const last = all.at(-1);
    if (last?.perKwh === next.perKwh) {
      all[all.length - 1] = { wh: last.wh + next.wh, perKwh: last.perKwh };
    } else all.push(next);
  }
  return all;
}

/** The pieces between two amounts of energy. */
function cut(pieces: readonly Piece[], fromWh: number, lengthWh: number): Piece[] {
  const part: Piece[] = [];
  let [skip, left] = [fromWh, lengthWh];
  for (const { wh, perKwh } of pieces) {
    const skipped = Math.min(wh, skip);
    skip -= skipped;
    const kept = Math.min(wh - skipped, left);
    left -= kept;
    if (kept > 0) part.push({ wh: kept, perKwh });
  }
  return part;
}
