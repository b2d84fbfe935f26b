import { divide } from "./divide.ts";
import {
  type AllocatedShare,
  type Allocation,
  type AllocationKey,
  type MeteredCommunity,
  type Millionths,
  WHOLE,
} from "./types.ts";

/** Wh of one slot by name. */
type ByName = ReadonlyMap<string, bigint>;

/**
 * Divides a community's production by its key, slot by slot, in whole Wh. A consumer never gets more than it used, and
 * a producer never gives more than it produced; all producers serve each consumer in proportion to their production.
 * Static and dynamic keys are those of Austrian communities (ElWOG 2010 § 16e): a consumer's share is production x key,
 * its coverage the lesser of share and use, and a producer's surplus its production less its part in all coverage.
 * @throws RangeError when an amount is negative, parts exceed the whole, or a part names no consumer.
 */
export function allocate(community: MeteredCommunity, key: AllocationKey): Allocation {
  requireKey(community, key);
  const shares: AllocatedShare[] = [];
  for (const slot of slotsOf(community)) {
    const [produced, used] = [at(community.producedWh, slot), at(community.usedWh, slot)];
    const coverage = coverageOf(produced, used, key, slot);
    shares.push(...pair(coverage, produced, slot));
  }
  return { slotSeconds: community.slotSeconds, shares };
}

/** Wh of each consumer's use that the community covers. */
function coverageOf(produced: ByName, used: ByName, key: AllocationKey, slot: number): ByName {
  const available = sum(produced);
  if (key.kind === "dynamic") return inProportion(available, used, slot);
  const agreed = byParts(available, used, key.parts, slot);
  if (key.kind === "static") return agreed;
  const open = new Map([...used].map(([name, wh]) => [name, wh - (agreed.get(name) ?? 0n)]));
  const more = inProportion(available - sum(agreed), open, slot);
  return new Map(
    [...used.keys()].map((name) => [name, (agreed.get(name) ?? 0n) + (more.get(name) ?? 0n)]),
  );
}

/** Everyone's whole use when there is enough; otherwise the production, in proportion to use. */
function inProportion(availableWh: bigint, used: ByName, slot: number): ByName {
  const total = sum(used);
  if (total <= availableWh) return used;
  const parts = [...used].map(([name, weight]) => ({ name, weight }));
  return byName(parts, divide(availableWh, parts, slot));
}

/** Each consumer's agreed part, up to its use. What no part covers stays unallocated. */
function byParts(
  availableWh: bigint,
  used: ByName,
  agreed: ReadonlyMap<string, Millionths>,
  slot: number,
): ByName {
  const parts = [...agreed].map(([name, part]) => ({ name, weight: BigInt(part) }));
  const rest = BigInt(WHOLE) - parts.reduce((total, { weight }) => total + weight, 0n);
  const shares = divide(availableWh, [...parts, { name: "", weight: rest }], slot);
  return new Map(
    parts.map(({ name }, index) => [name, least(shares[index] ?? 0n, used.get(name) ?? 0n)]),
  );
}

/** Wh from each producer to each consumer: rows add up to what consumers get, columns to what producers give. */
function pair(coverage: ByName, produced: ByName, slot: number): AllocatedShare[] {
  const producers = sorted(produced).map(([name, weight]) => ({ name, weight }));
  const giving = byName(producers, divide(sum(coverage), producers, slot));
  const shares: AllocatedShare[] = [];
  for (const [consumer, wh] of sorted(coverage)) {
    const parts = [...giving].map(([name, weight]) => ({ name, weight }));
    for (const [index, energyWh] of divide(wh, parts, slot).entries()) {
      const producer = parts[index]?.name ?? "";
      if (energyWh === 0n) continue;
      shares.push({ slot, producer, consumer, energyWh });
      giving.set(producer, (giving.get(producer) ?? 0n) - energyWh);
    }
  }
  return shares;
}

