import type { Position, PositionBlock, PositionView } from "@wattline/sdk";
import type { Hex } from "viem";

/** A block of a forward that a household sells or buys. */
export interface Forward {
  readonly positionId: Hex;
  readonly position: Position;
  readonly block: PositionBlock;
}

/** The blocks of positions, latest first. */
export const forwardsOf = (
  views: readonly Pick<PositionView, "id" | "position" | "blocks">[],
): Forward[] =>
  views
    .flatMap(({ id, position, blocks }) =>
      blocks.map((block) => ({ positionId: id, position, block })),
    )
    .toSorted((a, b) => b.block.block - a.block.block);
