import type { StudiedHome } from "./types.ts";

/** A home's battery. */
export interface Battery {
  /** What it gives back when it is full, Wh. */
  readonly capacityWh: bigint;
  /** The most that it takes or gives, W. */
  readonly powerW: bigint;
  /** How much of what it takes it gives back, in whole percent, 1 to 100. */
  readonly efficiencyPercent: bigint;
}

/** A home as its meter would have counted with a battery. */
export interface WithBattery {
  readonly home: StudiedHome;
  /** Taken over all slots, Wh. */
  readonly chargedWh: bigint;
  /** Given back, Wh. */
  readonly dischargedWh: bigint;
  /** What it could still give back at the end, in hundredths of a Wh. */
  readonly leftCentiWh: bigint;
}

/**
 * A home with a battery that serves the home alone, empty at first: it takes what would be fed into the grid, and gives
 * what would be drawn from it. It neither trades nor looks ahead. The loss is counted when it takes.
 * @param slotSeconds The length of the home's slots.
 * @throws RangeError for a capacity or power below zero, or an efficiency that is none.
 */
export function withBattery(home: StudiedHome, battery: Battery, slotSeconds: number): WithBattery {
  requireBattery(battery);
  const { capacityWh, powerW, efficiencyPercent } = battery;
  const mostWh = (powerW * BigInt(slotSeconds)) / 3600n;
  let [storedCentiWh, chargedWh, dischargedWh] = [0n, 0n, 0n];
  const importedWh = [...home.importedWh];
  const exportedWh = [...home.exportedWh];
  for (const [slot, exported] of home.exportedWh.entries()) {
    const surplusWh = exported - (home.importedWh[slot] ?? 0n);
    if (surplusWh > 0n) {
      const roomWh = (100n * capacityWh - storedCentiWh) / efficiencyPercent;
      const taken = least(surplusWh, mostWh, roomWh);
      exportedWh[slot] = exported - taken;
      storedCentiWh += taken * efficiencyPercent;
      chargedWh += taken;
    } else {
      const given = least(-surplusWh, mostWh, storedCentiWh / 100n);
      importedWh[slot] = (home.importedWh[slot] ?? 0n) - given;
      storedCentiWh -= 100n * given;
      dischargedWh += given;
    }
  }
  const { name } = home;
  const changed = { name, importedWh, exportedWh };
  return { home: changed, chargedWh, dischargedWh, leftCentiWh: storedCentiWh };
}

function requireBattery({ capacityWh, powerW, efficiencyPercent }: Battery): void {
  if (capacityWh < 0n) throw new RangeError(`A battery can't hold ${capacityWh} Wh.`);
  if (powerW < 0n) throw new RangeError(`A battery can't have a power of ${powerW} W.`);
  if (efficiencyPercent < 1n || efficiencyPercent > 100n) {
    throw new RangeError(`An efficiency is 1 to 100 %, not ${efficiencyPercent}.`);
  }
}

const least = (...amounts: readonly [bigint, ...bigint[]]): bigint =>
  amounts.reduce((low, each) => (each < low ? each : low));
