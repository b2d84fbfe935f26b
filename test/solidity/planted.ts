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
    file: "contracts/market/Releases.sol",
    from: "_credit(_account(currency, position.seller), paid + bonded - charge - forfeited);",
    to: "_credit(_account(currency, position.seller), paid + bonded - charge);",
  },
  {
    promise: 2,
    what: "a tie line loses less than it says",
    file: "contracts/market/Deals.sol",
    from: "return (flow * lossBps + BPS - 1) / BPS;",
    to: "return (flow * lossBps) / BPS;",
  },
  {
    promise: 3,
    what: "a cancelled order is filled",
    file: "contracts/market/Book.sol",
    from: "uint256 filled = uint32(lanes >> _laneOf(party.order.nonce));",
    to: "uint256 filled = (lanes >> _laneOf(party.order.nonce)) & ProfileLib.LANE_MAX;",
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
    file: "contracts/market/Transfers.sol",
    from: "if (block.timestamp < account.lockedUntil) revert",
    to: "if (account.lockedUntil != 0) revert",
  },
  {
    promise: 6,
    what: "a limit trades at a price worse than the community's",
    file: "contracts/market/Deals.sol",
    from: "if (cost > bid.price * arrived || (home && cost > worth * arrived)) return false;",
    to: "if (cost > bid.price * arrived) return false;",
  },
  {
    promise: 7,
    what: "only the buyer can ever call undelivered",
    file: "contracts/market/Releases.sol",
    from: "uint256 since = isBuyer ? block.timestamp : block.timestamp - BUYERS_TIME;",
    to: "uint256 since = isBuyer ? block.timestamp : 0;",
  },
  {
    promise: 8,
    what: "an allowance does not shrink",
    file: "contracts/market/Book.sol",
    from: "allowance.amount = uint120(allowance.amount - amount);",
    to: "allowance.amount = uint120(allowance.amount);",
  },
  {
    promise: 9,
    what: "a lock binds the money to nobody",
    file: "contracts/market/Accounts.sol",
    from: "_locks[currency][holder].settler != msg.sender",
    to: "_locks[currency][holder].settler == address(0)",
  },
  {
    promise: 10,
    what: "positions are served as if nothing had been promised before",
    file: "contracts/market/Releases.sol",
    from: "Profile share = energy.min(delivered.sub(delivered.min(position.ahead[index])));",
    to: "Profile share = energy.min(delivered);",
  },
  {
    promise: 11,
    what: "a posted price may exceed the island's cap",
    file: "contracts/market/Deals.sol",
    from: "if (cost < charges || cost > cap * arrived) return false;",
    to: "if (cost < charges) return false;",
  },
];
