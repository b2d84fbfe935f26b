import {
  Home,
  headerOf,
  Market,
  MemoryRecords,
  Neighbours,
  Reporter,
  type Reporting,
  Trader,
} from "@wattline/agent";
import type { Signer } from "@wattline/common/keys";
import type { RelayClient } from "@wattline/relay/client";
import type { MeteredSlot } from "@wattline/sdk/forecast";
import type { LocalAccount } from "../simulation/accounts.ts";
import { PlayedBattery } from "./battery.ts";
import { SLOT_SECONDS, SLOTS_PER_DAY, SLOTS_PER_HOUR, START_SLOT } from "./start.ts";
import { type Participants, type Places, playedByHand, type Town, type TownHome } from "./towns.ts";

/** A home, its meter and its agent. */
export interface LiveHome {
  readonly who: TownHome;
  readonly town: Town;
  readonly home: Home;
  readonly battery: PlayedBattery | undefined;
  /** Trades the slots that are played at once, which needs no forecast: to learn takes time. */
  readonly opening: Trader;
  /** Trades from then on, forward too. */
  readonly trader: Trader;
}

export interface HomesOptions {
  readonly participants: Participants;
  readonly places: Places;
  readonly rpcUrl: string;
  readonly relay: RelayClient;
  readonly report: (message: string) => void;
}

const METER = "grid";
/** The forecast learns from so much weather before the first played day. */
const LEARNED_SLOTS = 2 * SLOTS_PER_DAY;
/** Every so many homes with a roof posts a price, so that a person finds offers to accept. */
const POSTING_EVERY = 3;
/** What they ask per kWh, home by home. */
const POSTED = ["0.16", "0.17", "0.18"] as const;
/** Household limits: whatever the community price is, a home is better off than with the grid. */
const LIMITS = {
  floor: "0.08",
  ceiling: "0.32",
  most_a_day: "20",
  settler: "anyone",
  spot_hours: 6,
} as const;
const FORWARD = { bond: "0.05", hours: 6, confidence: 0.8 };

/** The homes of all towns, whose meters and agents run on the chain's clock. */
export class LiveHomes {
  readonly all: readonly LiveHome[];
  readonly #options: HomesOptions;
  readonly #registers = new Map<TownHome, { importWh: bigint; exportWh: bigint }>();
  /** The end of the last metered slot, Unix milliseconds. */
  #nowMs = START_SLOT * SLOT_SECONDS * 1000;

  constructor(options: HomesOptions) {
    const { participants, places, rpcUrl, relay } = options;
    this.#options = options;
    const market = new Market(rpcUrl, places);
    const neighbours = new Neighbours(relay);
    this.all = participants.towns.flatMap((town) =>
      town.homes.map((who) => this.#homeOf(town, who, market, neighbours)),
    );
    for (const each of this.all) this.#read(each);
  }

  /** The clock of meters and agents: it stands still between two slots. */
  readonly now = (): number => this.#nowMs;

  /** A slot ends: every meter is read. */
  meter(slot: number): void {
    this.#nowMs = (slot + 1) * SLOT_SECONDS * 1000;
    for (const each of this.all) {
      const { who, town, battery } = each;
      const registers = this.#registersOf(who);
      const { seasons } = town;
      const surplusWh = seasons.exportedWh(who.index, slot) - seasons.importedWh(who.index, slot);
      const leftWh = battery?.act(slot, surplusWh) ?? surplusWh;
      if (leftWh > 0n) registers.exportWh += leftWh;
      else registers.importWh -= leftWh;
      this.#read(each);
    }
  }

  /** Reports of some homes, by transaction or into a file. Their blocks must be signed: see {@link settled}. */
  reporter(homes: readonly LiveHome[], reporting: Reporting): Reporter {
    const { places: deployment, rpcUrl, report } = this.#options;
    const own = homes.map(({ home }) => home);
    return new Reporter({ deployment, rpcUrl, reporting, homes: own, report, now: this.now });
  }

  /** Resolves when all blocks that are complete are signed. */
  async settled(): Promise<void> {
    await Promise.all(this.all.map(({ home }) => home.settled()));
  }

  #registersOf(who: TownHome): { importWh: bigint; exportWh: bigint } {
    const known = this.#registers.get(who) ?? { importWh: 0n, exportWh: 0n };
    this.#registers.set(who, known);
    return known;
  }

  #read({ who, home }: LiveHome): void {
    home.take(METER, { kind: "registers", unixMs: this.#nowMs, ...this.#registersOf(who) });
  }

  #homeOf(town: Town, who: TownHome, market: Market, neighbours: Neighbours): LiveHome {
    const { participants, places, relay, report } = this.#options;
    const config = {
      name: `${who.name} (${town.name})`,
      microgrid: town.microgrid,
      slot_minutes: 15,
      connection_w: 50_000,
      gaps: "fill",
      capacity_w: who.capacityW,
      meters: [{ name: METER }],
    } as const;
    const home = new Home({
      config,
      deployment: places,
      device: signerFor(who.device),
      journal: new MemoryRecords(headerOf(config, places)),
      report: () => {},
      now: this.now,
    });
    const battery = who.hasBattery ? new PlayedBattery(home, this.now) : undefined;
    const posts = who.capacityW > 0 && who.index % POSTING_EVERY === POSTING_EVERY - 1;
    const limits = {
      ...LIMITS,
      posted: posts ? POSTED[Math.floor(who.index / POSTING_EVERY) % POSTED.length] : undefined,
    };
    const options = {
      home,
      delegate: signerFor(who.delegate),
      market,
      relay,
      report,
      battery: battery && { steering: battery.steering, neighbours },
      now: this.now,
    };
    // Who reports by hand promises nothing.
    const forward = playedByHand(participants.towns).includes(who) ? undefined : FORWARD;
    return {
      who,
      town,
      home,
      battery,
      opening: new Trader({ ...options, config: limits, past: () => [] }),
      trader: new Trader({
        ...options,
        config: { ...limits, forward },
        past: () => pastOf(town, who),
      }),
    };
  }
}

/** What a home would have metered before the first played day. */
const pastOf = ({ seasons }: Town, { index }: TownHome): MeteredSlot[] =>
  Array.from({ length: LEARNED_SLOTS }, (_, i) => {
    const slot = START_SLOT - LEARNED_SLOTS + i;
    return {
      slot,
      exportedWh: seasons.exportedWh(index, slot),
      importedWh: seasons.importedWh(index, slot),
    };
  });

/** A key of an account, as agents use it. */
export const signerFor = ({ address, sign }: LocalAccount["account"]): Signer => ({
  address,
  sign: (hash) => sign({ hash }),
});

/** Whether a home's hour of trading ends with a slot: homes take turns. */
export const hasTurn = ({ who }: LiveHome, slot: number): boolean =>
  (slot + who.index + 1) % SLOTS_PER_HOUR === 0;
