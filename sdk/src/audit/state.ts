import type { Address, Hex } from "viem";
import type { PositionTerms } from "../history/positions.ts";
import type { Mode } from "../modes.ts";

/** A microgrid as its events have left it. */
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

/** A tie line: `next` takes the place of `current` at `effectiveAt`. */
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

/** What a block of a meter owes to forwards. Words of eight lanes. */
export interface DeliveryState {
  committed: bigint;
  delivered: bigint;
  /** What the positions released so far were promised, and what they got, in a block that fell short. */
  sharedCommitted: bigint;
  sharedDelivered: bigint;
  /** All that has been released. */
  released: bigint;
}

export interface PositionState {
  readonly terms: PositionTerms;
  /** By block; what is released is gone. */
  readonly reserved: Map<number, bigint>;
}

/** A currency's money, in base units. */
export interface MoneyState {
  /** Deposits less withdrawals. */
  held: bigint;
  /** All accounts together. */
  accounts: bigint;
  /** Payments and bonds of positions. */
  locked: bigint;
  /** Held and not owed, as far as it has been told: nothing, in an honest history. */
  gap: bigint;
}

/** Words of eight lanes by block. */
export type Words = Map<number, bigint>;

/** What the chain's events add up to: everything that can be compared with the chain, and what the rules need to know. */
export interface AuditState {
  readonly microgrids: Map<number, MicrogridState>;
  /** By `lineKey`. */
  readonly lines: Map<string, LineState>;
  readonly meters: Map<Address, MeterState>;
  /** One bit per slot, in words of 256. */
  readonly reported: Map<Address, Map<number, bigint>>;
  readonly deliveries: Map<Address, Map<number, DeliveryState>>;
  /** By holder, then by line of the energy id (microgrid and source). Nothing is kept of what is zero. */
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
  /** What ordinary meters have bought while islanded, as far as calldata was seen. */
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

/** A line of energy: a source in a microgrid, as the contracts number it. */
export const lineOf = (microgrid: number, source: number): number => microgrid * 256 + source;

export const lineKey = (one: number, other: number): string =>
  one < other ? `${one} ${other}` : `${other} ${one}`;

export const allowanceKey = (maker: Address, currency: Address, delegate: Address): string =>
  `${maker} ${currency} ${delegate}`;

/** The map under `key`, made when there is none. */
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

/** A holder's account, made when there is none. */
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

/** What is filled of an order, in Wh, and whether it is cancelled. */
export function fillIn(state: AuditState, maker: Address, nonce: bigint) {
  const word = state.fills.get(maker)?.get((nonce / 8n).toString()) ?? 0n;
  const lane = word >> (32n * (nonce % 8n));
  return { filledWh: lane & 0x7fffffffn, cancelled: (lane & 0x80000000n) !== 0n };
}

/** The terms of a tie line in force for energy that goes `from` there `to` the other; undefined when there is none. */
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
