import type { Snapshot } from "@wattline/relay/chain";
import { blockOf, LANES, type Microgrid, type SlotRange, slotAt } from "@wattline/sdk";
import type { Config } from "./config.ts";

/** How long past slots are looked after: an order for older ones is left to its deadline. */
const PAST_SECONDS = 7 * 86_400;

/** When slots are cleared. */
export interface Timing {
  /** Seconds after a slot's end. */
  readonly waitSeconds: number;
  /** Seconds before a slot's start at which energy to come is shared out. */
  readonly forwardSeconds: number;
}

export const timingOf = ({ clear }: Pick<Config, "clear">): Timing => ({
  waitSeconds: clear.wait_minutes * 60,
  forwardSeconds: clear.forward_minutes * 60,
});

/**
 * The slots of a microgrid that are due at a time: of minted energy, and of energy to come.
 * @param isIsland While no chain is in reach energy is known by the block, as devices sign it: slots of one block are due together.
 */
export function dueSlots(
  { slotSeconds }: Pick<Microgrid, "slotSeconds">,
  nowSeconds: number,
  { waitSeconds, forwardSeconds }: Timing,
  isIsland = false,
): { readonly spot: SlotRange; readonly forward: SlotRange } {
  const at = (seconds: number): number => slotAt(nowSeconds + seconds, slotSeconds);
  return {
    spot: {
      firstSlot: at(-PAST_SECONDS),
      lastSlot: (isIsland ? blockOf(at(-waitSeconds)) * LANES : at(-waitSeconds)) - 1,
    },
    forward: { firstSlot: at(0) + 1, lastSlot: at(forwardSeconds) },
  };
}

/** The last slot that is due in any microgrid. */
export const lastDueSlot = ({ microgrids, nowSeconds }: Snapshot, timing: Timing): number =>
  [...microgrids.values()].reduce((last, microgrid) => {
    const { spot, forward } = dueSlots(microgrid, nowSeconds, timing);
    return Math.max(last, spot.lastSlot, forward.lastSlot);
  }, 0);
