import {
  addDays,
  localDayOf,
  type Microgrid,
  SOURCES,
  slotEnd,
  slotStart,
  slotsOfWindow,
} from "@wattline/sdk";
import { localZone } from "../browser/index.ts";
import { typedAmount } from "../ui/index.ts";
import { DAY_PARTS, type DraftContext, type OrderValues, WEEK_DAYS } from "./draft.ts";
import type { HomeMeter } from "./homes.ts";
import { pricesOf, suggestedPrice } from "./price.ts";
import type { Surplus } from "./surplus.ts";
import { toLocalInput } from "./time.ts";

/** What the form begins with. */
export interface Beginning {
  /** Meters of one's own in the microgrid. */
  readonly meters: readonly HomeMeter[];
  /** What could be sold now. */
  readonly surplus: Surplus | undefined;
  readonly microgrid: Microgrid;
  /** Whether the relay can't hear the chain: it then takes firm orders only. */
  readonly isOffline: boolean;
}

/** When the sun is high: the window to begin with where nothing better is known. */
const FROM = "11:00";
const UNTIL = "15:00";
const SUNNY_HOURS = 4n;
/** What a roof makes of its capacity over those hours, in percent: half of it is a good day in spring. */
const SUNNY_SHARE = 50n;
/** What a home takes for itself in that time, Wh: what a bid begins with. */
const USUAL_NEED_WH = 2_000n;

/** Sensible values from one's own meter: what is unsold, else tomorrow's sun; a price that both sides gain from. */
export function valuesOf(
  { side, slotSeconds, decimals, now }: DraftContext,
  { meters, surplus, microgrid, isOffline }: Beginning,
): OrderValues {
  const zone = localZone();
  const tomorrow = addDays(localDayOf(now, zone), 1);
  const roof = meters.find(({ capacityW }) => capacityW > 0);
  const feeds = meters.find(({ critical }) => critical) ?? meters[0];
  const meter = side === "offer" ? roof : feeds;
  const sunny = roof && (BigInt(roof.capacityW) * SUNNY_HOURS * SUNNY_SHARE) / 100n;
  const [ready, sells] = [side === "bid" || surplus !== undefined, side === "offer"];
  const source = surplus?.source ?? roof?.source;
  const sunnySlots = () => slotsOfWindow(tomorrow, FROM, UNTIL, zone, slotSeconds);
  const prices = pricesOf(microgrid, surplus ?? sunnySlots());
  return {
    kind: ready ? "ready" : "ahead",
    plan: "one",
    from: surplus ? toLocalInput(slotStart(surplus.firstSlot, slotSeconds)) : `${tomorrow}T${FROM}`,
    until: surplus ? toLocalInput(slotEnd(surplus.lastSlot, slotSeconds)) : `${tomorrow}T${UNTIL}`,
    energy: typedAmount(sells ? (surplus?.energyWh ?? sunny ?? 0n) : USUAL_NEED_WH, 3),
    price:
      prices === undefined ? "" : typedAmount(suggestedPrice(side, prices, decimals), decimals),
    // Half of what the grid pays anyway: enough to be taken seriously, and no household's ruin.
    bond: typedAmount((prices?.feedIn ?? 0n) / 2n, decimals),
    sources: sells ? (source ? [source] : []) : SOURCES,
    meter: meter?.meter ?? "",
    // A posted price is the same for neighbours near and far; over a line a bid's limit counts, not the community price.
    crosses: sells,
    firm: isOffline,
    audience: "anyone",
    other: "",
    deadline: "",
    week: {
      firstDay: tomorrow,
      energy: DAY_PARTS.map(([from, to]) =>
        from >= 10 && to <= 18 && sunny ? typedAmount(sunny, 3) : "",
      ),
      prices: Array.from({ length: WEEK_DAYS }, () => DAY_PARTS.map(() => "")),
    },
  };
}

/** The window of tomorrow's sun, for energy that is still to come. */
export function tomorrowsWindow(now: number): Pick<OrderValues, "from" | "until"> {
  const tomorrow = addDays(localDayOf(now, localZone()), 1);
  return { from: `${tomorrow}T${FROM}`, until: `${tomorrow}T${UNTIL}` };
}
