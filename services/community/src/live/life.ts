import { setTimeout as sleep } from "node:timers/promises";
import { slotEnd } from "@wattline/sdk";
import { Forwards } from "../simulation/forwards.ts";
import { offerDay, offerNext, releaseDue, reserveSome } from "./forward.ts";
import { GridOrders } from "./grid.ts";
import { buyOrBid, clear, reportAndOffer, sellToGrid } from "./spot.ts";
import type { World } from "./town.ts";

const SLOTS_PER_HOUR = 4;
const SLOTS_PER_DAY = 96;
/** Energy is sold to the grid by the standing order of its own day. */
const GRID_LAG_SLOTS = 16;

/**
 * A community that goes on: every slot its meters measure, neighbours trade, and the chain's clock moves on by one slot.
 * Nothing is kept of what is over.
 */
export function lifeOf(world: World) {
  const { stage, towns, book, inbox } = world;
  const { chain } = stage.wattline;
  const slotSeconds = towns[0]?.community.series.slotSeconds ?? 900;
  const grids = towns.map((town) => ({ town, grid: new GridOrders(world, town) }));
  const forwards = new Forwards();

  return {
    /** What is reserved and not yet released. */
    forwards,

    /** Fills the book with the orders of the coming day. */
    async open(slot: number): Promise<void> {
      for (const { town, grid } of grids) {
        await grid.sign(slot);
        await offerDay(world, town, slot);
      }
      await book.hand();
    },

    /** Lets a slot end and does what is then to do. */
    async playSlot(slot: number): Promise<void> {
      await world.complaints.attempt("moving the chain's clock", () =>
        chain.passTo(slotEnd(slot, slotSeconds)),
      );
      for (const { town, grid } of grids) {
        if (slot % SLOTS_PER_DAY === 0) await grid.sign(slot);
        if ((slot + 1) % SLOTS_PER_HOUR === 0) await grid.bring(slot);
        await reportAndOffer(world, town, slot);
        await offerNext(world, town, slot);
        await book.hand();
        await reserveSome(world, town, slot, forwards);
        await buyOrBid(world, town, slot);
        await book.hand();
        if (slot % SLOTS_PER_HOUR === 0) await clear(world, town, slot);
        await sellToGrid(world, town, slot, grid.bidFor(slot - GRID_LAG_SLOTS));
      }
      await releaseDue(world, slot, forwards);
      await world.complaints.attempt("writing waiting readings", () => inbox.write());
    },
  };
}

/**
 * Lives on from a slot, one every `paceSeconds`, until `signal` is aborted. A slot that takes longer delays the next.
 * @throws The signal's reason.
 */
export async function liveOn(
  life: ReturnType<typeof lifeOf>,
  { towns, book }: World,
  firstSlot: number,
  paceSeconds: number,
  signal: AbortSignal,
): Promise<never> {
  const slotSeconds = towns[0]?.community.series.slotSeconds ?? 900;
  for (let slot = firstSlot; ; slot++) {
    const pause = sleep(paceSeconds * 1000, undefined, { signal });
    // Awaited below; until then an abort is nobody's unhandled rejection.
    pause.catch(() => {});
    await life.playSlot(slot);
    if ((slot + 1) % SLOTS_PER_HOUR === 0) {
      const now = new Date(slotEnd(slot, slotSeconds) * 1000).toISOString().slice(0, 16);
      const orders = (await book.size()) ?? "unknown";
      console.log(`${now}Z: live orders ${orders}, forwards to come ${life.forwards.size}`);
    }
    await pause;
  }
}
