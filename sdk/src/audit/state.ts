import { type Address, type Hex, zeroAddress } from "viem";
import { isFirm } from "../deals/order.ts";
import { type KnownMicrogrids, Microgrids } from "../history/microgrids.ts";
import type { Position } from "../history/positions.ts";
import { LANES } from "../profile.ts";
import { slotStart } from "../slots.ts";
import { heldLanes } from "../words.ts";

export interface MeterState {
  owner: Address;
  readonly microgrid: number;
  readonly source: number;
  readonly capacityW: number;
  critical: boolean;
  /** The first slot that it reports. */
  readonly firstSlot: number;
  active: boolean;
  /** Who has been offered the meter; zero for nobody. */
  pendingOwner: Address;
  /** The microgrid that may register it next; 0 for none. */
  movingTo: number;
  /** The first slot after all that it has promised. */
  promisedEnd: number;
  retiredSlot: number;
  offers: number;
}

export interface AccountState {
  balanceMillis: bigint;
  counter: bigint;
  /** Unix seconds. */
  lockedUntil: number;
  /** Whom the last lock names; zero before any. */
  settler: Address;
  signer: Address;
}

export interface AllowanceState {
  amountMillis: bigint;
  /** Unix seconds. */
  untilSeconds: number;
}

/** A block of a meter that is owed to forwards, in words of eight lanes. */
export interface DeliveryState {
  committed: bigint;
  delivered: bigint;
  /** The energy of all positions that were released. */
  released: bigint;
}

export interface PositionState {
  readonly position: Position;
  /** Bit i: the block `firstBlock + i` is open. */
  open: bigint;
}

/** A currency's money, in thousandths of a base unit. */
export interface MoneyState {
  /** Deposits less withdrawals. */
  heldMillis: bigint;
  /** The sum of all accounts. */
  accountsMillis: bigint;
  /** Payments and bonds of positions. */
  lockedMillis: bigint;
  /** Held and not owed, as far as it was reported: 0 in an honest history. */
  gapMillis: bigint;
}

/** Words of eight lanes by block. */
export type Words = Map<number, bigint>;

/** A battery's export in one microgrid, and what was retired to charge it. */
export interface StorageState {
  readonly exported: Words;
  readonly charged: Words;
}

/** The sum of the chain's events: everything that can be compared with the chain, and what the rules need. */
export interface AuditState {
  readonly communities: KnownMicrogrids;
  readonly meters: Map<Address, MeterState>;
  /** One bit per slot, in words of 256. */
  readonly reported: Map<Address, Map<number, bigint>>;
  readonly deliveries: Map<Address, Map<number, DeliveryState>>;
  /** By holder, then by series (see {@link seriesOf}). Zero balances are removed. */
  readonly energy: Map<Address, Map<number, Words>>;
  /** By currency, then by holder. */
  readonly accounts: Map<Address, Map<Address, AccountState>>;
  readonly money: Map<Address, MoneyState>;
  /** By {@link FillKey}, then by nonce / 8: a word, the guard bit meaning cancelled. */
  readonly fills: Map<string, Map<string, bigint>>;
  /** By `allowanceKey`. */
  readonly allowances: Map<string, AllowanceState>;
  /** Those with open blocks. */
  /** How many mandates of a holder were submitted; see {@link areMandatesKnown}. */
  readonly mandates: Map<Address, bigint>;
  /** Whether that is all: false once a transaction's calls were not all seen. */
  areMandatesKnown: boolean;
  readonly positions: Map<Hex, PositionState>;
  /** By direction, then by block: sent, less what a forward fell short. */
  readonly flows: Map<string, Words>;
  /** What ordinary meters have bought of islanded slots. */
  readonly rationed: Map<Address, Words>;
  /** Whether that is all: false once a purchase in an islanded slot came without calldata, which names the meter. */
  isRationKnown: boolean;
  /** By the battery's meter, then by microgrid. */
  readonly storage: Map<Address, Map<number, StorageState>>;
}

export const emptyState = (): AuditState => ({
  communities: { microgrids: new Map(), lines: new Map(), proposals: new Map() },
  meters: new Map(),
  reported: new Map(),
  deliveries: new Map(),
  energy: new Map(),
  accounts: new Map(),
  money: new Map(),
  fills: new Map(),
  allowances: new Map(),
  mandates: new Map(),
  areMandatesKnown: true,
  positions: new Map(),
  flows: new Map(),
  rationed: new Map(),
  isRationKnown: true,
  storage: new Map(),
});

