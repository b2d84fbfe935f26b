import { setTimeout as sleep } from "node:timers/promises";
import type { Home, Reporter, Trader } from "@wattline/agent";
import type { Auctioneer } from "@wattline/auctioneer";
import type { RelayClient } from "@wattline/relay/client";
import { blockOf, formatKwh, LANES, marketplaceAbi, type SlotRange, slotEnd } from "@wattline/sdk";
import type { FailureLog } from "./failureLog.ts";
import { GRID_LAG_BLOCKS, Grid } from "./grid.ts";
import { hasTurn, type LiveHome, type LiveHomes } from "./homes.ts";
import { clearAll, untilSeen } from "./market.ts";
import { SEEDED_SLOTS, SLOT_SECONDS, SLOTS_PER_DAY, SLOTS_PER_HOUR, START_SLOT } from "./start.ts";
import { type Places, playedByHand, type Street, type Town } from "./towns.ts";
import type { Wallets } from "./wallets.ts";

export interface PlayOptions {
  readonly homes: LiveHomes;
  readonly towns: readonly Town[];
  readonly places: Places;
  readonly wallets: Wallets;
  readonly relay: RelayClient;
  readonly auctioneer: Auctioneer;
  readonly payer: Parameters<LiveHomes["reporter"]>[1] & { by: "transaction" };
  /** Where the signed readings of homes that are played by hand are written. */
  readonly readingsFile: string;
  readonly failures: FailureLog;
  readonly signal: AbortSignal;
}

const TRADING_TOGETHER = 14;
/** Agents trade slots of the last six hours. */
const SEEDED_TOGETHER = 24;

const SEEDED_END = START_SLOT + SEEDED_SLOTS;
/** The first slot that is played by itself: before it are the first day and a block that opens the market. */
export const FIRST_LIVE_SLOT = SEEDED_END + LANES;

/**
 * The towns' life: slot by slot the chain's clock advances, meters are read, agents report and trade, the auctioneer clears and
 * releases, and the grid buys what is left. Past data is not kept.
 */
export function playerOf(options: PlayOptions) {
  const { homes, towns, places, wallets, relay, auctioneer, failures, signal } = options;
  const grids = new Map<Street, Grid>(
    towns.map((town) => [town, new Grid({ town, places, wallets, relay, signal })]),
  );
  const byHand = playedByHand(towns);
  const isByHand = ({ who }: LiveHome): boolean => byHand.includes(who);
  const selfActing = homes.all.filter((each) => !isByHand(each));
  const reporters = [
    homes.reporter(selfActing, options.payer),
    homes.reporter(homes.all.filter(isByHand), {
      by: "file",
      file: options.readingsFile,
      every_minutes: 1,
    }),
  ];

  /** Some homes trade at the same time: what they ask the chain goes out together. A relay refuses too many at once. */
  const trade = (traders: readonly Trader[]) =>
    failures.attempt("trading", async () => {
      for (let first = 0; first < traders.length; first += TRADING_TOGETHER) {
        const together = traders.slice(first, first + TRADING_TOGETHER);
        await Promise.all(together.map((trader) => trader.now()));
      }
    });

  const clear = () =>
    failures.attempt("clearing", async () => {
      await untilSeen(relay, wallets, signal);
      await clearAll(auctioneer, signal);
    });

  const report = async (by: readonly Reporter[]) => {
    await homes.settled();
    for (const reporter of by) await failures.attempt("reporting", () => reporter.now());
  };

  /** Slots go by at once; then homes report, trade and clear them, as those that were offline meanwhile. */
  async function playAtOnce(
    { firstSlot, lastSlot }: SlotRange,
    by: readonly LiveHome[],
    reporting: readonly Reporter[],
  ): Promise<void> {
    for (let slot = firstSlot; slot <= lastSlot; slot++) homes.meter(slot);
    await wallets.passTo(slotEnd(lastSlot, SLOT_SECONDS));
    await report(reporting);
    await trade(by.map(({ opening }) => opening));
    await clear();
  }

  return {
    /** The first day, some hours at a time, with all homes. */
    async seedDay(): Promise<void> {
      const reporter = homes.reporter(homes.all, options.payer);
      for (let slot = START_SLOT; slot < SEEDED_END; slot += SEEDED_TOGETHER) {
        const range = { firstSlot: slot, lastSlot: slot + SEEDED_TOGETHER - 1 };
        await playAtOnce(range, homes.all, [reporter]);
      }
    },

    /** What the first day came to, a line for each town. */
    async dayLines(): Promise<string[]> {
      const matchedWh = await matchedWhByBid(wallets, places);
      return towns.map((town) => dayLineOf(town, homes.all, matchedWh));
    },

    /** The grid signs its orders of the coming day, and homes trade the first block after the first day. */
    async open(): Promise<void> {
      for (const grid of grids.values()) {
        await failures.attempt("signing the grid's standing orders", () => grid.sign(SEEDED_END));
      }
      const range = { firstSlot: SEEDED_END, lastSlot: FIRST_LIVE_SLOT - 1 };
      await playAtOnce(range, selfActing, reporters);
    },

    /** Ends a slot and does what is due then. */
    async playSlot(slot: number): Promise<void> {
      const end = slot + 1;
      await failures.attempt("moving the chain's clock", () =>
        wallets.passTo(slotEnd(slot, SLOT_SECONDS)),
      );
      homes.meter(slot);
      if (end % LANES === 0) await report(reporters);
      const turns = selfActing.filter((each) => hasTurn(each, slot));
      await trade(turns.map(({ trader }) => trader));
      for (const grid of grids.values()) {
        if (slot % SLOTS_PER_DAY === 0) {
          await failures.attempt("signing the grid's standing orders", () => grid.sign(slot));
        }
        if (end % SLOTS_PER_HOUR === 0) {
          await failures.attempt("reporting the retailer's energy", () => grid.bring(slot));
        }
      }
      if (end % SLOTS_PER_HOUR === 0) await clear();
      if (end % LANES === 0) await sellRest(blockOf(slot) - GRID_LAG_BLOCKS);
    },
  };

  /** What nobody has bought of a block goes to the grid. */
  async function sellRest(block: number): Promise<void> {
    if (block < blockOf(SEEDED_END)) return;
    for (const { who, street, trader } of selfActing) {
      const microgrid = trader.state.market?.microgrid;
      if (microgrid === undefined) continue;
      await failures.attempt("selling to the grid", async () =>
        grids.get(street)?.buyRest(who, block, microgrid),
      );
    }
  }
}

