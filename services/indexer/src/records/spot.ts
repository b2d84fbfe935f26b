import { type Moved, tradeOfTake } from "@wattline/sdk";
import { type Hex, isAddressEqual, zeroAddress } from "viem";
import { type Calls, callsOf } from "./calldata.ts";
import { microgridOf, pay, payDsos } from "./money.ts";
import type { Db, Occasion } from "./occasion.ts";
import { fillOrder } from "./orders.ts";
import { leaveOpen, type OpenTake, openOf } from "./pending.ts";
import { recordTrade } from "./trades.ts";

interface WithTransaction {
  readonly transaction: Parameters<typeof callsOf>[0];
}

/**
 * Records energy moved by the market: that of the preceding `Traded`, or of a match whose `Matched` follows. Energy
 * minted without either belongs to a release, which `Released` reports.
 */
export async function recordMarketMove(
  db: Db,
  { transaction }: WithTransaction,
  occasion: Occasion,
  move: Moved,
): Promise<void> {
  const open = await openOf(db, occasion.txHash);
  const { take, ...rest } = open;
  if (take === undefined) {
    const isArrival = rest.moves.length === 1 && rest.moves[0]?.to === zeroAddress;
    if (move.from === zeroAddress && !isArrival) return;
    await leaveOpen(db, occasion.txHash, { ...rest, moves: [...rest.moves, move] });
    return;
  }
  if (move.to === zeroAddress) {
    await leaveOpen(db, occasion.txHash, { ...rest, take: { ...take, sent: move } });
    return;
  }
  await leaveOpen(db, occasion.txHash, rest);
  await recordTake(db, callsOf(transaction), occasion, take, take.sent ?? move, move);
}

/** Records an accepted order, whose energy is now known. */
async function recordTake(
  db: Db,
  calls: Calls,
  occasion: Occasion,
  take: OpenTake,
  sent: Moved,
  arrived: Moved,
): Promise<void> {
  const { orderHash, maker, nonce, filledWh } = take;
  const trade = tradeOfTake(take, sent, arrived);
  const { seller, buyer, from, to, costMillis, chargeMillis } = trade;
  const signed = calls.orders.get(orderHash);
  const { currency } = await microgridOf(db, from);
  await pay(db, { currency, holder: buyer }, -costMillis);
  await pay(db, { currency, holder: seller }, costMillis - chargeMillis);
  await payDsos(db, from, to, chargeMillis);
  await fillOrder(db, occasion, { hash: orderHash, maker, nonce, signed }, filledWh);
  const makerMeter = namedMeter(signed?.order.meter);
  const takerMeter = namedMeter(calls.takerMeters.get(orderHash));
  const [sellerMeter, buyerMeter] = isAddressEqual(maker, seller)
    ? [makerMeter, takerMeter]
    : [takerMeter, makerMeter];
  const { id, logIndex } = take;
  await recordTrade(db, { ...occasion, id, logIndex }, { ...trade, sellerMeter, buyerMeter });
}

/** Null when an order or a take names no meter. */
export const namedMeter = (meter: Hex | undefined): Hex | null =>
  meter === undefined || meter === zeroAddress ? null : meter;
