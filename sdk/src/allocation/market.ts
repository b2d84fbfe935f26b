import type { Source } from "../energyId.ts";
import type { EnergyBySlot } from "../profile.ts";
import { divide } from "./divide.ts";
import type { AllocatedShare, Allocation } from "./types.ts";

/** Energy that changed hands, as it arrived. */
export interface MarketTrade {
  readonly seller: string;
  readonly buyer: string;
  readonly source: Source;
  /** Wh per slot. */
  readonly energyWh: EnergyBySlot;
}

/** A market's trades as an allocation: trades of one pair, source and slot are added up. */
export function allocationOfTrades(
  trades: readonly MarketTrade[],
  slotSeconds: number,
): Allocation {
  return addedUp({
    slotSeconds,
    shares: trades.flatMap(({ seller, buyer, source, energyWh }) =>
      [...energyWh].map(([slot, wh]) => ({
        slot,
        producer: seller,
        consumer: buyer,
        source,
        energyWh: wh,
      })),
    ),
  });
}

/**
 * The lesser of what was bought and what was used: for the utility, energy counts only where the meter counted its use.
 * A consumer who used less than it bought keeps a part of each share, in proportion.
 * @param usedWh Wh per slot by consumer; a missing consumer used nothing.
 */
export function capAtUse(
  { slotSeconds, shares }: Allocation,
  usedWh: ReadonlyMap<string, EnergyBySlot>,
): Allocation {
  const used: AllocatedShare[] = [];
  for (const group of groupsOf(shares, ({ slot, consumer }) => `${slot} ${consumer}`)) {
    const [first] = group;
    if (first === undefined) continue;
    const parts = group.map((share) => ({ name: keyOf(share), weight: share.energyWh }));
    const bought = parts.reduce((total, { weight }) => total + weight, 0n);
    const use = usedWh.get(first.consumer)?.get(first.slot) ?? 0n;
    const kept = use < bought ? divide(use, parts, first.slot) : parts.map(({ weight }) => weight);
    for (const [index, share] of group.entries()) {
      const energyWh = kept[index] ?? 0n;
      if (energyWh > 0n) used.push({ ...share, energyWh });
    }
  }
  return { slotSeconds, shares: used };
}

/**
 * Replaces names, such as accounts, by the metering points of the grid operator.
 * @throws RangeError that lists those without a name.
 */
export function rename(allocation: Allocation, names: ReadonlyMap<string, string>): Allocation {
  const missing = new Set<string>();
  const nameOf = (name: string): string => {
    const other = names.get(name);
    if (other === undefined) missing.add(name);
    return other ?? name;
  };
  const shares = allocation.shares.map((share) => ({
    ...share,
    producer: nameOf(share.producer),
    consumer: nameOf(share.consumer),
  }));
  if (missing.size > 0) {
    throw new RangeError(`No metering point is given for ${[...missing].join(", ")}.`);
  }
  return addedUp({ ...allocation, shares });
}

/** One share per slot, pair and source, in the order of slots and names; those without energy are left out. */
export function addedUp({ slotSeconds, shares }: Allocation): Allocation {
  const added = groupsOf(shares, (share) => `${share.slot} ${keyOf(share)}`).flatMap((group) => {
    const [first] = group;
    const energyWh = group.reduce((total, share) => total + share.energyWh, 0n);
    return first === undefined || energyWh === 0n ? [] : [{ ...first, energyWh }];
  });
  const byPlace = (a: AllocatedShare, b: AllocatedShare): number =>
    a.slot - b.slot || (keyOf(a) < keyOf(b) ? -1 : 1);
  return { slotSeconds, shares: added.sort(byPlace) };
}

const keyOf = ({ producer, consumer, source }: AllocatedShare): string =>
  JSON.stringify([producer, consumer, source]);

function groupsOf(
  shares: readonly AllocatedShare[],
  keyOfShare: (share: AllocatedShare) => string,
): AllocatedShare[][] {
  const groups = new Map<string, AllocatedShare[]>();
  for (const share of shares) {
    const key = keyOfShare(share);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [share]);
    else group.push(share);
  }
  return [...groups.values()];
}
