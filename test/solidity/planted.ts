/** A bug to plant into the contracts: the tests must notice it. */
export interface PlantedBug {
  /** The promise that it breaks, by its number in `Invariants.t.sol`. */
  readonly promise: number;
  readonly what: string;
  readonly file: string;
  /** The sound code, which is there once, and what takes its place. */
  readonly from: string;
  readonly to: string;
}

/** One bug for each promise. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    promise: 1,
    what: "a seller gets back all of its bond, the buyer a part of it too",
    file: "contracts/market/Forwards.sol",
    from: "_credit(_account(position.currency, position.seller), paid + kept);",
    to: "_credit(_account(position.currency, position.seller), paid + bonded);",
  },
  {
    promise: 2,
    what: "nothing is lost on a tie line",
    file: "contracts/market/Spot.sol",
    from: "line, lineTo, take.firstBlock, take.energy, arrived);",
    to: "line, lineTo, take.firstBlock, take.energy, take.energy);",
  },
  {
    promise: 3,
    what: "a cancelled order is filled",
    file: "contracts/market/Book.sol",
    from: "uint256 filled = uint32(lanes >> ((order.nonce % 8) * 32));",
    to: "uint256 filled = (lanes >> ((order.nonce % 8) * 32)) & ProfileLib.LANE_MAX;",
  },
  {
    promise: 4,
    what: "a slot can be reported again",
    file: "contracts/Meters.sol",
    from: "flags |= bits;",
    to: "",
  },
  {
    promise: 5,
    what: "a lock never ends",
    file: "contracts/market/Escrow.sol",
    from: "if (block.timestamp < account.lockedUntil) revert",
    to: "if (account.lockedUntil != 0) revert",
  },
  {
    promise: 6,
    what: "the last offer sets the price, not the highest",
    file: "contracts/market/Settlement.sol",
    from: "if gt(ask, mload(laneAt)) {",
    to: "if 1 {",
  },
  {
    promise: 7,
    what: "a slot that is never reported keeps its positions",
    file: "contracts/Meters.sol",
    from: "resolved = (ProfileLib.guardsOf(flags & 0xff) | late) & ProfileLib.GUARDS;",
    to: "resolved = ProfileLib.guardsOf(flags & 0xff);",
  },
  {
    promise: 8,
    what: "an allowance does not shrink",
    file: "contracts/market/Book.sol",
    from: "_allowances[maker][currency][delegate] = left - amount;",
    to: "_allowances[maker][currency][delegate] = left;",
  },
];
