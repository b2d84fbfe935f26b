/**
 * Boolean functions as reduced ordered binary decision diagrams: equal functions are the same node, so two circuits
 * are compared on all their inputs at once by `===`.
 */

/** A Boolean function of the variables. */
export type Bit = number;
/** A 256-bit word of Boolean functions, lowest bit first. */
export type Word = readonly Bit[];

export const FALSE: Bit = 0;
export const TRUE: Bit = 1;

const LEAF = Number.MAX_SAFE_INTEGER;

interface Node {
  readonly variable: number;
  readonly low: Bit;
  readonly high: Bit;
}

const leaf: Node = { variable: LEAF, low: FALSE, high: FALSE };

export class Decisions {
  readonly #nodes: Node[] = [leaf, leaf];
  readonly #known = new Map<string, Bit>();
  readonly #chosen = new Map<string, Bit>();

  /** The function that is the variable itself. Variables that are compared often should be neighbours. */
  variable(index: number): Bit {
    return this.#node(index, FALSE, TRUE);
  }

  /** `condition ? yes : no`, from which all others follow. */
  choose(condition: Bit, yes: Bit, no: Bit): Bit {
    if (condition === TRUE) return yes;
    if (condition === FALSE) return no;
    if (yes === no) return yes;
    if (yes === TRUE && no === FALSE) return condition;
    const key = `${condition},${yes},${no}`;
    const known = this.#chosen.get(key);
    if (known !== undefined) return known;
    const parts = [condition, yes, no].map((bit) => this.#at(bit));
    const variable = Math.min(...parts.map((part) => part.variable));
    const [lowCondition, lowYes, lowNo] = this.#branch(variable, condition, yes, no, "low");
    const [highCondition, highYes, highNo] = this.#branch(variable, condition, yes, no, "high");
    const chosen = this.#node(
      variable,
      this.choose(lowCondition, lowYes, lowNo),
      this.choose(highCondition, highYes, highNo),
    );
    this.#chosen.set(key, chosen);
    return chosen;
  }

  not = (a: Bit): Bit => this.choose(a, FALSE, TRUE);
  and = (a: Bit, b: Bit): Bit => this.choose(a, b, FALSE);
  or = (a: Bit, b: Bit): Bit => this.choose(a, TRUE, b);
  xor = (a: Bit, b: Bit): Bit => this.choose(a, this.not(b), b);

  any(bits: readonly Bit[]): Bit {
    return bits.reduceRight(this.or, FALSE);
  }

  /** Whether two words differ in some bit. */
  differ(a: Word, b: Word): Bit {
    return this.any(zip(a, b, this.xor));
  }

  /** `a + b + carry`, bit by bit, and what is carried out. */
  sum(a: Word, b: Word, carry: Bit = FALSE): { bits: Word; carry: Bit } {
    let carried = carry;
    const bits = zip(a, b, (x, y) => {
      const half = this.xor(x, y);
      const bit = this.xor(half, carried);
      carried = this.choose(half, carried, x);
      return bit;
    });
    return { bits, carry: carried };
  }

  /** `a - b`, bit by bit, and whether it had to borrow: `a < b`. */
  difference(a: Word, b: Word): { bits: Word; borrow: Bit } {
    const { bits, carry } = this.sum(a, b.map(this.not), TRUE);
    return { bits, borrow: this.not(carry) };
  }

  /** The function's value for one choice of the variables. */
  evaluate(bit: Bit, value: (variable: number) => boolean): boolean {
    let current = bit;
    while (current !== TRUE && current !== FALSE) {
      const { variable, low, high } = this.#at(current);
      current = value(variable) ? high : low;
    }
    return current === TRUE;
  }

  /** The variables to set for the function to be true (the others are free), unless it never is. */
  witness(bit: Bit): Set<number> | undefined {
    if (bit === FALSE) return undefined;
    const set = new Set<number>();
    let current = bit;
    while (current !== TRUE) {
      const { variable, low, high } = this.#at(current);
      if (low === FALSE) set.add(variable);
      current = low === FALSE ? high : low;
    }
    return set;
  }

  #branch(variable: number, condition: Bit, yes: Bit, no: Bit, side: "low" | "high") {
    const of = (bit: Bit): Bit => {
      const node = this.#at(bit);
      return node.variable === variable ? node[side] : bit;
    };
    return [of(condition), of(yes), of(no)] as const;
  }

  #node(variable: number, low: Bit, high: Bit): Bit {
    if (low === high) return low;
    const key = `${variable},${low},${high}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const bit = this.#nodes.push({ variable, low, high }) - 1;
    this.#known.set(key, bit);
    return bit;
  }

  #at(bit: Bit): Node {
    const node = this.#nodes[bit];
    if (node === undefined) throw new RangeError(`There is no node ${bit}.`);
    return node;
  }
}

/** Both words' bits, pair by pair. */
export function zip(a: Word, b: Word, join: (a: Bit, b: Bit) => Bit): Bit[] {
  if (a.length !== b.length) throw new RangeError("The words differ in length.");
  return a.map((bit, i) => join(bit, b[i] ?? FALSE));
}
