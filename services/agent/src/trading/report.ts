import {
  BID,
  communityPriceIn,
  formatKwh,
  formatMillis,
  formatMoney,
  formatWh,
  levelFor,
  type Microgrid,
  type Order,
  slotAt,
  slotStart,
} from "@wattline/sdk";
import type { SlotForecast } from "@wattline/sdk/forecast";
import { type BatteryReport, batteryLines, batteryReport } from "../battery/report.ts";
import { isoOf } from "../iso.ts";
import type { OrderEntry } from "../journal/entries.ts";
import type { MarketState } from "./market.ts";
import type { Trader } from "./trader.ts";

/** What a home's trading has come to so far; JSON as it is. */
export interface TradingReport {
  readonly isTrading: boolean;
  /** Whether it trades, and why not. */
  readonly standing: string;
  readonly trouble: string | undefined;
  /** Missing until the market was seen. */
  readonly market: MarketReport | undefined;
  readonly forecast: readonly ForecastReport[];
  /** Mean absolute error of forecasts of a day ahead in the last four weeks, beside that of the same slot a day earlier. */
  readonly forecastError: {
    readonly exportWh: number;
    readonly importWh: number;
    readonly persistenceExportWh: number;
    readonly persistenceImportWh: number;
    readonly slots: number;
  };
  /** Missing for a home whose battery the agent does not steer. */
  readonly battery: BatteryReport | undefined;
  /** What it ordered and why, the newest first. */
  readonly orders: readonly { readonly time: string; readonly text: string }[];
  /** What it did not order, and why. */
  readonly without: readonly string[];
}

export interface MarketReport {
  readonly currency: string;
  /** What a kWh costs where two limits meet, by hour from now on. */
  readonly prices: readonly { readonly time: string; readonly perKwh: string }[];
  readonly limits: {
    readonly floor: string;
    readonly ceiling: string;
    readonly mostADay: string;
    readonly forward: string | undefined;
    readonly outage: string | undefined;
  };
  readonly allowance: string;
  readonly allowedUntil: string;
  readonly balance: string;
  /** Of slots of today, by the community's clock. */
  readonly today: {
    readonly sold: string;
    readonly bought: string;
    readonly earned: string;
    readonly paid: string;
  };
}

/** What was sold and bought. */
export interface Traded {
  readonly soldWh: bigint;
  readonly boughtWh: bigint;
  /** At the community price less the fee, which a sale brings at least. */
  readonly earnedMillis: bigint;
  /** At the community price, which a purchase costs at most. */
  readonly paidMillis: bigint;
}

export interface ForecastReport {
  readonly time: string;
  readonly exportWh: string;
  readonly importWh: string;
  readonly sureExportWh: string;
  readonly sureImportWh: string;
}

const HOURS_SHOWN = 24;
const ORDERS_SHOWN = 20;
const SECONDS_PER_HOUR = 3600;
const SECONDS_PER_DAY = 86_400;

export function tradingReport(trader: Trader): TradingReport {
  const { standing, trouble, forecast, without, market } = trader.state;
  const { steering } = trader;
  const { slotSeconds } = trader.home;
  const timeOf = (slot: number) => isoOf(slotStart(slot, slotSeconds) * 1000);
  const { exported, imported } = trader.forecastError;
  return {
    isTrading: standing.isTrading && trouble === undefined,
    standing: standing.words,
    trouble,
    market: marketReport(trader),
    forecast: forecast.map((each) => forecastReport(each, timeOf(each.slot))),
    forecastError: {
      exportWh: exported.meanWh,
      importWh: imported.meanWh,
      persistenceExportWh: exported.persistenceWh,
      persistenceImportWh: imported.persistenceWh,
      slots: exported.slots,
    },
    battery: steering && batteryReport(steering.state, slotSeconds, market?.currency),
    orders: newestOf(trader).map((entry) => ({
      time: isoOf(entry.unixMs),
      text: wordsOf(entry, timeOf(entry.order.firstSlot)),
    })),
    without: without.map(
      ({ purpose, slot, energyWh, reason }) =>
        `No ${purpose} for ${formatWh(energyWh)} of ${timeOf(slot)}: ${reason}.`,
    ),
  };
}

/** What was sold and bought of today's slots, as far as the chain has told. */
export function tradedToday({ home, state: { market } }: Trader): Traded {
  const traded = { soldWh: 0n, boughtWh: 0n, earnedMillis: 0n, paidMillis: 0n };
  if (market === undefined) return traded;
  const { microgrid, nowSeconds } = market;
  const dayOf = (seconds: number) =>
    Math.floor((seconds + 60 * microgrid.utcOffsetMinutes) / SECONDS_PER_DAY);
  const today = dayOf(nowSeconds);
  for (const { order, filledWh } of home.journal.book.orders.values()) {
    if (filledWh === 0n || dayOf(slotStart(order.firstSlot, home.slotSeconds)) !== today) continue;
    if (order.side === BID) {
      traded.boughtWh += filledWh;
      traded.paidMillis += filledWh * communityPriceIn(microgrid, order.firstSlot);
    } else {
      traded.soldWh += filledWh;
      traded.earnedMillis += filledWh * earnedPerKwh(microgrid, order);
    }
  }
  return traded;
}

