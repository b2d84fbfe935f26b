import { setImmediate } from "node:timers/promises";
import type { Signer } from "@wattline/common/keys";
import type { RelayClient } from "@wattline/relay/client";
import {
  blockOf,
  type EnergyBySlot,
  FIRST_FIRM_NONCE,
  hashOrder,
  isFirm,
  marketDomain,
  type Order,
  type SlotRange,
  type Source,
  slotAt,
} from "@wattline/sdk";
import { Forecaster, type MeteredSlot, type SlotForecast } from "@wattline/sdk/forecast";
import {
  type PlacedOrder,
  type Plan,
  planTrades,
  type TradingFacts,
  type TradingLimits,
} from "@wattline/sdk/trading";
import { type Neighbours, netForecast, PLAN_HOURS, type Steering } from "../battery/index.ts";
import type { TradingConfig } from "../config/schema.ts";
import { AgentError, reasonOf } from "../errors.ts";
import type { Home, HomeSlot } from "../home.ts";
import { keyOf } from "../journal/book.ts";
import type { OrderEntry } from "../journal/entries.ts";
import type { HandedLimits } from "./handed.ts";
import { limitsOf } from "./limits.ts";
import type { Market, MarketState, MarketView } from "./market.ts";
import { meteredOf, mintedOf, withoutBattery } from "./metered.ts";
import { signOrders, signWithdrawal } from "./signing.ts";
import { firmLock, type Standing, standingOf } from "./standing.ts";

/** How often the market is looked at. */
const ROUND_MS = 30_000;
/** What has failed is tried again after this long. */
const RETRY_MS = 60_000;
/** What the forecast learns from, in seconds. */
const LEARNED_SECONDS = 50 * 86_400;
/** Slots that are learned from before others have their turn. */
const LEARNED_TOGETHER = 16;
/** A forecast is shown for so long, when nothing is traded forward. */
const SHOWN_HOURS = 24;
const USUAL_CONFIDENCE = 0.8;
/** After an order has expired, this long may pass until the block that filled it is seen. */
const LATE_SECONDS = 600;
/** The relay takes 1,000 in 2 MiB; a signed order of a bulk has up to 2 kB. */
const MOST_POSTED = 500;
/** Numbers that no browser of the household uses: see the sdk's `freeNonces`. */
const FIRST_NONCE = 2n ** 48n;
/** More than there is of any currency. */
const BOUNDLESS_MILLIS = 2n ** 120n;
/** More than are used, so that those which begin with the time are new; whole words of eight. */
const NONCES_PER_SECOND = 8n;

/** What is known of trading, to be shown. */
export interface TradingState {
  readonly standing: Standing;
  /** What hinders it at present, such as a relay that does not answer. */
  readonly trouble: string | undefined;
  /** As it was last seen. */
  readonly market: MarketState | undefined;
  readonly limits: TradingLimits | undefined;
  readonly forecast: readonly SlotForecast[];
  readonly without: Plan["without"];
}

export interface TraderOptions {
  readonly home: Home;
  readonly config: Omit<TradingConfig, "relay">;
  /** Limits that go before those of the configuration. */
  readonly handed?: () => HandedLimits | undefined;
  readonly delegate: Signer;
  readonly market: Market;
  /** Where orders go. */
  readonly relay: Pick<RelayClient, "post" | "withdraw">;
  /** The home's battery where the agent steers it, and what the order book tells its plan. */
  readonly battery?: { readonly steering: Steering; readonly neighbours: Neighbours } | undefined;
  /** What was metered before, without the battery, from a slot on, oldest first: the forecast learns from it. */
  readonly past: (fromSlot: number) => readonly MeteredSlot[];
  readonly report: (message: string) => void;
  readonly now: () => number;
}

