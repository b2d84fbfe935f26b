import { type Address, zeroAddress } from "viem";
import { SOURCES, type Source } from "../energyId.ts";
import type { EnergyMove } from "../history/moves.ts";
import { addWords, isAtMost, subtractWords } from "../words.ts";
import type { AuditContext } from "./context.ts";
import {
  accountIn,
  communitiesIn,
  type FillKey,
  fillsKey,
  moneyIn,
  seriesOf,
  type Words,
  within,
} from "./state.ts";

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
  takeWord(words, blockNumber, energy);
}

function giveEnergy(
  context: AuditContext,
  holder: Address,
  series: number,
  blockNumber: number,
  energy: bigint,
): void {
  addWord(within(within(context.state.energy, holder), series), blockNumber, energy);
}

/** Adds energy to a block. */
export function addWord(words: Words, blockNumber: number, energy: bigint): void {
  if (energy !== 0n) words.set(blockNumber, addWords(words.get(blockNumber) ?? 0n, energy));
}

/**
 * Takes energy off a block.
 * @throws RangeError when there is less.
 */
export function takeWord(words: Words, blockNumber: number, energy: bigint): void {
  const left = subtractWords(words.get(blockNumber) ?? 0n, energy);
  if (left === 0n) words.delete(blockNumber);
  else words.set(blockNumber, left);
}

/** Adds money to an account; thousandths of a base unit, here and below. */
export function credit(
  context: AuditContext,
  currency: Address,
  holder: Address,
  amountMillis: bigint,
): void {
  if (amountMillis === 0n) return;
  accountIn(context.state, currency, holder).balanceMillis += amountMillis;
  moneyIn(context.state, currency).accountsMillis += amountMillis;
}

/** Takes money from an account; a finding when the account has less. */
export function debit(
  context: AuditContext,
  currency: Address,
  holder: Address,
  amountMillis: bigint,
): void {
  if (amountMillis === 0n) return;
  const account = accountIn(context.state, currency, holder);
  context.checked("holdings");
  if (account.balanceMillis < amountMillis) {
    context.found("holdings", "money-not-held", {
      holder,
      had: account.balanceMillis,
      paid: amountMillis,
    });
  }
  account.balanceMillis -= amountMillis;
  moneyIn(context.state, currency).accountsMillis -= amountMillis;
}

/** Pays the DSOs: one DSO gets everything; across a tie line each gets half, and the receiving one the odd thousandth. */
export function payDsos(
  context: AuditContext,
  currency: Address,
  from: number,
  to: number,
  chargeMillis: bigint,
): void {
  const half = from === to ? 0n : chargeMillis / 2n;
  const communities = communitiesIn(context.state);
  const dsoOf = (microgrid: number) => communities.get(microgrid)?.dso ?? zeroAddress;
  credit(context, currency, dsoOf(from), half);
  credit(context, currency, dsoOf(to), chargeMillis - half);
}

/** Adds to an order's fill. */
export function fill(context: AuditContext, key: FillKey, energyWh: bigint): void {
  const fills = within(context.state.fills, fillsKey(key));
  const word = (key.nonce / 8n).toString();
  fills.set(word, (fills.get(word) ?? 0n) + (energyWh << (32n * (key.nonce % 8n))));
}