/** What a sale brings at least. */
function earnedPerKwh(microgrid: Microgrid, { price, firstSlot }: Order): bigint {
  if (price === 0n) return 0n;
  const { feePerKwh } = levelFor(microgrid, firstSlot);
  const earned = communityPriceIn(microgrid, firstSlot) - feePerKwh;
  return earned > price ? earned : price;
}

/** What a kWh costs now. */
export function priceNow({ state: { market } }: Trader): bigint | undefined {
  if (market === undefined) return undefined;
  const { microgrid, nowSeconds } = market;
  return communityPriceIn(microgrid, slotAt(nowSeconds, microgrid.slotSeconds));
}

function marketReport(trader: Trader): MarketReport | undefined {
  const { market, limits } = trader.state;
  if (market === undefined || limits === undefined) return undefined;
  const { currency, allowance, account } = market;
  const money = (units: bigint) => formatMoney(units, currency);
  const { forward, gift } = limits;
  const today = tradedToday(trader);
  return {
    currency: currency.symbol,
    prices: pricesOf(market),
    limits: {
      floor: money(limits.floorPerKwh),
      ceiling: money(limits.ceilingPerKwh),
      mostADay: formatMillis(limits.mostPerDayMillis, currency),
      forward: forward && `${forward.hours} h ahead, bond ${money(forward.bondPerKwh)} per kWh`,
      outage: gift && `${gift.percent} % of the surplus to ${gift.to}`,
    },
    allowance: formatMillis(allowance.allowanceMillis, currency),
    allowedUntil: isoOf(allowance.untilSeconds * 1000),
    balance: formatMillis(account.balanceMillis, currency),
    today: {
      sold: formatKwh(today.soldWh),
      bought: formatKwh(today.boughtWh),
      earned: formatMillis(today.earnedMillis, currency),
      paid: formatMillis(today.paidMillis, currency),
    },
  };
}

function pricesOf({ microgrid, nowSeconds, currency }: MarketState): MarketReport["prices"] {
  const { slotSeconds } = microgrid;
  const first = slotAt(nowSeconds, slotSeconds);
  const perHour = SECONDS_PER_HOUR / slotSeconds;
  return Array.from({ length: HOURS_SHOWN }, (_, hour) => {
    const slot = first - (first % perHour) + hour * perHour;
    return {
      time: isoOf(slotStart(slot, slotSeconds) * 1000),
      perKwh: formatMoney(communityPriceIn(microgrid, slot), { decimals: currency.decimals }),
    };
  });
}

const forecastReport = (each: SlotForecast, time: string): ForecastReport => ({
  time,
  exportWh: each.exportWh.toString(),
  importWh: each.importWh.toString(),
  sureExportWh: each.sureExportWh.toString(),
  sureImportWh: each.sureImportWh.toString(),
});

const newestOf = ({ home }: Trader): OrderEntry[] =>
  [...home.journal.book.orders.values()].slice(-ORDERS_SHOWN).reverse();

const STATE_WORDS = {
  signed: "not with the relay yet",
  posted: "with the relay",
  withdrawn: "withdrawn from the relay",
} as const;

function wordsOf({ purpose, reason, order, state, filledWh }: OrderEntry, slot: string): string {
  const filled = filledWh === 0n ? "" : `, ${formatWh(filledWh)} traded`;
  return `${purpose} of ${formatWh(BigInt(order.energy))} in ${slot}, because ${reason}: ${STATE_WORDS[state]}${filled}`;
}

/** A report in lines, for a terminal. */
export function tradingLines({
  standing,
  trouble,
  market,
  battery,
  orders,
  without,
  ...rest
}: TradingReport) {
  const { forecast, forecastError: error } = rest;
  const next = forecast
    .slice(0, 4)
    .map(({ time, exportWh, importWh }) => `${time.slice(11, 16)} +${exportWh} -${importWh} Wh`);
  return [
    `  Trading: ${standing}`,
    ...(trouble === undefined ? [] : [`  Trading waits: ${trouble}`]),
    ...(market === undefined ? [] : marketLines(market)),
    ...(battery === undefined ? [] : batteryLines(battery)),
    ...(next.length === 0 ? [] : [`  Forecast (UTC, + export - import): ${next.join(", ")}`]),
    ...(error.slots === 0
      ? []
      : [
          `  Forecast error a day ahead: export ${error.exportWh.toFixed(0)} Wh a slot (as the day before ${error.persistenceExportWh.toFixed(0)}), import ${error.importWh.toFixed(0)} (${error.persistenceImportWh.toFixed(0)})`,
        ]),
    ...orders.slice(0, 5).map(({ time, text }) => `  ${time} ${text}`),
    ...without.slice(0, 5).map((text) => `  ${text}`),
  ];
}

function marketLines({ limits, allowance, allowedUntil, balance, today, ...rest }: MarketReport) {
  const [now] = rest.prices;
  return [
    `  Price now ${now?.perKwh} ${rest.currency}/kWh; floor ${limits.floor}, ceiling ${limits.ceiling}, at most ${limits.mostADay} a day`,
    `  Allowed: ${allowance} until ${allowedUntil}; in escrow ${balance}`,
    `  Of today: sold ${today.sold} for at least ${today.earned}, bought ${today.bought} for at most ${today.paid}`,
  ];
}
