import { type Hex, isAddressEqual, zeroAddress } from "viem";
import { type Calls, callsOf } from "./calls.ts";
import type { Lot } from "./energy.ts";
import { microgridOf, pay, payDsos } from "./money.ts";
import type { Db, Occasion } from "./occasion.ts";
import { fillOrder } from "./orders.ts";
import { leaveOpen, type Move, type OpenTake, openOf } from "./pending.ts";
import { bookTrade } from "./trades.ts";

interface WithTransaction {
  readonly transaction: Parameters<typeof callsOf>[0];
}

/**
 * Books energy that the market moved: the energy of the take whose `Traded` came before, or of a batch whose `Matched`
 * is still to come. Energy that it minted without either is a release's, which `Released` tells.
 */
export async function bookMarketMove(
  db: Db,
  { transaction }: WithTransaction,
  occasion: Occasion,
  move: Move,
): Promise<void> {
  const open = await openOf(db, occasion.txHash);
  const { take, ...rest } = open;
  if (take === undefined) {
    if (move.from === zeroAddress) return;
    await leaveOpen(db, occasion.txHash, { ...rest, moves: [...rest.moves, move] });
    return;
  }
  if (move.to === zeroAddress) {
    const sent = { seller: move.from, lot: move.lot };
    await leaveOpen(db, occasion.txHash, { ...rest, take: { ...take, sent } });
    return;
  }
  const { seller, lot: sent } = take.sent ?? { seller: move.from, lot: move.lot };
  await leaveOpen(db, occasion.txHash, rest);
  await bookTake(db, callsOf(transaction), occasion, take, {
    seller,
    buyer: move.to,
    sent,
    arrived: move.lot,
  });
}

interface Moved {
  readonly seller: Hex;
  readonly buyer: Hex;
  readonly sent: Lot;
  readonly arrived: Lot;
}

/** Books a take, whose energy is known now. */
async function bookTake(
  db: Db,
  calls: Calls,
  occasion: Occasion,
  take: OpenTake,
  { seller, buyer, sent, arrived }: Moved,
): Promise<void> {
  const { orderHash, maker, taker, nonce, filledWh, cost, charge } = take;
  const [from, to] = [sent.microgrid, arrived.microgrid];
  const signed = calls.orders.get(orderHash);
  const isOffer = isAddressEqual(maker, seller);
  const { currency } = await microgridOf(db, from);
  await pay(db, { currency, holder: buyer }, -cost);
  await pay(db, { currency, holder: seller }, cost - charge);
  await payDsos(db, from, to, charge);
  await fillOrder(db, occasion, { hash: orderHash, maker, nonce, signed }, filledWh);
  const [makerMeter, takerMeter] = [
    namedMeter(signed?.order.meter),
    namedMeter(calls.takerMeters.get(orderHash)),
  ];
  await bookTrade(
    db,
    { ...occasion, id: take.id, logIndex: take.logIndex },
    {
      kind: "accept",
      seller,
      buyer,
      maker,
      taker,
      ...(isOffer ? { offerHash: orderHash } : { bidHash: orderHash }),
      sellerMeter: isOffer ? makerMeter : takerMeter,
      buyerMeter: isOffer ? takerMeter : makerMeter,
      source: sent.source,
      from,
      to,
      sentWh: sent.energyWh,
      arrivedWh: arrived.energyWh,
      cost,
      charge,
    },
  );
}

/** Null where an order or a take names none. */
export const namedMeter = (meter: Hex | undefined): Hex | null =>
  meter === undefined || meter === zeroAddress ? null : meter;