/**
 * Divides what a metering point counted in a slot among the communities that it belongs to, by its participation
 * factors; the rest belongs to none of them. Factors are whole percent from 1 to 100 and at most 100 together (Austria,
 * since 8 April 2024: ebUtilities, process EC_PRTFACT_CHANGE; Netz Niederösterreich, "Mehrfachteilnahme"). The rule is
 * `G.01T = G.01 x factor / 100`; here in whole Wh that add up exactly.
 * @param factors Percent by community.
 * @throws RangeError when a factor is out of range, or all exceed 100 % together.
 */
export function participate(
  energyWh: bigint,
  factors: ReadonlyMap<string, number>,
  slot: number,
): Map<string, bigint> {
  let total = 0;
  for (const [community, percent] of factors) {
    if (!Number.isInteger(percent) || percent < 1 || percent > 100) {
      throw new RangeError(`${community}: a factor is 1 to 100 whole percent, not ${percent}.`);
    }
    total += percent;
  }
  if (total > 100) {
    throw new RangeError(
      `Factors add up to ${total} % (${[...factors.keys()].join(", ")}): lower one of them.`,
    );
  }
  const parts = [...factors].map(([name, percent]) => ({ name, weight: BigInt(percent) }));
  const shares = divide(energyWh, [...parts, { name: "", weight: BigInt(100 - total) }], slot);
  return byName(parts, shares);
}

/**
 * The part of what meters counted, in both directions, that takes part in one community: all of a meter without a
 * factor.
 */
export function withParticipation(
  { slotSeconds, producedWh, usedWh }: MeteredCommunity,
  factors: ReadonlyMap<string, number>,
): MeteredCommunity {
  for (const name of factors.keys()) {
    if (producedWh.has(name) || usedWh.has(name)) continue;
    throw new RangeError(`A factor is given for ${name}, which has no data here.`);
  }
  const take = (energy: MeteredCommunity["usedWh"]): MeteredCommunity["usedWh"] =>
    new Map(
      [...energy].map(([name, bySlot]) => {
        const factor = factors.get(name);
        if (factor === undefined) return [name, bySlot];
        const here = new Map([[name, factor]]);
        return [
          name,
          new Map(
            [...bySlot].map(([slot, wh]) => [slot, participate(wh, here, slot).get(name) ?? 0n]),
          ),
        ];
      }),
    );
  return { slotSeconds, producedWh: take(producedWh), usedWh: take(usedWh) };
}

function requireKey({ producedWh, usedWh }: MeteredCommunity, key: AllocationKey): void {
  for (const energy of [producedWh, usedWh]) {
    for (const [name, bySlot] of energy) {
      for (const [slot, wh] of bySlot) {
        if (wh < 0n) throw new RangeError(`${name} has ${wh} Wh in slot ${slot}.`);
      }
    }
  }
  if (key.kind === "dynamic") return;
  let total = 0;
  for (const [name, part] of key.parts) {
    if (!usedWh.has(name))
      throw new RangeError(`The key names ${name}, which is not a consumer here.`);
    if (!Number.isInteger(part) || part < 0) {
      throw new RangeError(`${name}: a part is a whole number of millionths, not ${part}.`);
    }
    total += part;
  }
  if (total > WHOLE) throw new RangeError(`The parts add up to ${total} of ${WHOLE} millionths.`);
}

const slotsOf = ({ producedWh, usedWh }: MeteredCommunity): number[] => {
  const slots = new Set<number>();
  for (const energy of [producedWh, usedWh]) {
    for (const bySlot of energy.values()) for (const slot of bySlot.keys()) slots.add(slot);
  }
  return [...slots].sort((a, b) => a - b);
};

const at = (energy: MeteredCommunity["usedWh"], slot: number): ByName =>
  new Map([...energy].map(([name, bySlot]) => [name, bySlot.get(slot) ?? 0n]));

const byName = (parts: readonly { name: string }[], wh: readonly bigint[]): Map<string, bigint> =>
  new Map(parts.map(({ name }, index) => [name, wh[index] ?? 0n]));

const sorted = (energy: ByName): [string, bigint][] =>
  [...energy].sort(([a], [b]) => (a < b ? -1 : 1));

const sum = (energy: ByName): bigint => [...energy.values()].reduce((total, wh) => total + wh, 0n);

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
