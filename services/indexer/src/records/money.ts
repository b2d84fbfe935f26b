import { account, microgrid } from "ponder:schema";
import type { Hex } from "viem";
import type { Db } from "./occasion.ts";

type Account = typeof account.$inferSelect;

/** A holder of a currency. */
export interface Holding {
  readonly currency: Hex;
  readonly holder: Hex;
}

/** Changes an account, which is created when missing. */
export async function changeAccount(
  db: Db,
  { currency, holder }: Holding,
  change: (before: Account) => Partial<Omit<Account, "currency" | "holder">>,
): Promise<void> {
  const blank: Account = {
    currency,
    holder,
    balanceMillis: 0n,
    counter: 0n,
    lockedUntil: 0n,
    lockSettler: null,
    lockSigner: null,
    deposited: 0n,
    withdrawn: 0n,
    chargesMillis: 0n,
  };
  await db
    .insert(account)
    .values({ ...blank, ...change(blank) })
    .onConflictDoUpdate(change);
}

/** Adds to a balance, or subtracts when the amount is negative. */
export async function pay(db: Db, holding: Holding, millis: bigint): Promise<void> {
  if (millis === 0n) return;
  await changeAccount(db, holding, ({ balanceMillis }) => ({
    balanceMillis: balanceMillis + millis,
  }));
}

/** The microgrid that an event names, which must have been founded. */
export async function microgridOf(db: Db, id: number): Promise<typeof microgrid.$inferSelect> {
  const found = await db.find(microgrid, { id });
  if (found === null) throw new Error(`An event names microgrid ${id}, which was never founded.`);
  return found;
}

/**
 * Pays the DSOs of a trade: one DSO gets everything; across a tie line each gets half, the receiving one the odd thousandth.
 * @param before What of the same batch was charged on this line before: a batch's charges are halved together.
 */
export async function payDsos(
  db: Db,
  from: number,
  to: number,
  chargeMillis: bigint,
  before = 0n,
): Promise<void> {
  const half = from === to ? 0n : (before + chargeMillis) / 2n - before / 2n;
  for (const [id, millis] of [
    [from, half],
    [to, chargeMillis - half],
  ] as const) {
    if (millis === 0n) continue;
    const { currency, dso } = await microgridOf(db, id);
    await changeAccount(db, { currency, holder: dso }, ({ balanceMillis, chargesMillis }) => ({
      balanceMillis: balanceMillis + millis,
      chargesMillis: chargesMillis + millis,
    }));
  }
}

/** The current DSOs of these microgrids. */
export const dsosOf = (db: Db, microgrids: readonly number[]): Promise<readonly Hex[]> =>
  Promise.all(microgrids.map(async (id) => (await microgridOf(db, id)).dso));
