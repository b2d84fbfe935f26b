import { setTimeout as sleep } from "node:timers/promises";
import { slotEnd } from "@wattline/sdk";
import { Forwards } from "../simulation/forwards.ts";
import { offerDay, offerNext, releaseDue, reserveSome } from "./forward.ts";
import { GridOrders } from "./grid.ts";
import type { LiveContext } from "./liveCommunity.ts";
import { buyOrBid, clear, reportAndOffer, sellToGrid } from "./spot.ts";

const SLOTS_PER_HOUR = 4;
const SLOTS_PER_DAY = 96;
/** Energy is sold to the grid against the standing order of its own day. */
const GRID_LAG_SLOTS = 16;

/**
 * A community that keeps trading: in every slot its meters measure, neighbours trade, and the chain's clock advances by
 * one slot. Past data is not kept.
 */
export function playerOf(context: LiveContext) {
  const { simulation, communities, orderBook, waitingReadings } = context;
  const { chain } = simulation.wattline;
  const slotSeconds = communities[0]?.community.series.slotSeconds ?? 900;
  const grids = communities.map((live) => ({ live, grid: new GridOrders(context, live) }));
  const forwards = new Forwards();

  return {
    /** Reserved and not yet released. */
    forwards,

    /** Posts the orders of the coming day. */
    async open(slot: number): Promise<void> {
      for (const { live, grid } of grids) {
        await grid.sign(slot);
        await offerDay(context, live, slot);
      }
      await orderBook.post();
    },

    /** Ends a slot and does what is due then. */
    async playSlot(slot: number): Promise<void> {
      await context.failures.attempt("moving the chain's clock", () =>
        chain.passTo(slotEnd(slot, slotSeconds)),
      );
      for (const { live, grid } of grids) {
        if (slot % SLOTS_PER_DAY === 0) await grid.sign(slot);
        if ((slot + 1) % SLOTS_PER_HOUR === 0) await grid.bring(slot);
        await reportAndOffer(context, live, slot);
        await offerNext(context, live, slot);
        await orderBook.post();
        await reserveSome(context, live, slot, forwards);
        await buyOrBid(context, live, slot);
        await orderBook.post();
        if (slot % SLOTS_PER_HOUR === 0) await clear(context, live, slot);
        await sellToGrid(context, live, slot, grid.bidFor(slot - GRID_LAG_SLOTS));
      }
      await releaseDue(context, slot, forwards);
      await context.failures.attempt("writing waiting readings", () => waitingReadings.write());
    },
  };
}

/**
 * Plays from a slot on, one every `paceSeconds`, until `signal` is aborted. A slot that takes longer delays the next.
 * @throws The signal's reason.
 */
export async function playForever(
  player: ReturnType<typeof playerOf>,
  { communities, orderBook }: LiveContext,
  firstSlot: number,
  paceSeconds: number,
  signal: AbortSignal,
): Promise<never> {
  const slotSeconds = communities[0]?.community.series.slotSeconds ?? 900;
  for (let slot = firstSlot; ; slot++) {
    const pause = sleep(paceSeconds * 1000, undefined, { signal });
    // Awaited below; until then an abort must not be an unhandled rejection.
    pause.catch(() => {});
    await player.playSlot(slot);
    if ((slot + 1) % SLOTS_PER_HOUR === 0) {
      const now = new Date(slotEnd(slot, slotSeconds) * 1000).toISOString().slice(0, 16);
      const orders = (await orderBook.size()) ?? "unknown";
      console.log(`${now}Z: live orders ${orders}, forwards to come ${player.forwards.size}`);
    }
    await pause;
  }
}
