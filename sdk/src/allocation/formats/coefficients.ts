import { divide } from "../divide.ts";
import { type Allocation, type Millionths, WHOLE } from "../types.ts";

/**
 * Each consumer's share of what was allocated in a slot or a group of slots: millionths by consumer that add up to
 * exactly one million where anything was allocated.
 * @param groupOf The group of a slot: its hour, or one group for all. Undefined leaves a slot out.
 */
export function coefficientsBy<Group>(
  { shares }: Allocation,
  groupOf: (slot: number) => Group | undefined,
): Map<Group, Map<string, Millionths>> {
  const groups = new Map<Group, { readonly firstSlot: number; readonly wh: Map<string, bigint> }>();
  for (const { slot, consumer, energyWh } of shares) {
    const group = groupOf(slot);
    if (group === undefined) continue;
    const known = groups.get(group) ?? { firstSlot: slot, wh: new Map<string, bigint>() };
    groups.set(group, known);
    known.wh.set(consumer, (known.wh.get(consumer) ?? 0n) + energyWh);
  }
  return new Map(
    [...groups].map(([group, { firstSlot, wh }]) => {
      const parts = [...wh].map(([name, weight]) => ({ name, weight }));
      const millionths = divide(BigInt(WHOLE), parts, firstSlot);
      return [group, new Map(parts.map(({ name }, index) => [name, Number(millionths[index])]))];
    }),
  );
}
