import type { Address, Hex } from "viem";
import type { PositionTerms } from "../history/positions.ts";
import type { Mode } from "../modes.ts";

/** A microgrid after its events so far. */
export interface MicrogridState {
  readonly name: string;
  readonly currency: Address;
  readonly slotSeconds: number;
  readonly reportingDeadline: number;
  readonly latitudeTenths: number;
  readonly longitudeTenths: number;
  dso: Address;
  /** Base units per kWh. */
  feedIn: bigint;
  networkFee: bigint;
  islandPriceCap: bigint;
  /** Wh per slot. */
  islandRation: number;
  retail: bigint;
  mode: Mode;
}

/** Terms of a tie line. */
export interface LineTerms {
  readonly lossBps: number;
  readonly capacity: number;
  readonly wheelingUp: bigint;
  readonly wheelingDown: bigint;
}

/** A tie line: `next` replaces `current` at `effectiveAt`. */
export interface LineState {
  current: LineTerms;
  next?: LineTerms | undefined;
  effectiveAt: number;
}

export interface MeterState {
  owner: Address;
  readonly microgrid: number;
  readonly source: number;
  readonly capacityW: number;
  readonly critical: boolean;
  /** Days from the Unix epoch. */
  readonly sinceDay: number;
  active: boolean;
}

export interface AccountState {
  balance: bigint;
  counter: bigint;
  /** Unix seconds. */
  lockedUntil: number;
}

/** A block of a meter that is owed to forwards, in words of eight lanes. */
export interface DeliveryState {
  committed: bigint;
  delivered: bigint;
  /** For a block that fell short: what the positions released so far were promised, and what they got. */
  sharedCommitted: bigint;
  sharedDelivered: bigint;
  /** The sum of all releases. */
  released: bigint;
}

export interface PositionState {
  readonly terms: PositionTerms;
  /** By block; released blocks are removed. */
  readonly reserved: Map<number, bigint>;
}

/** A currency's money, in base units. */
export interface MoneyState {
  /** Deposits less withdrawals. */
  held: bigint;
  /** The sum of all accounts. */
  accounts: bigint;
  /** Payments and bonds of positions. */
  locked: bigint;
  /** Held and not owed, as far as it was reported: 0 in an honest history. */
  gap: bigint;
}

/** Words of eight lanes by block. */
export type Words = Map<number, bigint>;

/** The sum of the chain's events: everything that can be compared with the chain, and what the rules need. */
export interface AuditState {
  readonly microgrids: Map<number, MicrogridState>;
  /** By `lineKey`. */
  readonly lines: Map<string, LineState>;
  readonly meters: Map<Address, MeterState>;
  /** One bit per slot, in words of 256. */
  readonly reported: Map<Address, Map<number, bigint>>;
  readonly deliveries: Map<Address, Map<number, DeliveryState>>;
  /** By holder, then by series (see {@link seriesOf}). Zero balances are removed. */
  readonly energy: Map<Address, Map<number, Words>>;
  /** By currency, then by holder. */
  readonly accounts: Map<Address, Map<Address, AccountState>>;
  readonly money: Map<Address, MoneyState>;
  /** By maker, then by nonce / 8: a word, the guard bit meaning cancelled. */
  readonly fills: Map<Address, Map<string, bigint>>;
  /** By `allowanceKey`. */
  readonly allowances: Map<string, bigint>;
  readonly positions: Map<Hex, PositionState>;
  /** By direction, then by block. */
  readonly flows: Map<string, Words>;
  /** Purchases of ordinary meters while islanded, where calldata was seen. */
  readonly rationed: Map<Address, Words>;
}

export const emptyState = (): AuditState => ({
  microgrids: new Map(),
  lines: new Map(),
  meters: new Map(),
  reported: new Map(),
  deliveries: new Map(),
  energy: new Map(),
  accounts: new Map(),
  money: new Map(),
  fills: new Map(),
  allowances: new Map(),
  positions: new Map(),
  flows: new Map(),
  rationed: new Map(),
});

/** The number of a series, one source in one microgrid, as in the contracts. */
export const seriesOf = (microgrid: number, source: number): number => microgrid * 256 + source;

export const lineKey = (one: number, other: number): string =>
  one < other ? `${one} ${other}` : `${other} ${one}`;

export const allowanceKey = (maker: Address, currency: Address, delegate: Address): string =>
  `${maker} ${currency} ${delegate}`;

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

/** A holder's account, created when missing. */
export function accountIn(state: AuditState, currency: Address, holder: Address): AccountState {
  const accounts = within(state.accounts, currency);
  const known = accounts.get(holder);
  if (known !== undefined) return known;
  const made = { balance: 0n, counter: 0n, lockedUntil: 0 };
  accounts.set(holder, made);
  return made;
}

export function moneyIn(state: AuditState, currency: Address): MoneyState {
  const known = state.money.get(currency);
  if (known !== undefined) return known;
  const made = { held: 0n, accounts: 0n, locked: 0n, gap: 0n };
  state.money.set(currency, made);
  return made;
}

export function deliveryIn(state: AuditState, meter: Address, blockNumber: number): DeliveryState {
  const deliveries = within(state.deliveries, meter);
  const known = deliveries.get(blockNumber);
  if (known !== undefined) return known;
  const made = {
    committed: 0n,
    delivered: 0n,
    sharedCommitted: 0n,
    sharedDelivered: 0n,
    released: 0n,
  };
  deliveries.set(blockNumber, made);
  return made;
}

/** An order's fill, in Wh, and whether it is cancelled. */
export function fillIn(state: AuditState, maker: Address, nonce: bigint) {
  const word = state.fills.get(maker)?.get((nonce / 8n).toString()) ?? 0n;
  const lane = word >> (32n * (nonce % 8n));
  return { filledWh: lane & 0x7fffffffn, cancelled: (lane & 0x80000000n) !== 0n };
}

/** The tie line terms in force for energy that goes `from` one microgrid `to` another; undefined without a tie line. */
export function crossingIn(state: AuditState, from: number, to: number, time: number) {
  const line = state.lines.get(lineKey(from, to));
  if (line === undefined) return undefined;
  const terms = line.next !== undefined && line.effectiveAt <= time ? line.next : line.current;
  return {
    lossBps: BigInt(terms.lossBps),
    capacity: BigInt(terms.capacity),
    wheeling: from < to ? terms.wheelingUp : terms.wheelingDown,
  };
}