/**
 * Plays from a slot on, one every `paceSeconds`, until `signal` is aborted. A slot that takes longer delays the next.
 * @throws The signal's reason.
 */
export async function playForever(
  player: ReturnType<typeof playerOf>,
  { relay, failures, signal }: PlayOptions,
  firstSlot: number,
  paceSeconds: number,
): Promise<never> {
  for (let slot = firstSlot; ; slot++) {
    const pause = sleep(paceSeconds * 1000, undefined, { signal });
    // Awaited below; until then an abort must not be an unhandled rejection.
    pause.catch(() => {});
    await player.playSlot(slot);
    if ((slot + 1) % SLOTS_PER_HOUR === 0) {
      const now = new Date(slotEnd(slot, SLOT_SECONDS) * 1000).toISOString().slice(0, 16);
      const health = await failures.attempt("reading the relay's health", () =>
        relay.health(signal),
      );
      console.log(`${now}Z: live orders ${health?.orders ?? "unknown"}`);
    }
    await pause;
  }
}

/** What each bid was matched with, by its hash. */
async function matchedWhByBid(
  { client }: Wallets,
  { marketplace, fromBlock }: Places,
): Promise<ReadonlyMap<string, bigint>> {
  const logs = await client.getContractEvents({
    address: marketplace,
    abi: marketplaceAbi,
    eventName: "Matched",
    fromBlock: BigInt(fromBlock),
    strict: true,
  });
  const matchedWh = new Map<string, bigint>();
  for (const { args } of logs) {
    matchedWh.set(args.bidHash, (matchedWh.get(args.bidHash) ?? 0n) + args.arrivedWh);
  }
  return matchedWh;
}

function dayLineOf(
  town: Town,
  homes: readonly LiveHome[],
  matchedWh: ReadonlyMap<string, bigint>,
): string {
  const own = homes.filter((each) => each.street === town);
  const sum = (of: (home: Home) => bigint) => own.reduce((wh, { home }) => wh + of(home), 0n);
  const metered = (flow: "exportWh" | "importWh") =>
    formatKwh(sum((home) => home.slots().reduce((wh, slot) => wh + slot[flow], 0n)));
  const bought = sum(({ journal }) =>
    [...journal.book.orders.keys()].reduce((wh, hash) => wh + (matchedWh.get(hash) ?? 0n), 0n),
  );
  return `${town.name}: ${own.length} homes exported ${metered("exportWh")} and imported ${metered("importWh")}, ${formatKwh(bought)} of it from neighbours`;
}
