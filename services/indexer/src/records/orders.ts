import { fill, order, pin } from "ponder:schema";
import { isFirm, SIDES, type SignedOrder } from "@wattline/sdk";
import type { Hex } from "viem";
import { microgridOf } from "./money.ts";
import type { Db, Occasion } from "./occasion.ts";

type OrderRow = typeof order.$inferInsert;

/** The columns of an order's signed members. */
const signedColumns = ({ order: signed, signature }: SignedOrder) =>
  ({
    microgrid: signed.microgrid,
    meter: signed.meter,
    side: SIDES[signed.side] ?? null,
    sources: signed.sources,
    firstSlot: BigInt(signed.firstSlot),
    lastSlot: BigInt(signed.lastSlot),
    energyWh: BigInt(signed.energy),
    price: signed.price,
    forward: signed.forward,
    bond: signed.bond,
    mostAheadWh: BigInt(signed.mostAhead),
    crosses: signed.crosses,
    counterparty: signed.counterparty,
    settler: signed.settler,
    counter: signed.counter,
    deadline: BigInt(signed.deadline),
    signature,
  }) satisfies Partial<OrderRow>;

/** Firm orders share a fill per maker, currency and settler; which those are only the signed order says. */
async function fillScopeOf(db: Db, signed: SignedOrder | undefined): Promise<string> {
  if (signed === undefined || !isFirm(signed.order)) return "";
  const { microgrid, settler } = signed.order;
  const { currency } = await microgridOf(db, microgrid);
  return `${currency} ${settler}`.toLowerCase();
}

/** An order as an event names it, with the calldata's signed order if that is readable. */
export interface Seen {
  readonly hash: Hex;
  readonly maker: Hex;
  readonly nonce: bigint;
  readonly signed: SignedOrder | undefined;
}

/** Adds to an order's fill. */
export async function fillOrder(
  db: Db,
  { time, txHash }: Occasion,
  { hash, maker, nonce, signed }: Seen,
  filledWh: bigint,
): Promise<void> {
  const columns = signed === undefined ? {} : signedColumns(signed);
  const scope = await fillScopeOf(db, signed);
  await db
    .insert(order)
    .values({ hash, maker, nonce, ...columns, filledWh, fillScope: scope, time, txHash })
    .onConflictDoUpdate((row) => ({
      // The signature of a posted order may be invalid; that of a fill is valid.
      ...columns,
      fillScope: scope,
      filledWh: row.filledWh + filledWh,
    }));
  await db
    .insert(fill)
    .values({ maker, nonce, scope, filledWh, cancelled: false })
    .onConflictDoUpdate((row) => ({ filledWh: row.filledWh + filledWh }));
}

/** Records a post on the board, which may not be a valid order. */
export async function pinOrder(
  db: Db,
  { id, time, txHash }: Occasion,
  hash: Hex,
  signed: SignedOrder,
): Promise<void> {
  const { maker, nonce, microgrid } = signed.order;
  const { signature } = signed;
  const scope = await fillScopeOf(db, signed);
  await db.insert(pin).values({ id, orderHash: hash, microgrid, maker, signature, time, txHash });
  await db
    .insert(order)
    .values({
      hash,
      maker,
      nonce,
      ...signedColumns(signed),
      filledWh: 0n,
      fillScope: scope,
      pinnedAt: time,
      time,
      txHash,
    })
    .onConflictDoUpdate((row) => ({ pinnedAt: row.pinnedAt ?? time }));
  await db
    .insert(fill)
    .values({ maker, nonce, scope, filledWh: 0n, cancelled: false })
    .onConflictDoNothing();
}

export async function cancelNonce(db: Db, maker: Hex, nonce: bigint): Promise<void> {
  await db
    .insert(fill)
    .values({ maker, nonce, scope: "", filledWh: 0n, cancelled: true })
    .onConflictDoUpdate({ cancelled: true });
}
