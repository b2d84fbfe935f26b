import type { Forward } from "../../energy/index.ts";
import { formatEnergy } from "../../ui/index.ts";

/** What blocks of forwards come to. */
export const energyOf = (forwards: readonly Forward[]): string =>
  formatEnergy(forwards.reduce((sum, { block }) => sum + block.energyWh, 0n));
