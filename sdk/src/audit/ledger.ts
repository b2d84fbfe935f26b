import { type Address, zeroAddress } from "viem";
import { SOURCES, type Source } from "../energyId.ts";
import type { EnergyMove } from "../history/moves.ts";
import { addWords, isAtMost, subtractWords } from "../words.ts";
import type { Scene } from "./scene.ts";
import { accountIn, lineOf, moneyIn, within } from "./state.ts";

/** Books energy that has moved. Nobody gives away what they do not have. */
export function bookMove(scene: Scene, move: EnergyMove): void {
  for (const { microgrid, source, blockNumber, energy } of move.words) {
    const line = lineOf(microgrid, SOURCES.indexOf(source));
    if (move.from !== zeroAddress) takeEnergy(scene, move.from, line, blockNumber, energy, source);
    if (move.to !== zeroAddress) giveEnergy(scene, move.to, line, blockNumber, energy);
  }
}

function takeEnergy(
  scene: Scene,
  holder: Address,
  line: number,
  blockNumber: number,
  energy: bigint,
  source: Source,
): void {
  const words = within(within(scene.state.energy, holder), line);
  const held = words.get(blockNumber) ?? 0n;
  scene.checked("holdings");
  if (!isAtMost(energy, held)) {
    scene.found(
      "holdings",
      "energy-not-held",
      { source, block: blockNumber, holder, held, given: energy },
      Math.floor(line / 256),
    );
    words.delete(blockNumber);
    return;
  }
  const left = subtractWords(held, energy);
  if (left === 0n) words.delete(blockNumber);
  else words.set(blockNumber, left);
}

function giveEnergy(
  scene: Scene,
  holder: Address,
  line: number,
  blockNumber: number,
  energy: bigint,
): void {
  const words = within(within(scene.state.energy, holder), line);
  words.set(blockNumber, addWords(words.get(blockNumber) ?? 0n, energy));
}

/** Puts money into an account. */
export function credit(scene: Scene, currency: Address, holder: Address, amount: bigint): void {
  if (amount === 0n) return;
  accountIn(scene.state, currency, holder).balance += amount;
  moneyIn(scene.state, currency).accounts += amount;
}

/** Takes money out of an account, which must have it. */
export function debit(scene: Scene, currency: Address, holder: Address, amount: bigint): void {
  if (amount === 0n) return;
  const account = accountIn(scene.state, currency, holder);
  scene.checked("holdings");
  if (account.balance < amount) {
    scene.found("holdings", "money-not-held", {
      holder,
      had: account.balance,
      paid: amount,
    });
  }
  account.balance -= amount;
  moneyIn(scene.state, currency).accounts -= amount;
}

/** Pays the DSOs: all to the one, or half each across a line, the odd unit to the receiving one. */
export function payDsos(
  scene: Scene,
  currency: Address,
  from: number,
  to: number,
  charge: bigint,
): void {
  const half = from === to ? 0n : charge / 2n;
  const dsoOf = (microgrid: number) => scene.state.microgrids.get(microgrid)?.dso ?? zeroAddress;
  credit(scene, currency, dsoOf(from), half);
  credit(scene, currency, dsoOf(to), charge - half);
}

/** Adds to what is filled of an order. */
export function fill(scene: Scene, maker: Address, nonce: bigint, energyWh: bigint): void {
  const fills = within(scene.state.fills, maker);
  const key = (nonce / 8n).toString();
  fills.set(key, (fills.get(key) ?? 0n) + (energyWh << (32n * (nonce % 8n))));
}

/** What a charge comes to, rounded down to a base unit. */
export const chargeOf = (chargePerKwh: bigint, energyWh: bigint): bigint =>
  (chargePerKwh * energyWh) / 1000n;
