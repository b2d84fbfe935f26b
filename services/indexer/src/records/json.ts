/** Values with bigints as JSON, for columns that hold a whole value. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === "bigint" ? { bigint: each.toString() } : each,
  );

/** What {@link toJson} wrote. */
export const fromJson = (text: string): unknown =>
  JSON.parse(text, (_, each: unknown) =>
    typeof each === "object" && each !== null && "bigint" in each
      ? BigInt(String(each.bigint))
      : each,
  );
