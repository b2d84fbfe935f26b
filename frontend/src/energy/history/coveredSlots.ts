import { LANES } from "@wattline/sdk";

/** The first and the last slot that a reading covers: the guard bit of a lane says so. */
export function coveredSlots(
  firstBlock: number,
  exported: readonly bigint[],
): { readonly firstSlot: number; readonly lastSlot: number } {
  const slots = exported.flatMap((word, offset) =>
    Array.from({ length: LANES }, (_, lane) => lane)
      .filter((lane) => (word >> BigInt(32 * lane + 31)) & 1n)
      .map((lane) => (firstBlock + offset) * LANES + lane),
  );
  return {
    firstSlot: slots[0] ?? firstBlock * LANES,
    lastSlot: slots.at(-1) ?? firstBlock * LANES,
  };
}
