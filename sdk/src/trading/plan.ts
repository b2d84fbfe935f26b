import { ANYONE, BID, isFirm, OFFER } from "../deals/order.ts";
import {
  communityPriceIn,
  isClosedIn,
  isIslandedIn,
  levelFor,
  type Microgrid,
} from "../microgrid.ts";
import { giftOf, limitBidOf, limitOfferOf, postedOfferOf, type Terms } from "../orders.ts";
import { slotAt, slotEnd, slotStart } from "../slots.ts";
import type { Order } from "../typedData.ts";
import { Means, openWhOf } from "./means.ts";
import type {
  FirmTerms,
  NotPlanned,
  PlacedOrder,
  Plan,
  PlannedOrder,
  Purpose,
  TradingFacts,
  TradingLimits,
} from "./types.ts";

/** Less is not worth the gas of a fill. */
const LEAST_WH = 10n;
/** The longest that a slot's energy is traded after its end: readings that are reported once a day come in time. */
export const SPOT_SECONDS = 2 * 86_400;
/** How long an order holds. One that is wanted longer is signed again: none outlives by much what it was signed for. */
const SPOT_LIFE_SECONDS = 12 * 3600;
const FORWARD_LIFE_SECONDS = 6 * 3600;

/** Energy that wants an order. */
interface Want {
  readonly purpose: Purpose;
  readonly slot: number;
  readonly energyWh: bigint;
  readonly reason: PlannedOrder["reason"];
}

/**
 * Says which orders a home signs now. Offers: what it has exported and not promised, and what it is sure to export, with a bond.
 * Bids: what it has imported and not bought before, and what it is sure to import. Nothing is ordered twice: what an order
 * that can still be filled covers, also one that was withdrawn from the relay, waits until it has expired. While the chain is out of
 * reach, orders are firm, and for metered energy only.
 */
export function planTrades(facts: TradingFacts, given: TradingLimits): Plan {
  const { firm } = facts;
  const limits = firm === undefined ? given : firmLimits(given, firm);
  const { placed } = facts;
  const means = new Means(facts, limits);
  const sums = sumsOf(facts);
  const orders: PlannedOrder[] = [];
  const without: NotPlanned[] = [];
  let { nonce } = facts;
  const wants = [...spotWants(facts, limits, sums), ...forwardWants(facts, limits, sums)].filter(
    (want) => isAllowed(limits, want) && isWorth(facts, want),
  );
  for (const { purpose, slot, energyWh: wantedWh, reason } of wants) {
    const missingWh = wantedWh - sums(purpose, slot).openWh;
    if (missingWh < LEAST_WH) continue;
    const terms = termsOf(facts, limits, purpose, slot);
    const { energyWh, hindrance } = means.afford(
      {
        side: isBid(purpose) ? BID : OFFER,
        forward: terms.bondPerKwh !== undefined,
        price: terms.pricePerKwh,
        bond: terms.bondPerKwh ?? 0n,
        crosses: terms.crosses ?? false,
        firstSlot: slot,
      },
      missingWh,
    );
    if (hindrance !== undefined) {
      without.push({ purpose, slot, energyWh: missingWh - energyWh, reason: hindrance });
    }
    if (energyWh < LEAST_WH) continue;
    const order = orderOf(facts, limits, purpose, { ...terms, energyWh }, nonce);
    means.take(order);
    orders.push({ purpose, order, reason });
    nonce++;
  }
  // What was signed while the chain was in reach waits for it.
  const looked = firm === undefined ? facts : { ...facts, placed: placed.filter(isFirmlyPlaced) };
  return { orders, without, stale: staleOf(looked, limits, wants) };
}

/** While the chain is out of reach limits alone are traded, of what was metered, by the lock's settler. */
const firmLimits = (limits: TradingLimits, { settler }: FirmTerms): TradingLimits => ({
  ...limits,
  settler,
  postedPerKwh: undefined,
  forward: undefined,
  gift: undefined,
});

const isFirmlyPlaced = ({ order }: PlacedOrder): boolean => isFirm(order);

