/** A home's battery. */
export interface Battery {
  /** What it gives back when it is full, Wh. */
  readonly capacityWh: bigint;
  /** The most that it takes or gives, W. */
  readonly powerW: bigint;
  /** How much of what it takes it gives back, in whole percent, 1 to 100. */
  readonly efficiencyPercent: bigint;
  /** It gives nothing below this, and is filled up to it whatever that costs; 0 unless given. Wh. */
  readonly reserveWh?: bigint | undefined;
  /** While islanded, the home's own need may take it down to this; to the reserve unless given. Wh. */
  readonly leastWh?: bigint | undefined;
  /** Whether it may give more than the home lacks; true unless given. */
  readonly feedsIn?: boolean | undefined;
}

/** What a battery does in a slot; one of both is 0. The loss is counted when it takes. */
export interface BatteryFlow {
  readonly takenWh: bigint;
  readonly givenWh: bigint;
}

/** The most that a battery takes or gives in a slot, Wh. */
export const mostWhOf = ({ powerW }: Battery, slotSeconds: number): bigint =>
  (powerW * BigInt(slotSeconds)) / 3600n;

/** What it can give back after a flow, in hundredths of a Wh. */
export const storedAfter = (
  { efficiencyPercent }: Battery,
  storedCentiWh: bigint,
  { takenWh, givenWh }: BatteryFlow,
): bigint => storedCentiWh + takenWh * efficiencyPercent - 100n * givenWh;

/** The most that it can take until it is full, Wh, however long that takes. */
export const roomWhOf = (
  { capacityWh, efficiencyPercent }: Battery,
  storedCentiWh: bigint,
): bigint => (100n * capacityWh - storedCentiWh) / efficiencyPercent;

/** What it can give or take by its prices: the part above the reserve. */
export const tradedWhOf = ({ capacityWh, reserveWh = 0n }: Battery): bigint =>
  capacityWh - reserveWh;

/** @throws RangeError for a capacity or power below zero, an efficiency that is none, or a reserve beyond the capacity. */
export function requireBattery(battery: Battery): void {
  const { capacityWh, powerW, efficiencyPercent, reserveWh = 0n, leastWh = reserveWh } = battery;
  if (capacityWh < 0n) throw new RangeError(`A battery can't hold ${capacityWh} Wh.`);
  if (powerW < 0n) throw new RangeError(`A battery can't have a power of ${powerW} W.`);
  if (efficiencyPercent < 1n || efficiencyPercent > 100n) {
    throw new RangeError(`An efficiency is 1 to 100 %, not ${efficiencyPercent}.`);
  }
  if (reserveWh < 0n || reserveWh > capacityWh) {
    throw new RangeError(`A battery of ${capacityWh} Wh can't keep ${reserveWh} Wh.`);
  }
  if (leastWh < 0n || leastWh > reserveWh) {
    throw new RangeError(
      `In an outage no more is kept than before: ${leastWh} of ${reserveWh} Wh.`,
    );
  }
}
