/** Compares two numbers that stand for something, as `sort` wants it. */
export type Compare = (a: number, b: number) => number;

/**
 * The first `count` of `items` in the order of `compare`, sorted; the others are left in any order. Takes time in
 * proportion to the items, however they lie.
 */
export function firstOf(items: Uint32Array, count: number, compare: Compare): number[] {
  let [low, high] = [0, items.length - 1];
  // What belongs before a pivot goes before it, until the pivot is the border that is sought. A pivot by chance has no
  // worst case that somebody could arrange.
  while (count < items.length && low < high) {
    const pivot = items[low + Math.floor(Math.random() * (high - low + 1))] ?? 0;
    let [i, j] = [low, high];
    while (i <= j) {
      while (compare(items[i] ?? 0, pivot) < 0) i++;
      while (compare(items[j] ?? 0, pivot) > 0) j--;
      if (i > j) break;
      const [left = 0, right = 0] = [items[i], items[j]];
      items[i++] = right;
      items[j--] = left;
    }
    if (count <= j) high = j;
    else if (count > i) low = i;
    else break;
  }
  return [...items.subarray(0, count)].sort(compare);
}
