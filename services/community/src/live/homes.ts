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
import { SLOTS_PER_DAY, SLOTS_PER_HOUR, START_SLOT } from "./start.ts";
import { type Places, playedByHand, type Street, type Town, type TownHome } from "./towns.ts";

/** A home, its meter and its agent. */
export interface LiveHome {
  readonly who: TownHome;
  readonly street: Street;
  readonly home: Home;
  readonly battery: PlayedBattery | undefined;
  /** Trades the slots that are played at once, which needs no forecast: to learn takes time. */
  readonly opening: Trader;
  /** Trades from then on, forward too. */
  readonly trader: Trader;
}

/** When and by which limits homes are played. */
export interface PlayTerms {
  readonly slotMinutes: SlotMinutes;
  /** The first slot that is metered. */
  readonly startSlot: number;
  /** What a home's agent may do. */
  limitsOf(who: TownHome): Limits;
  /** What a home has metered before the first slot; the forecast learns from it. */
  pastOf(who: TownHome, street: Street): MeteredSlot[];
}

/** As long as a microgrid's slots can be for agents. */
type SlotMinutes = ConstructorParameters<typeof Home>[0]["config"]["slot_minutes"];
type Limits = ConstructorParameters<typeof Trader>[0]["config"];

export interface HomesOptions {
  readonly streets: readonly Street[];
  readonly terms: PlayTerms;
  readonly places: Places;
  readonly rpcUrl: string;
  readonly relay: RelayClient;
  readonly report: (message: string) => void;
}

const METER = "grid";
const MS_PER_MINUTE = 60_000;
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
/** What agents promise forward. */
export const FORWARD = { bond: "0.05", hours: 6, confidence: 0.8 };

/** The homes of towns whose life goes on: those that people act for by hand promise nothing. */
export function liveTerms(towns: readonly Town[]): PlayTerms {
  const byHand = playedByHand(towns);
  return {
    slotMinutes: 15,
    startSlot: START_SLOT,
    limitsOf: (who) => ({
      ...LIMITS,
      posted: postedOf(who),
      forward: byHand.includes(who) ? undefined : FORWARD,
    }),
    pastOf: ({ index }, { metering }) =>
      Array.from({ length: LEARNED_SLOTS }, (_, i) => {
        const slot = START_SLOT - LEARNED_SLOTS + i;
        return {
          slot,
          exportedWh: metering.exportedWh(index, slot),
          importedWh: metering.importedWh(index, slot),
        };
      }),
  };
}

function postedOf({ capacityW, index }: TownHome): string | undefined {
  const posts = capacityW > 0 && index % POSTING_EVERY === POSTING_EVERY - 1;
  return posts ? POSTED[Math.floor(index / POSTING_EVERY) % POSTED.length] : undefined;
}

/** Homes whose meters and agents run on the chain's clock. */
export class LiveHomes {
  readonly all: readonly LiveHome[];
  readonly #options: HomesOptions;
  readonly #registers = new Map<TownHome, { importWh: bigint; exportWh: bigint }>();
  /** The end of the last metered slot, Unix milliseconds. */
  #nowMs: number;

  constructor(options: HomesOptions) {
    const { streets, terms, places, rpcUrl, relay } = options;
    this.#options = options;
    this.#nowMs = terms.startSlot * terms.slotMinutes * MS_PER_MINUTE;
    const market = new Market(rpcUrl, places);
    const neighbours = new Neighbours(relay);
    this.all = streets.flatMap((street) =>
      street.homes.map((who) => this.#homeOf(street, who, market, neighbours)),
    );
    for (const each of this.all) this.#read(each);
  }

  /** The clock of meters and agents: it stands still between two slots. */
  readonly now = (): number => this.#nowMs;

  /** A slot ends: every meter is read. */
  meter(slot: number): void {
    this.#nowMs = (slot + 1) * this.#options.terms.slotMinutes * MS_PER_MINUTE;
    for (const each of this.all) {
      const { who, street, battery } = each;
      const registers = this.#registersOf(who);
      const { metering } = street;
      const surplusWh = metering.exportedWh(who.index, slot) - metering.importedWh(who.index, slot);
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

  #homeOf(street: Street, who: TownHome, market: Market, neighbours: Neighbours): LiveHome {
    const { terms, places, relay, report } = this.#options;
    const config = {
      name: `${who.name} (${street.name})`,
      microgrid: street.microgrid,
      slot_minutes: terms.slotMinutes,
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
    const limits = terms.limitsOf(who);
    const options = {
      home,
      delegate: signerFor(who.delegate),
      market,
      relay,
      report,
      battery: battery && { steering: battery.steering, neighbours },
      now: this.now,
    };
    return {
      who,
      street,
      home,
      battery,
      opening: new Trader({
        ...options,
        config: { ...limits, forward: undefined },
        past: () => [],
      }),
      trader: new Trader({ ...options, config: limits, past: () => terms.pastOf(who, street) }),
    };
  }
}

/** A key of an account, as agents use it. */
export const signerFor = ({ address, sign }: LocalAccount["account"]): Signer => ({
  address,
  sign: (hash) => sign({ hash }),
});

/** Whether a home's hour of trading ends with a slot: homes take turns. */
export const hasTurn = ({ who }: LiveHome, slot: number): boolean =>
  (slot + who.index + 1) % SLOTS_PER_HOUR === 0;