/** What was metered and is not promised, sold, or bought. */
function spotWants(facts: TradingFacts, { gift, spotSeconds }: TradingLimits, sums: Sums): Want[] {
  const { microgrid, metered, promisedWh, heldWh, nowSeconds } = facts;
  const { slotSeconds } = microgrid;
  return metered.flatMap(({ slot, exportedWh, importedWh }): Want[] => {
    const end = slotEnd(slot, slotSeconds);
    if (end > nowSeconds || end + spotSeconds <= nowSeconds || !trades(microgrid, slot)) return [];
    const reason = "it was metered";
    const surplusWh = exportedWh - (promisedWh.get(slot) ?? 0n);
    const givenWh =
      gift !== undefined && isIslandedIn(microgrid, slot)
        ? (atLeastNone(surplusWh) * BigInt(gift.percent)) / 100n
        : 0n;
    const filledWh = (purpose: Purpose) => sums(purpose, slot).filledWh;
    const bought = filledWh("spot bid") + filledWh("forward bid");
    const sold = filledWh("spot offer");
    const leftWh = surplusWh - givenWh - sold;
    return [
      {
        purpose: "spot offer",
        slot,
        energyWh: least(leftWh, heldWh.get(slot) ?? leftWh),
        reason,
      },
      {
        purpose: "gift",
        slot,
        energyWh: givenWh - filledWh("gift"),
        reason: "it is given away in the outage",
      },
      { purpose: "spot bid", slot, energyWh: importedWh - bought, reason },
    ];
  });
}

/** What is sure to come of slots that have not started. The next one is too near for a settler to fill an order in time. */
function forwardWants(facts: TradingFacts, { forward }: TradingLimits, sums: Sums): Want[] {
  if (forward === undefined) return [];
  const { microgrid, forecast, promisedWh, nowSeconds } = facts;
  const { slotSeconds } = microgrid;
  const first = slotAt(nowSeconds, slotSeconds) + 2;
  const last = slotAt(nowSeconds + forward.hours * 3600, slotSeconds);
  return forecast.flatMap(({ slot, sureExportWh, sureImportWh }): Want[] => {
    if (slot < first || slot > last || !trades(microgrid, slot)) return [];
    const reason = "it is sure to come";
    const promised = promisedWh.get(slot) ?? 0n;
    const bought = sums("forward bid", slot).filledWh;
    return [
      { purpose: "forward offer", slot, energyWh: sureExportWh - promised, reason },
      { purpose: "forward bid", slot, energyWh: sureImportWh - bought, reason },
    ];
  });
}

/** Open orders that go beyond what is wanted by now, or whose price is not the household's any more. */
function staleOf(
  facts: TradingFacts,
  limits: TradingLimits,
  wants: readonly Want[],
): PlacedOrder[] {
  const { placed, nowSeconds } = facts;
  const key = (purpose: Purpose, slot: number) => `${purpose} ${slot}`;
  const left = new Map(
    wants.map(({ purpose, slot, energyWh }) => [key(purpose, slot), atLeastNone(energyWh)]),
  );
  return placed.filter((each) => {
    const { purpose, order } = each;
    const openWh = openWhOf(each, nowSeconds);
    if (openWh === 0n) return false;
    if (order.forward && slotStart(order.firstSlot, facts.microgrid.slotSeconds) <= nowSeconds) {
      return false;
    }
    const terms = termsOf(facts, limits, purpose, order.firstSlot);
    if (order.price !== terms.pricePerKwh || order.bond !== (terms.bondPerKwh ?? 0n)) return true;
    const wanted = left.get(key(purpose, order.firstSlot));
    // Nothing is known of a slot while its forecast or its meter is missing.
    if (wanted === undefined) return false;
    left.set(key(purpose, order.firstSlot), atLeastNone(wanted - openWh));
    return openWh > wanted;
  });
}

/**
 * Never below what the grid pays, nor above what it charges. Over a tie line an order's own limit counts, and whoever may fill it
 * may post a price that just meets it: so one that crosses is limited to what it gets at home or at the middle of a line.
 */
function termsOf(
  facts: TradingFacts,
  { floorPerKwh, ceilingPerKwh, postedPerKwh, forward }: TradingLimits,
  purpose: Purpose,
  slot: number,
): Omit<Terms, "energyWh"> {
  const { microgrid, meter } = facts;
  const { feedInPerKwh, retailPerKwh, feePerKwh } = levelFor(microgrid, slot);
  const isForward = purpose === "forward offer" || purpose === "forward bid";
  const posted = purpose === "spot offer" ? postedPerKwh : undefined;
  const most = least(ceilingPerKwh, retailPerKwh);
  const lowest = greatest(posted ?? floorPerKwh, feedInPerKwh);
  const lines = linesFor(facts, purpose);
  let pricePerKwh = isBid(purpose) ? most : lowest;
  if (lines !== undefined && posted === undefined) {
    const community = communityPriceIn(microgrid, slot);
    pricePerKwh = isBid(purpose)
      ? least(most, greatest(community, lines.mostPaid(slot)))
      : greatest(lowest, least(community - feePerKwh, lines.leastEarned(slot)));
  }
  return {
    firstSlot: slot,
    pricePerKwh: purpose === "gift" ? 0n : pricePerKwh,
    meter,
    crosses: lines !== undefined,
    ...(isForward && { bondPerKwh: forward?.bondPerKwh ?? 0n }),
  };
}

