import type { Address } from "viem";
import type { Member } from "../../data/index.ts";

/** A household with its meters of a microgrid. */
export interface Household {
  readonly owner: Address;
  readonly meters: readonly Member[];
}

/** Meters by the households that own them. */
export function householdsOf(members: readonly Member[]): readonly Household[] {
  const byOwner = new Map<Member["owner"], Member[]>();
  for (const member of members) {
    const meters = byOwner.get(member.owner);
    if (meters === undefined) byOwner.set(member.owner, [member]);
    else meters.push(member);
  }
  return [...byOwner].map(([owner, meters]) => ({ owner, meters }));
}
