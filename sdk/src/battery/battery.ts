/** A home's battery. */
export interface Battery {
  /** What it gives back when it is full, Wh. */
  readonly capacityWh: bigint;
  /** The most that it takes or gives, W. */
  readonly powerW: bigint;
  /** How much of what it takes it gives back, in whole percent, 1 to 100. */
  readonly efficiencyPercent: bigint;
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

/** @throws RangeError for a capacity or power below zero, or an efficiency that is none. */
export function requireBattery({ capacityWh, powerW, efficiencyPercent }: Battery): void {
  if (capacityWh < 0n) throw new RangeError(`A battery can't hold ${capacityWh} Wh.`);
  if (powerW < 0n) throw new RangeError(`A battery can't have a power of ${powerW} W.`);
  if (efficiencyPercent < 1n || efficiencyPercent > 100n) {
    throw new RangeError(`An efficiency is 1 to 100 %, not ${efficiencyPercent}.`);
  }
}
