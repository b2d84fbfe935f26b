/**
 * Values with maps and bigints as JSON and back, exactly: the state from which an interrupted audit resumes. A bigint
 * is written as "n:" and its hexadecimal digits, a map as its entries.
 */
export const freeze = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === "bigint") return `n:${each < 0n ? "-" : ""}${abs(each).toString(16)}`;
    if (each instanceof Map) return { "map:": [...each] };
    // A string that looks like one of these encodings must not be decoded as one.
    if (typeof each === "string" && /^[ns]:/.test(each)) return `s:${each}`;
    return each;
  });

/** @throws SyntaxError when the text is not JSON. */
export const thaw = (text: string): unknown =>
  JSON.parse(text, (_, each: unknown) => {
    if (typeof each === "string") {
      if (each.startsWith("n:-")) return -BigInt(`0x${each.slice(3)}`);
      if (each.startsWith("n:")) return BigInt(`0x${each.slice(2)}`);
      return each.startsWith("s:") ? each.slice(2) : each;
    }
    if (typeof each === "object" && each !== null && "map:" in each) {
      return new Map(each["map:"] as [unknown, unknown][]);
    }
    return each;
  });

const abs = (value: bigint): bigint => (value < 0n ? -value : value);
