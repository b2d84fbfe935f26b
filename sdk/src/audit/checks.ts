import type { Hex } from "viem";
import type { MessageCode, UnseenCode } from "./messages.ts";

/** What the audit checks, in the order of its report. `promise` numbers the dApp's sentence that a check belongs to. */
export const CHECKS = {
  "reading-signature": { title: "Every reading is signed by its meter's device key" },
  meter: { title: "Every reading and promise comes from a registered meter" },
  "reported-once": { title: "No slot of a meter is reported twice", promise: 4 },
  "reading-time": { title: "No slot is reported before it ended or outside the meter's service" },
  capacity: { title: "No slot exceeds what the meter can export", promise: 4 },
  sun: { title: "No solar energy at night or above the clearest sky" },
  minting: {
    title: "Energy minted, kept for forwards and lost on lines is the energy reported",
    promise: 2,
  },
  holdings: { title: "Nobody gives away energy or money that they do not have" },
  "order-signature": {
    title: "Every order is signed by its maker, its lock's signer, a delegate or its wallet",
  },
  "order-terms": { title: "Every trade keeps its orders' slots, sources and counterparties" },
  price: {
    title: "A posted price is paid exactly, within the other side's limit",
    promise: 3,
  },
  "community-price": { title: "Two limits trade at the community price of the slot", promise: 3 },
  overfill: { title: "No order is filled beyond what was signed", promise: 3 },
  deadline: { title: "No order is filled after its deadline", promise: 3 },
  counter: { title: "No order is filled once its maker has raised the counter", promise: 3 },
  cancelled: { title: "No cancelled order is filled", promise: 3 },
  skips: { title: "No match is skipped, and no block kept from release, without a reason" },
  allowance: { title: "No delegate spends beyond its allowance" },
  mandates: { title: "What is done for a household is what it has signed" },
  fees: { title: "Network fees and wheeling charges are what was due" },
  loss: { title: "Tie lines lose what was agreed" },
  "line-capacity": { title: "Tie lines carry no more than agreed" },
  island: { title: "Islanded and closed microgrids keep their rules" },
  shares: { title: "What was promised first is served first" },
  refunds: { title: "Shortfalls are refunded and bonds forfeited" },
  escrow: { title: "The escrow holds all accounts, locked payments and bonds", promise: 1 },
  lock: { title: "Locked money moves only in fills by the lock's settler" },
  withdrawal: { title: "Money that is not locked can be withdrawn", promise: 5 },
  hooks: { title: "No market move runs a hook", promise: 6 },
  calldata: { title: "Events say what the transactions asked for" },
  logs: { title: "Logs fit their blocks and one another" },
  state: { title: "Rebuilt balances, fills and positions are those of the chain" },
} as const satisfies Readonly<
  Record<string, { readonly title: string; readonly promise?: number }>
>;

/** The name of a check. */
export type Check = keyof typeof CHECKS;

export const CHECK_NAMES = Object.keys(CHECKS).filter((name): name is Check => name in CHECKS);

/** Something that should not be. */
export interface Finding {
  readonly check: Check;
  readonly block: number;
  readonly transaction: Hex;
  /** Undefined for what concerns no one microgrid. */
  readonly microgrid?: number | undefined;
  /** Which message it has: what it says in another language. */
  readonly code: MessageCode;
  /** It says so in English. */
  readonly message: string;
  readonly values: Readonly<Record<string, string>>;
}

/** What came of a check. */
export interface Verdict {
  readonly check: Check;
  readonly title: string;
  /** The number of the dApp's sentence that it belongs to. */
  readonly promise?: number | undefined;
  /** How many things were checked. */
  readonly checked: number;
  readonly failed: number;
  /** How many could not be judged, and why. */
  readonly unseen: number;
  readonly unseenWhy?: UnseenCode | undefined;
  /** The first that failed. */
  readonly first?: Finding | undefined;
}
