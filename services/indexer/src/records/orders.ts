import { fill, order, pin } from "ponder:schema";
import { SIDES, type SignedOrder } from "@wattline/sdk";
import type { Hex } from "viem";
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
    counterparty: signed.counterparty,
    counter: signed.counter,
    deadline: BigInt(signed.deadline),
    signature,
  }) satisfies Partial<OrderRow>;

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
  await db
    .insert(order)
    .values({ hash, maker, nonce, ...columns, filledWh, time, txHash })
    .onConflictDoUpdate((row) => ({
      // The signature of a posted order may be invalid; that of a fill is valid.
      ...columns,
      filledWh: row.filledWh + filledWh,
    }));
  await db
    .insert(fill)
    .values({ maker, nonce, filledWh, cancelled: false })
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
  await db.insert(pin).values({ id, orderHash: hash, microgrid, maker, signature, time, txHash });
  await db
    .insert(order)
    .values({
      hash,
      maker,
      nonce,
      ...signedColumns(signed),
      filledWh: 0n,
      pinnedAt: time,
      time,
      txHash,
    })
    .onConflictDoUpdate((row) => ({ pinnedAt: row.pinnedAt ?? time }));
  await db
    .insert(fill)
    .values({ maker, nonce, filledWh: 0n, cancelled: false })
    .onConflictDoNothing();
}

export async function cancelNonce(db: Db, maker: Hex, nonce: bigint): Promise<void> {
  await db
    .insert(fill)
    .values({ maker, nonce, filledWh: 0n, cancelled: true })
    .onConflictDoUpdate({ cancelled: true });
}