function orderOf(
  { maker, microgrid, nowSeconds: now, counter: current, firm }: TradingFacts,
  { settler, gift, postedPerKwh, spotSeconds }: TradingLimits,
  purpose: Purpose,
  terms: Terms,
  nonce: bigint,
): Order {
  const { slotSeconds } = microgrid;
  const { firstSlot, bondPerKwh } = terms;
  // Nobody knows when the chain is back: a firm order lasts as long as its lock.
  const counter = firm === undefined ? current : 0n;
  const deadline =
    firm?.untilSeconds ??
    (bondPerKwh === undefined
      ? Math.min(now + SPOT_LIFE_SECONDS, slotEnd(firstSlot, slotSeconds) + spotSeconds)
      : Math.min(now + FORWARD_LIFE_SECONDS, slotStart(firstSlot, slotSeconds) - 1));
  const by = { maker, microgrid: microgrid.microgrid, slotSeconds, now, counter, nonce };
  const whole = { ...terms, deadline };
  if (purpose === "gift") return giftOf(by, { ...whole, counterparty: gift?.to ?? ANYONE });
  if (purpose === "spot offer" && postedPerKwh !== undefined) {
    return postedOfferOf(by, { ...whole, crosses: true });
  }
  return isBid(purpose)
    ? limitBidOf(by, { ...whole, settler })
    : limitOfferOf(by, { ...whole, settler });
}

const isBid = (purpose: Purpose): boolean => purpose === "spot bid" || purpose === "forward bid";

/** What orders of one purpose for one slot have traded, and can still trade, in Wh. */
type Sums = (
  purpose: Purpose,
  slot: number,
) => { readonly filledWh: bigint; readonly openWh: bigint };

function sumsOf({ placed, nowSeconds }: TradingFacts): Sums {
  const key = (purpose: Purpose, slot: number) => `${purpose} ${slot}`;
  const none = { filledWh: 0n, openWh: 0n };
  const sums = new Map<string, typeof none>();
  for (const each of placed) {
    const at = key(each.purpose, each.order.firstSlot);
    const { filledWh, openWh } = sums.get(at) ?? none;
    sums.set(at, {
      filledWh: filledWh + each.filledWh,
      openWh: openWh + openWhOf(each, nowSeconds),
    });
  }
  return (purpose, slot) => sums.get(key(purpose, slot)) ?? none;
}

/** Whether a slot has prices and is not closed. */
const trades = (microgrid: Microgrid, slot: number): boolean =>
  !isClosedIn(microgrid, slot) &&
  microgrid.schedules.some(({ firstSlot, endSlot }) => firstSlot <= slot && slot < endSlot);

/** A household that allows nothing for its need buys in person, or not at all. */
const isAllowed = ({ ceilingPerKwh }: TradingLimits, { purpose }: Want): boolean =>
  !isBid(purpose) || ceilingPerKwh > 0n;

/**
 * Where the grid charges no more than it pays and the network's fee, there is only a tie line to gain by, or an island to supply,
 * which nobody can declare while the chain is out of reach.
 */
function isWorth(facts: TradingFacts, { purpose, slot }: Want): boolean {
  const { microgrid, firm } = facts;
  const { feedInPerKwh, retailPerKwh, feePerKwh } = levelFor(microgrid, slot);
  if (retailPerKwh > feedInPerKwh + feePerKwh) return true;
  if (firm !== undefined || isIslandedIn(microgrid, slot)) return true;
  const lines = linesFor(facts, purpose);
  if (lines === undefined) return false;
  return isBid(purpose)
    ? lines.mostPaid(slot) < retailPerKwh
    : lines.leastEarned(slot) > feedInPerKwh;
}

/** Across a line a seller of energy to come would pay the wheeling charge for what does not come. */
const linesFor = ({ firm, linePrices }: TradingFacts, purpose: Purpose) =>
  firm === undefined && (purpose === "spot offer" || purpose === "spot bid")
    ? linePrices
    : undefined;

const atLeastNone = (wh: bigint): bigint => (wh > 0n ? wh : 0n);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const greatest = (a: bigint, b: bigint): bigint => (a > b ? a : b);