/** The communities of a state, which change with it. */
export const communitiesIn = ({ communities }: Pick<AuditState, "communities">): Microgrids =>
  new Microgrids(communities);

/** The number of a series, one source in one microgrid, as in the contracts. */
export const seriesOf = (microgrid: number, source: number): number => microgrid * 256 + source;

export const directionOf = (from: number, to: number): string => `${from} ${to}`;

export const allowanceKey = (maker: Address, currency: Address, delegate: Address): string =>
  `${maker} ${currency} ${delegate}`;

/** What the fills of an order are kept under: those of firm orders by currency and settler, too. */
export interface FillKey {
  readonly maker: Address;
  readonly currency: Address;
  readonly settler: Address;
  readonly nonce: bigint;
}

export const fillsKey = ({ maker, currency, settler, nonce }: FillKey): string =>
  isFirm({ nonce }) ? `${maker} ${currency} ${settler}` : maker;

/** The map under `key`, created when missing. */
export function within<Key, Inner, Value>(
  outer: Map<Key, Map<Inner, Value>>,
  key: Key,
): Map<Inner, Value> {
  const known = outer.get(key);
  if (known !== undefined) return known;
  const made = new Map<Inner, Value>();
  outer.set(key, made);
  return made;
}

/** The value under `key`, created when missing. */
function madeIn<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

const NO_ACCOUNT: AccountState = {
  balanceMillis: 0n,
  counter: 0n,
  lockedUntil: 0,
  settler: zeroAddress,
  signer: zeroAddress,
};

/** A holder's account, created when missing. */
export const accountIn = (state: AuditState, currency: Address, holder: Address): AccountState =>
  madeIn(within(state.accounts, currency), holder, () => ({ ...NO_ACCOUNT }));

/** A holder's account to read; nothing is created. */
export const accountOf = (
  state: AuditState,
  currency: Address,
  holder: Address,
): Readonly<AccountState> => state.accounts.get(currency)?.get(holder) ?? NO_ACCOUNT;

export const moneyIn = (state: AuditState, currency: Address): MoneyState =>
  madeIn(state.money, currency, () => ({
    heldMillis: 0n,
    accountsMillis: 0n,
    lockedMillis: 0n,
    gapMillis: 0n,
  }));

export const deliveryIn = (state: AuditState, meter: Address, blockNumber: number): DeliveryState =>
  madeIn(within(state.deliveries, meter), blockNumber, () => ({
    committed: 0n,
    delivered: 0n,
    released: 0n,
  }));

/** An order's fill, in Wh, and whether it is cancelled. */
export function fillIn(state: AuditState, key: FillKey) {
  const word = state.fills.get(fillsKey(key))?.get((key.nonce / 8n).toString()) ?? 0n;
  const lane = word >> (32n * (key.nonce % 8n));
  return { filledWh: lane & 0x7fffffffn, cancelled: (lane & 0x80000000n) !== 0n };
}

/** The guard bits of the reported lanes of a block. */
export function reportedIn(state: AuditState, meter: Address, blockNumber: number): bigint {
  const flags = state.reported.get(meter)?.get(Math.floor(blockNumber / 32)) ?? 0n;
  let guards = 0n;
  for (let lane = 0; lane < LANES; lane++) {
    const bit = (flags >> BigInt((blockNumber % 32) * LANES + lane)) & 1n;
    guards |= bit << BigInt(32 * lane + 31);
  }
  return guards;
}

/**
 * Forgets a block of which nothing can come any more: its last slot has started, so that nobody can promise more, all positions
 * are released and all their slots reported.
 */
export function forgetDelivery(
  { state, time }: { readonly state: AuditState; readonly time: number },
  meter: Address,
  blockNumber: number,
): void {
  const delivery = state.deliveries.get(meter)?.get(blockNumber);
  if (delivery === undefined || delivery.released !== delivery.committed) return;
  const microgrid = communitiesIn(state).get(state.meters.get(meter)?.microgrid ?? 0);
  const lastSlot = (blockNumber + 1) * LANES - 1;
  if (microgrid === undefined || slotStart(lastSlot, microgrid.slotSeconds) > time) return;
  const isReported =
    (heldLanes(delivery.committed) & ~reportedIn(state, meter, blockNumber)) === 0n;
  if (isReported) state.deliveries.get(meter)?.delete(blockNumber);
}

/** The most that a meter can export in a slot: its capacity, rounded up to a Wh. */
export const mostWhOf = ({ capacityW }: Pick<MeterState, "capacityW">, slotSeconds: number) =>
  BigInt(Math.ceil((capacityW * slotSeconds) / 3600));
