import {
  blockOf,
  energyIdOf,
  LANES,
  laneOf,
  millisOf,
  parseEnergyId,
  sourceIndex,
} from "@wattline/sdk";
import { holdersOf } from "./community.ts";
import type { Simulation } from "./simulation.ts";
import type { Sums } from "./sums.ts";

/** Whether the marketplace holds exactly what it owes, to the thousandth: all accounts, and what is locked for forwards. */
export async function isEscrowSolvent({
  wattline,
  communities,
  ledger,
}: Simulation): Promise<boolean> {
  const { marketplace, euro, addresses } = wattline;
  await ledger.follow();
  let owedMillis = ledger.lockedMillis();
  for (const address of holdersOf(communities)) {
    owedMillis += (await marketplace.accountOf(addresses.euro, address)).balance;
  }
  return millisOf(await euro.balanceOf(addresses.marketplace)) === owedMillis;
}

/**
 * Whether in every slot all reported energy was minted or lost on the tie line, and all minted energy is held by
 * somebody. At the end of a run nothing is owed to forwards any more.
 */
export async function isEnergyConserved(simulation: Simulation, sums: Sums): Promise<boolean> {
  const { mintedWh, reportedWh, lostWh } = sums;
  const mintedBySlot = new Map<number, bigint>();
  for (const [id, wh] of mintedWh) {
    const { slot } = parseEnergyId(id);
    mintedBySlot.set(slot, (mintedBySlot.get(slot) ?? 0n) + wh);
  }
  const slots = new Set([...reportedWh.keys(), ...mintedBySlot.keys()]);
  const accounted = [...slots].every(
    (slot) =>
      (reportedWh.get(slot) ?? 0n) === (mintedBySlot.get(slot) ?? 0n) + (lostWh.get(slot) ?? 0n),
  );
  const held = await holdings(simulation);
  const ids = new Set([...held.keys(), ...mintedWh.keys()]);
  return accounted && [...ids].every((id) => (held.get(id) ?? 0n) === (mintedWh.get(id) ?? 0n));
}

/** The sum over all accounts, per token id. */
async function holdings({ wattline, communities }: Simulation): Promise<Map<bigint, bigint>> {
  const held = new Map<bigint, bigint>();
  const source = sourceIndex("Solar");
  for (const { microgrid, series } of communities) {
    const firstBlock = blockOf(series.firstSlot);
    const blocks = blockOf(series.firstSlot + series.slots - 1) - firstBlock + 1;
    for (const address of holdersOf(communities)) {
      const words = await wattline.energy.profileOf(address, microgrid, source, firstBlock, blocks);
      for (const [offset, word] of words.entries()) {
        for (let lane = 0; lane < LANES; lane++) {
          const slot = (firstBlock + offset) * LANES + lane;
          const id = energyIdOf({ microgrid, source: "Solar", slot });
          held.set(id, (held.get(id) ?? 0n) + laneOf(word, lane));
        }
      }
    }
  }
  return held;
}
