import type { Snapshot } from "@wattline/relay/chain";
import {
  asker,
  dueBlocksOf,
  marketplaceAbi,
  metersAbi,
  type Position,
  type Release,
} from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual } from "viem";

/** Forwards that can be settled, by the call that does it. */
export interface DueReleases {
  readonly release: readonly Release[];
  readonly undelivered: readonly Release[];
}

/**
 * Finds the forwards that can be settled at a block.
 * @param close Told of a position that has no open block any more.
 */
export async function dueReleasesOf(
  view: Snapshot,
  positions: ReadonlyMap<Hex, Position>,
  sender: Address,
  close: (id: Hex) => void,
): Promise<DueReleases> {
  const market = asker(view, view.deployment.marketplace, marketplaceAbi);
  const meters = asker(view, view.deployment.meters, metersAbi);
  const due = { release: [] as Release[], undelivered: [] as Release[] };
  const found = await Promise.all(
    [...positions].map(async ([id, position]) => {
      const microgrid = view.microgrid(position.from);
      if (microgrid === undefined || !hasEnded(position, microgrid.slotSeconds)) return undefined;
      const open = await market("openOf", [id]);
      if (open === 0n) {
        close(id);
        return undefined;
      }
      const marks = await Promise.all(
        position.energy.map(async (word, index) => {
          if (word === 0n || (open & (1n << BigInt(index))) === 0n) return 0n;
          const [, , reported] = await meters("deliveryOf", [
            position.meter,
            position.firstBlock + index,
          ]);
          return reported;
        }),
      );
      const blocks = dueBlocksOf(position, {
        open,
        reported: (block) => marks[block - position.firstBlock] ?? 0n,
        microgrid,
        nowSeconds: view.nowSeconds,
        isBuyer:
          isAddressEqual(position.buyer, sender) || isAddressEqual(position.buyerDelegate, sender),
      });
      return { position, blocks };
    }),
  );
  for (const each of found) {
    if (each === undefined) continue;
    const { position, blocks } = each;
    if (blocks.reported !== 0n) due.release.push({ position, blocks: blocks.reported });
    if (blocks.overdue !== 0n) due.undelivered.push({ position, blocks: blocks.overdue });
  }
  return due;

  /** Whether any of its slots has ended: before that nothing is reported. */
  function hasEnded({ firstBlock }: Position, slotSeconds: number): boolean {
    return firstBlock * 8 * slotSeconds < view.nowSeconds;
  }
}
