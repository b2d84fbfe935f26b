import { ponder } from "ponder:registry";
import { delegate, moneyMove } from "ponder:schema";
import { millisOf } from "@wattline/sdk";
import { changeAccount } from "../records/money.ts";
import { occasionOf } from "../records/occasion.ts";
import { cancelNonce } from "../records/orders.ts";

ponder.on("Marketplace:Deposited", async ({ event, context: { db } }) => {
  const { id, time, txHash } = await occasionOf(db, event);
  const { currency, holder, amount } = event.args;
  await changeAccount(db, { currency, holder }, (row) => ({
    balanceMillis: row.balanceMillis + millisOf(amount),
    deposited: row.deposited + amount,
  }));
  await db
    .insert(moneyMove)
    .values({ id, kind: "deposit", currency, holder, amount, time, txHash });
});

ponder.on("Marketplace:Withdrawn", async ({ event, context: { db } }) => {
  const { id, time, txHash } = await occasionOf(db, event);
  const { currency, holder, to, amount } = event.args;
  await changeAccount(db, { currency, holder }, (row) => ({
    balanceMillis: row.balanceMillis - millisOf(amount),
    withdrawn: row.withdrawn + amount,
  }));
  await db
    .insert(moneyMove)
    .values({ id, kind: "withdrawal", currency, holder, amount, to, time, txHash });
});

ponder.on("Marketplace:Locked", async ({ event, context: { db } }) => {
  const { id, time, txHash } = await occasionOf(db, event);
  const { currency, holder, settler, signer, until } = event.args;
  const value = BigInt(until);
  await changeAccount(db, { currency, holder }, () => ({
    lockedUntil: value,
    lockSettler: settler,
    lockSigner: BigInt(signer) === 0n ? null : signer,
  }));
  await db
    .insert(moneyMove)
    .values({ id, kind: "lock", currency, holder, amount: 0n, to: settler, value, time, txHash });
});

ponder.on("Marketplace:AllCancelled", async ({ event, context: { db } }) => {
  const { id, time, txHash } = await occasionOf(db, event);
  const { currency, holder, counter: value } = event.args;
  await changeAccount(db, { currency, holder }, () => ({ counter: value }));
  await db
    .insert(moneyMove)
    .values({ id, kind: "cancelAll", currency, holder, amount: 0n, value, time, txHash });
});

ponder.on("Marketplace:Cancelled", async ({ event, context: { db } }) => {
  await occasionOf(db, event);
  await cancelNonce(db, event.args.maker, event.args.nonce);
});

ponder.on("Marketplace:Authorized", async ({ event, context: { db } }) => {
  const { time: authorizedAt } = await occasionOf(db, event);
  const { maker, currency, delegate: key, amount, until } = event.args;
  const allowed = { allowanceMillis: millisOf(amount), until: BigInt(until), authorizedAt };
  await db
    .insert(delegate)
    .values({ maker, currency, delegate: key, ...allowed, drawnMillis: 0n })
    .onConflictDoUpdate(allowed);
});

ponder.on("Marketplace:Drawn", async ({ event, context: { db } }) => {
  await occasionOf(db, event);
  const { maker, currency, delegate: key, amount } = event.args;
  await db.update(delegate, { maker, currency, delegate: key }).set((row) => ({
    allowanceMillis: row.allowanceMillis - amount,
    drawnMillis: row.drawnMillis + amount,
  }));
});