/** Trades one home's surplus and need with the delegate's key. Whatever becomes of it, metering goes on. */
export class Trader {
  readonly home: Home;
  readonly #options: TraderOptions;
  readonly #forecaster: Forecaster;
  /** Orders that can't be filled any more, of which it is known what they came to. */
  readonly #over = new Set<string>();
  #state: TradingState;
  #dueMs = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(options: TraderOptions) {
    const { home } = options;
    this.home = home;
    this.#options = options;
    this.#forecaster = new Forecaster(home.slotSeconds);
    this.#state = {
      standing: { isTrading: false, words: "The market has not been looked at yet." },
      trouble: undefined,
      market: undefined,
      limits: undefined,
      forecast: [],
      without: [],
    };
  }

  get state(): TradingState {
    return this.#state;
  }

  /** The battery that it plans; undefined where the home has none that the agent steers. */
  get steering(): Steering | undefined {
    return this.#options.battery?.steering;
  }

  /** How wrong its forecasts of a day ahead were lately. */
  get forecastError(): Forecaster["error"] {
    return this.#forecaster.error;
  }

  /** The limits have changed: the next round does not wait. */
  hurry(): void {
    this.#dueMs = 0;
  }

  /** Trades when it is time to; called every few seconds. */
  async round(): Promise<void> {
    if (this.#options.now() < this.#dueMs) return;
    this.#dueMs = this.#options.now() + ROUND_MS;
    try {
      await this.now();
      if (this.#state.trouble !== undefined) this.#tell("Trading goes on again.");
      this.#state = { ...this.#state, trouble: undefined };
    } catch (error) {
      this.#dueMs = this.#options.now() + RETRY_MS;
      const trouble = reasonOf(error);
      if (trouble !== this.#state.trouble) this.#tell(`Trading waits: ${trouble}`);
      this.#state = { ...this.#state, trouble };
    }
  }

  /** Looks at the market and trades, at once. @throws when chain or relay do not answer, or the key can't sign */
  now(): Promise<void> {
    const turn = this.#last.then(() => this.#trade());
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #trade(): Promise<void> {
    const { market, delegate, config, handed, home } = this.#options;
    await this.#learn();
    const view = await market.look(home.device.address, delegate.address, this.#options.now());
    if (view !== undefined) this.#requireFit(view);
    this.#stand(standingOf(view, delegate.address));
    if (view === undefined) return;
    const limits = limitsOf({ ...config, ...handed?.() }, view.currency);
    const placed = await this.#followFills(view);
    const slots = this.#tradedSlots(view, limits);
    const alone = this.#forecast(view);
    const promisedWh = await view.promisedWh(home.device.address, rangeOf(view, slots, alone));
    const forecast = await this.#withBattery(view, alone, placed, promisedWh);
    this.#state = { ...this.#state, market: view, limits, forecast, without: [] };
    if (!this.#state.standing.isTrading) return;
    const facts = await this.#factsOf(view, { slots, placed, forecast, promisedWh });
    const plan = planTrades(facts, limits);
    this.#state = { ...this.#state, without: plan.without };
    this.#keep(plan);
    await this.#withdraw(plan.stale);
    await this.#post(view);
  }

  /** Adds to the forecast what has been metered since; at first the past, in parts, so that meters are read meanwhile. */
  async #learn(): Promise<void> {
    const { home, past, now, battery } = this.#options;
    // What the battery did in a slot is known when the slot is over.
    const known = battery?.steering.settle() ?? Number.POSITIVE_INFINITY;
    if (this.#forecaster.end === undefined) {
      const fromSlot = slotAt(now() / 1000 - LEARNED_SECONDS, home.slotSeconds);
      for (const [index, slot] of past(fromSlot).entries()) {
        this.#forecaster.add(slot);
        if (index % LEARNED_TOGETHER === 0) await setImmediate();
      }
    }
    const slots = home.slots(this.#forecaster.end ?? 0).filter(({ slot }) => slot < known);
    for (const each of withoutBattery(meteredOf(slots), home.journal.book.battery)) {
      this.#forecaster.add(each);
    }
  }

  #forecast({ microgrid, nowSeconds }: MarketView): SlotForecast[] {
    const { config, battery } = this.#options;
    const { forward } = config;
    const first = slotAt(nowSeconds, microgrid.slotSeconds) + (battery === undefined ? 1 : 0);
    const hours = forward?.hours ?? SHOWN_HOURS;
    const seconds = (battery === undefined ? hours : Math.max(hours, PLAN_HOURS)) * 3600;
    const lastSlot = slotAt(nowSeconds + seconds, microgrid.slotSeconds);
    return this.#forecaster.forecast(
      { firstSlot: first, lastSlot },
      forward?.confidence ?? USUAL_CONFIDENCE,
    );
  }

  /** The forecast with what the battery is to do, which is planned once a slot. */
  async #withBattery(
    view: MarketView,
    alone: readonly SlotForecast[],
    placed: readonly PlacedOrder[],
    promisedWh: EnergyBySlot,
  ): Promise<readonly SlotForecast[]> {
    const { battery } = this.#options;
    if (battery === undefined) return alone;
    const { microgrid, nowSeconds, meter } = view;
    const firstSlot = slotAt(nowSeconds, microgrid.slotSeconds);
    const lastSlot = slotAt(nowSeconds + PLAN_HOURS * 3600, microgrid.slotSeconds);
    const committedWh = new Map([...promisedWh].map(([slot, wh]) => [slot, -wh]));
    for (const { order, purpose, filledWh } of placed) {
      if (purpose !== "forward bid" || order.firstSlot < firstSlot) continue;
      committedWh.set(order.firstSlot, (committedWh.get(order.firstSlot) ?? 0n) + filledWh);
    }
    const neighboursWh = await battery.neighbours
      .leftWh(microgrid, { firstSlot, lastSlot }, meter.owner)
      // Without the order book the home is planned for as if it were alone.
      .catch(() => new Map<number, bigint>());
    const plan = battery.steering.plan({
      microgrid,
      nowSeconds,
      learnedTo: this.#forecaster.end,
      forecast: alone,
      neighboursWh,
      committedWh,
    });
    return netForecast(alone, plan).filter(({ slot }) => slot > firstSlot);
  }

  /** @throws AgentError when the meter is registered otherwise than configured */
  #requireFit({ meter, microgrid }: MarketView): void {
    const { config, slotSeconds, device } = this.home;
    if (meter.microgrid !== config.microgrid || microgrid.slotSeconds !== slotSeconds) {
      throw new AgentError(
        `The device ${device.address} is registered in microgrid ${meter.microgrid} with slots of ${microgrid.slotSeconds / 60} minutes; the configuration says ${config.microgrid} and ${config.slot_minutes}. Mend microgrid and slot_minutes.`,
      );
    }
  }

  /** The household is told once of each change. */
  #stand(standing: Standing): void {
    const before = this.#state.standing;
    this.#state = { ...this.#state, standing };
    if (standing.words !== before.words) this.#tell(standing.words);
  }

  #tell(text: string): void {
    const { report, now } = this.#options;
    const { journal, config } = this.home;
    const last = journal.book.notes.findLast(({ meter }) => meter === NOTES_OF);
    report(`${config.name}: ${text}`);
    if (last?.text === text) return;
    journal.append({ kind: "note", unixMs: now(), meter: NOTES_OF, text });
  }

  /** Learns from the chain what became of orders that could be filled, and keeps it. */
  async #followFills(view: MarketView): Promise<PlacedOrder[]> {
    const { journal } = this.home;
    const { orders } = journal.book;
    const entries = [...orders.values()];
    const asked = entries.filter(
      ({ hash, order, filledWh }) => filledWh < BigInt(order.energy) && !this.#over.has(hash),
    );
    const fills = new Map(
      await Promise.all(
        asked.map(async ({ hash, order }) => [hash, await view.fillOf(order)] as const),
      ),
    );
    for (const hash of this.#over) if (!orders.has(hash)) this.#over.delete(hash);
    for (const { hash, state, filledWh, order } of asked) {
      const fill = fills.get(hash);
      // What was filled while nobody looked is learned late, but once.
      const isOver = !view.isOffline && order.deadline + LATE_SECONDS < view.nowSeconds;
      if (isOver) this.#over.add(hash);
      if (fill === undefined || fill.filledWh === filledWh) continue;
      journal.append({ kind: "order state", hash, state, filledWh: fill.filledWh });
    }
    return entries.map(({ hash, order, purpose, filledWh }) => {
      const fill = fills.get(hash);
      const isDead = fill?.cancelled === true || !isCurrent(order, view.account.counter);
      return {
        // What is cancelled can't be filled any more.
        order: isDead ? { ...order, deadline: 0 } : order,
        purpose,
        filledWh: fill?.filledWh ?? filledWh,
      };
    });
  }

  /** The metered slots that may still trade. */
  #tradedSlots({ microgrid, nowSeconds, meter }: MarketView, limits: TradingLimits): HomeSlot[] {
    const from = slotAt(nowSeconds - limits.spotSeconds, microgrid.slotSeconds);
    return this.home.slots(Math.max(from, meter.firstSlot));
  }

  async #factsOf(
    view: MarketView,
    known: Pick<TradingFacts, "placed" | "forecast" | "promisedWh"> & {
      readonly slots: readonly HomeSlot[];
    },
  ): Promise<TradingFacts> {
    const { meter, microgrid, linePrices, nowSeconds, account, allowance } = view;
    const { slots, ...rest } = known;
    const { home } = this;
    // A firm order draws on no allowance: what is locked bounds it.
    const firm = view.isOffline ? firmLock(view, this.#options.delegate.address) : undefined;
    return {
      ...rest,
      maker: meter.owner,
      meter: home.device.address,
      microgrid,
      linePrices,
      nowSeconds,
      counter: account.counter,
      nonce: this.#freeNonce(firm !== undefined),
      firm,
      balanceMillis: account.balanceMillis,
      allowanceMillis: firm === undefined ? allowance.allowanceMillis : BOUNDLESS_MILLIS,
      metered: mintedOf(slots, home.storage !== undefined),
      heldWh: await this.#heldWh(view, slots),
    };
  }

  /** What the household holds of the slots that all its devices have reported. */
  async #heldWh(view: MarketView, slots: readonly HomeSlot[]): Promise<EnergyBySlot> {
    const { blocks } = this.home.journal.book;
    const isMinted = ({ slot }: HomeSlot): boolean =>
      this.home.signers.every(({ address }) => {
        const state = blocks.get(keyOf(address, "export", blockOf(slot)))?.state;
        return state === "reported" || state === "elsewhere";
      });
    const minted = slots.filter((each) => each.quality !== "left out" && isMinted(each));
    const [firstSlot, lastSlot] = [minted[0]?.slot, minted.at(-1)?.slot];
    if (firstSlot === undefined || lastSlot === undefined) return new Map();
    const sources = new Set<Source>([
      view.meter.source,
      ...(this.home.storage ? (["Storage"] as const) : []),
    ]);
    const held = await Promise.all(
      [...sources].map((source) => view.heldWh(source, { firstSlot, lastSlot })),
    );
    return new Map(
      minted.map(({ slot }) => [slot, held.reduce((sum, wh) => sum + (wh.get(slot) ?? 0n), 0n)]),
    );
  }

  /** Follows the last one that was used: eight in a row share a word of storage. A journal that was lost used others. */
  #freeNonce(isForFirm: boolean): bigint {
    const used = [...this.home.journal.book.orders.values()].flatMap(({ order }) =>
      isFirm(order) === isForFirm ? [order.nonce] : [],
    );
    if (used.length > 0) return used.reduce((most, each) => (each > most ? each : most)) + 1n;
    const first = isForFirm ? FIRST_FIRM_NONCE : FIRST_NONCE;
    return first + BigInt(Math.floor(this.#options.now() / 1000)) * NONCES_PER_SECOND;
  }

  /** Orders are kept before they go out. */
  #keep({ orders }: Plan): void {
    const unixMs = this.#options.now();
    this.home.journal.append(
      ...orders.map(
        ({ purpose, order, reason }): OrderEntry => ({
          kind: "order",
          unixMs,
          hash: hashOrder(this.#domain, order),
          purpose,
          reason,
          order,
          state: "signed",
          filledWh: 0n,
        }),
      ),
    );
  }

  /** Posts what the relay does not have. What it refuses is offered again, until it expires. */
  async #post({ nowSeconds, account }: MarketView): Promise<void> {
    const { journal } = this.home;
    const waiting = [...journal.book.orders.values()]
      .filter(
        ({ state, order }) =>
          state === "signed" && order.deadline > nowSeconds && isCurrent(order, account.counter),
      )
      .slice(0, MOST_POSTED);
    const signed = await signOrders(
      this.#options.delegate,
      this.#domain,
      waiting.map(({ order }) => order),
    );
    if (signed.length === 0) return;
    const results = await this.#options.relay.post(signed, patience());
    const refusals: string[] = [];
    for (const [index, { hash, filledWh }] of waiting.entries()) {
      const result = results[index];
      if (result === undefined) continue;
      if (result.status === "refused") {
        refusals.push(...result.reasons.map(({ message }) => message));
        continue;
      }
      journal.append({ kind: "order state", hash, state: "posted", filledWh });
    }
    const [first] = refusals;
    if (first !== undefined) {
      throw new AgentError(`The relay refuses ${refusals.length} orders: ${first}`);
    }
  }

  /** Takes orders off the relay. Who has kept a copy can still fill them, so they count until they expire. */
  async #withdraw(stale: readonly PlacedOrder[]): Promise<void> {
    const { journal } = this.home;
    for (const { order } of stale) {
      const hash = hashOrder(this.#domain, order);
      const kept = journal.book.orders.get(hash);
      if (kept === undefined || kept.state === "withdrawn") continue;
      if (kept.state === "posted") {
        const signature = await signWithdrawal(this.#options.delegate, this.#domain, hash);
        await this.#options.relay.withdraw(hash, signature, patience());
      }
      journal.append({ kind: "order state", hash, state: "withdrawn", filledWh: kept.filledWh });
    }
  }

  get #domain() {
    const { chainId, contracts } = this.#options.market;
    return marketDomain(chainId, contracts.marketplace);
  }
}

/** From the first metered slot to the last that is forecast. */
function rangeOf(
  { microgrid, nowSeconds }: MarketView,
  slots: readonly HomeSlot[],
  forecast: readonly SlotForecast[],
): SlotRange {
  const firstSlot = slots[0]?.slot ?? slotAt(nowSeconds, microgrid.slotSeconds);
  return { firstSlot, lastSlot: forecast.at(-1)?.slot ?? slots.at(-1)?.slot ?? firstSlot };
}

/** A relay that does not answer for so long is not there. */
const patience = (): AbortSignal => AbortSignal.timeout(30_000);

/** The notes of trading stand beside those of meters. */
const NOTES_OF = "trading";

/** Whether an order holds under its maker's counter; a firm one holds under any. */
const isCurrent = (order: Pick<Order, "nonce" | "counter">, counter: bigint): boolean =>
  isFirm(order) || order.counter === counter;
