import { type Random, seededRandom } from "@wattline/community/profiles";

/** Random choices from a seed: the same seed makes the same choices. */
export class Dice {
  private readonly draw: Random;

  constructor(seed: number) {
    this.draw = seededRandom(seed, 0);
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.draw() * (most - least + 1));
  }

  wh(least: number, most: number): bigint {
    return BigInt(this.between(least, most));
  }

  /** True this often in a hundred. */
  percent(chance: number): boolean {
    return this.draw() * 100 < chance;
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.between(0, list.length - 1)];
    if (item === undefined) throw new RangeError("There is nothing to pick from.");
    return item;
  }

  /** Up to `count` different items. */
  some<T>(list: readonly T[], count: number): T[] {
    const left = [...list];
    const picked: T[] = [];
    while (left.length > 0 && picked.length < count) {
      picked.push(...left.splice(this.between(0, left.length - 1), 1));
    }
    return picked;
  }
}
