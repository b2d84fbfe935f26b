import { type Battery, mostWhOf, requireBattery, roomWhOf, storedAfter } from "../battery/index.ts";
import type { StudiedHome } from "./types.ts";

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
  const mostWh = mostWhOf(battery, slotSeconds);
  let [storedCentiWh, chargedWh, dischargedWh] = [0n, 0n, 0n];
  const importedWh = [...home.importedWh];
  const exportedWh = [...home.exportedWh];
  for (const [slot, exported] of home.exportedWh.entries()) {
    const surplusWh = exported - (home.importedWh[slot] ?? 0n);
    const isSurplus = surplusWh > 0n;
    const takenWh = isSurplus ? least(surplusWh, mostWh, roomWhOf(battery, storedCentiWh)) : 0n;
    const givenWh = isSurplus ? 0n : least(-surplusWh, mostWh, storedCentiWh / 100n);
    exportedWh[slot] = exported - takenWh;
    importedWh[slot] = (home.importedWh[slot] ?? 0n) - givenWh;
    storedCentiWh = storedAfter(battery, storedCentiWh, { takenWh, givenWh });
    chargedWh += takenWh;
    dischargedWh += givenWh;
  }
  const { name } = home;
  const changed = { name, importedWh, exportedWh };
  return { home: changed, chargedWh, dischargedWh, leftCentiWh: storedCentiWh };
}

const least = (...amounts: readonly [bigint, ...bigint[]]): bigint =>
  amounts.reduce((low, each) => (each < low ? each : low));
