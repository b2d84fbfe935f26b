import { balance } from "ponder:schema";
import { type Moved, mergedWords, sumWh } from "@wattline/sdk";
import { zeroAddress } from "viem";
import type { Db } from "./occasion.ts";

/** Records a move of energy; the zero address mints and burns. */
export async function recordMove(db: Db, { from, to, words }: Moved): Promise<void> {
  for (const { microgrid, source, blockNumber: block, energy: word } of mergedWords(words)) {
    const key = { microgrid, source, block };
    const energyWh = sumWh([word]);
    if (from !== zeroAddress) {
      await db.update(balance, { holder: from, ...key }).set((held) => ({
        word: held.word - word,
        energyWh: held.energyWh - energyWh,
      }));
    }
    if (to !== zeroAddress) {
      await db
        .insert(balance)
        .values({ holder: to, ...key, word, energyWh })
        .onConflictDoUpdate((held) => ({
          word: held.word + word,
          energyWh: held.energyWh + energyWh,
        }));
    }
  }
}
