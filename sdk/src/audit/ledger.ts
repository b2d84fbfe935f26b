import { type Address, zeroAddress } from "viem";
import { SOURCES, type Source } from "../energyId.ts";
import type { EnergyMove } from "../history/moves.ts";
import { addWords, isAtMost, subtractWords } from "../words.ts";
import type { AuditContext } from "./context.ts";
import { accountIn, moneyIn, seriesOf, within } from "./state.ts";

/** Records a move of energy. A holder can't give away energy that it does not have. */
export function recordMove(context: AuditContext, move: EnergyMove): void {
  for (const { microgrid, source, blockNumber, energy } of move.words) {
    const series = seriesOf(microgrid, SOURCES.indexOf(source));
    if (move.from !== zeroAddress)
      takeEnergy(context, move.from, series, blockNumber, energy, source);
    if (move.to !== zeroAddress) giveEnergy(context, move.to, series, blockNumber, energy);
  }
}

function takeEnergy(
  context: AuditContext,
  holder: Address,
  series: number,
  blockNumber: number,
  energy: bigint,
  source: Source,
): void {
  const words = within(within(context.state.energy, holder), series);
  const held = words.get(blockNumber) ?? 0n;
  context.checked("holdings");
  if (!isAtMost(energy, held)) {
    context.found(
      "holdings",
      "energy-not-held",
      { source, block: blockNumber, holder, held, given: energy },
      Math.floor(series / 256),
    );
    words.delete(blockNumber);
    return;
  }
  const left = subtractWords(held, energy);
  if (left === 0n) words.delete(blockNumber);
  else words.set(blockNumber, left);
}

function giveEnergy(
  context: AuditContext,
  holder: Address,
  series: number,
  blockNumber: number,
  energy: bigint,
): void {
  const words = within(within(context.state.energy, holder), series);
  words.set(blockNumber, addWords(words.get(blockNumber) ?? 0n, energy));
}

/** Adds money to an account. */
export function credit(
  context: AuditContext,
  currency: Address,
  holder: Address,
  amount: bigint,
): void {
  if (amount === 0n) return;
  accountIn(context.state, currency, holder).balance += amount;
  moneyIn(context.state, currency).accounts += amount;
}

/** Takes money from an account; a finding when the account has less. */
export function debit(
  context: AuditContext,
  currency: Address,
  holder: Address,
  amount: bigint,
): void {
  if (amount === 0n) return;
  const account = accountIn(context.state, currency, holder);
  context.checked("holdings");
  if (account.balance < amount) {
    context.found("holdings", "money-not-held", {
      holder,
      had: account.balance,
      paid: amount,
    });
  }
  account.balance -= amount;
  moneyIn(context.state, currency).accounts -= amount;
}

/** Pays the DSOs: one DSO gets everything; across a tie line each gets half, and the receiving one the odd unit. */
export function payDsos(
  context: AuditContext,
  currency: Address,
  from: number,
  to: number,
  charge: bigint,
): void {
  const half = from === to ? 0n : charge / 2n;
  const dsoOf = (microgrid: number) => context.state.microgrids.get(microgrid)?.dso ?? zeroAddress;
  credit(context, currency, dsoOf(from), half);
  credit(context, currency, dsoOf(to), charge - half);
}

/** Adds to an order's fill. */
export function fill(context: AuditContext, maker: Address, nonce: bigint, energyWh: bigint): void {
  const fills = within(context.state.fills, maker);
  const key = (nonce / 8n).toString();
  fills.set(key, (fills.get(key) ?? 0n) + (energyWh << (32n * (nonce % 8n))));
}

/** A charge, rounded down to a base unit. */
export const chargeOf = (chargePerKwh: bigint, energyWh: bigint): bigint =>
  (chargePerKwh * energyWh) / 1000n;
