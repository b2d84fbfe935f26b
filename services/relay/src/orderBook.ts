import { recoverAddress } from "@wattline/common/recover";
import {
  type Domain,
  goodUntil,
  hashWithdrawal,
  type Judgement,
  judgeOrder,
  OFFER,
  type Order,
  type OrderFacts,
  type OrderState,
  orderFromJson,
  readOrderFacts,
  type SignedOrder,
  type SignedOrderJson,
  type Signer,
  signedOrderToJson,
} from "@wattline/sdk";
import type { Address, Hex } from "viem";
import type { Snapshot } from "./chain/snapshot.ts";
import type { Parties, Touched } from "./chain/touched.ts";
import { NOTHING_TOUCHED } from "./chain/touched.ts";
import { farSlots } from "./farSlots.ts";
import type { Limits } from "./limits/limits.ts";
import type { OrderCache } from "./orderCache.ts";
import { recheckAt } from "./recheck.ts";
import type { Database } from "./store/database.ts";
import type { Ledger, Writer } from "./store/ledger.ts";
import {
  bookOrderOf,
  changeableOrders,
  changesSince,
  countByState,
  dueOrders,
  findOrder,
  insertOrders,
  type KnownOrder,
  knownOrders,
  OPEN_STATES,
  openOrdersOf,
  type Recheck,
  recheckedOrders,
  revivedOrders,
  type Selection,
  setRechecks,
  tidy,
  updateOrders,
  walletOrders,
} from "./store/orders.ts";
import type { OrderRow } from "./store/tables.ts";
import { Turns } from "./turns.ts";
import type { CheckThread } from "./verify/checkThread.ts";
import type { SignatureCheck } from "./verify/signatureCheck.ts";
import type { BookOrder, PostResult, RuleBroken } from "./wire.ts";

/** The chain has not been read yet, so no order can be judged. */
export class NotReadyError extends Error {
  constructor() {
    super("The relay has not read the chain yet. Try again in a moment.");
  }
}

/** A withdrawal is not signed by anyone who may sign it. */
export class BadWithdrawalError extends Error {}

/** Orders judged and written together. */
const CHUNK = 500;
/** Orders of contract wallets that are checked again with each block. */
const WALLETS_PER_BLOCK = 50;

/** The database is vacuumed after this many changes, and after this share of all changes so far. */
const FEWEST_CHANGES = 5_000;
const TIDY_SHARE = 0.25;

/** An order that has been judged, before it is written. */
interface Judged {
  readonly order: Order;
  readonly signature: Hex;
  readonly hash: Hex;
  readonly facts: OrderFacts;
  readonly verdict: Judgement;
}

/** What a write has changed, in the order of sequences, and what came of it. */
interface Written<T> {
  readonly changed: readonly OrderRow[];
  readonly result: T;
}

/** How an order stands. */
type Standing = Pick<OrderRow, "state" | "remaining_wh" | "recheck_at">;

const EXPIRED: Standing = { state: "expired", remaining_wh: 0, recheck_at: null };

/**
 * The order book: accepts signed orders, stores what the chain says about them, and reports every change. Orders are
 * judged in parallel and written one after another, so a change's sequence is also the order in which it became visible.
 * Of the relays that share a database all accept orders, and the one that leads judges them again.
 */
export class OrderBook {
  readonly db: Database;
  /** The part of the book that is kept in memory. */
  readonly cache: OrderCache;
  readonly #ledger: Ledger;
  readonly #domain: Domain;
  readonly #checkThread: CheckThread;
  readonly #limits: Limits;
  readonly #turns = new Turns();
  #snapshot: Snapshot | undefined;
  /** Makers with orders that were judged at one block, here or by another relay, and written when the book was at the next. */
  #writtenLate = new Set<Address>();
  #lastWallet: Hex | "" = "";
  #tidiedAt = 0;

  constructor(
    db: Database,
    ledger: Ledger,
    domain: Domain,
    checkThread: CheckThread,
    limits: Limits,
    cache: OrderCache,
  ) {
    this.db = db;
    this.#ledger = ledger;
    this.#domain = domain;
    this.#checkThread = checkThread;
    this.#limits = limits;
    this.cache = cache;
  }

  get isReady(): boolean {
    return this.#snapshot !== undefined;
  }

  // ===============================================================================================
  // Adding and removing orders
  // ===============================================================================================

  /**
   * Accepts orders that can be traded, and offers whose energy may still be reported.
   * @returns The result for each order, in the given order. A refused order is not stored.
   * @throws NotReadyError, or what the RPC throws
   */
  async admit(
    orders: readonly SignedOrderJson[],
    at: Snapshot | undefined = this.#snapshot,
  ): Promise<PostResult[]> {
    if (at === undefined) throw new NotReadyError();
    const checks = await this.#checkThread.ask(orders);
    const known = await knownOrders(
      this.db,
      checks.map(({ hash }) => hash),
    );
    const results = new Map<Hex, PostResult>();
    const fresh = new Map<Hex, { signed: SignedOrderJson; check: SignatureCheck }>();
    for (const [i, signed] of orders.entries()) {
      const check = checks[i];
      if (check === undefined) continue;
      const result = this.#resultOfKnown(check.hash, known.get(check.hash));
      if (result !== undefined) results.set(check.hash, result);
      else if (!fresh.has(check.hash)) fresh.set(check.hash, { signed, check });
    }
    const judged = await Promise.all(
      [...fresh.values()].map(({ signed, check }) => this.#judgeNew(signed, check, at)),
    );
    const good: Judged[] = [];
    for (const one of judged) {
      const reasons = this.#refusalOf(one, at);
      if (reasons.length === 0) good.push(one);
      else results.set(one.hash, { hash: one.hash, status: "refused", reasons });
    }
    for (const result of await this.#store(good, at)) {
      if (result.hash !== undefined) results.set(result.hash, result);
    }
    return checks.flatMap(({ hash }) => results.get(hash) ?? []);
  }

  /** Accepts orders posted on the board, as judged at `at`; those that can't be traded are ignored. */
  async takePinned(pinned: readonly SignedOrder[], at: Snapshot): Promise<void> {
    for (let start = 0; start < pinned.length; start += CHUNK) {
      await this.admit(pinned.slice(start, start + CHUNK).map(signedOrderToJson), at);
    }
  }

  /**
   * Removes an order from the book for good.
   * @param signature Of the sdk's `OrderWithdrawal`, by who may sign such an order: the maker, a delegate of the maker, the maker's
   * wallet; for a firm order the maker or the signer that its lock names.
   * @returns The order as it is now; undefined when the book has no such order.
   * @throws BadWithdrawalError, NotReadyError, or what the RPC throws
   */
  async withdraw(hash: Hex, signature: Hex): Promise<BookOrder | undefined> {
    const at = this.snapshot;
    const row = await findOrder(this.db, hash);
    if (row === undefined || row.withdrawal !== null) return row && bookOrderOf(row);
    const digest = hashWithdrawal(this.#domain, hash);
    const recovered = recoverAddress(digest, signature);
    const signer = await at.signerOf(orderOf(row), { digest, signature, recovered });
    if (signer === undefined) {
      throw new BadWithdrawalError(
        `The withdrawal of ${hash} is signed by nobody who may sign such an order for ${row.maker}.`,
      );
    }
    return this.#write("anyone", async (db, nextSequence) => {
      const before = await findOrder(db, hash);
      if (before === undefined || before.withdrawal !== null) {
        return { changed: [], result: before && bookOrderOf(before) };
      }
      const changed = await db
        .updateTable("orders")
        .set({
          withdrawal: signature,
          state: "cancelled",
          remaining_wh: 0,
          updated_sequence: nextSequence(),
        })
        .where("hash", "=", hash)
        .returningAll()
        .execute();
      const [row] = changed;
      return { changed, result: row && bookOrderOf(row) };
    });
  }

  // ===============================================================================================
  // New blocks
  // ===============================================================================================

  /** What the chain says at the block at which orders are judged. @throws NotReadyError */
  get snapshot(): Snapshot {
    if (this.#snapshot === undefined) throw new NotReadyError();
    return this.#snapshot;
  }

  /** Judges orders at this block from now on. */
  judgeAt(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
  }

  /** Judges the orders that logs concern, and those that change with time or by a contract wallet alone. */
  async judgeTouched(touched: Touched | "all"): Promise<void> {
    const at = this.snapshot;
    const { time } = at.head;
    await this.#expire(time);
    for (const due of [revivedOrders, recheckedOrders]) {
      for (;;) {
        const rows = await due(this.db, time, CHUNK);
        await this.#judgeAgain(rows, at);
        if (rows.length < CHUNK) break;
      }
    }
    for (const selection of selectionsOf(touched)) await this.#judgeAll(selection, at);
    const wallets = await walletOrders(this.db, time, this.#lastWallet, WALLETS_PER_BLOCK);
    this.#lastWallet = wallets.length < WALLETS_PER_BLOCK ? "" : (wallets.at(-1)?.hash ?? "");
    await this.#judgeAgain(wallets, at);
    await this.judgeWrittenLate();
  }

  /** Keeps queries fast: an embedded database does not vacuum by itself. */
  async tidy(): Promise<void> {
    const { published } = this.cache.changes;
    const changed = published - this.#tidiedAt;
    if (changed < Math.max(FEWEST_CHANGES, this.#tidiedAt * TIDY_SHARE)) return;
    this.#tidiedAt = published;
    await this.#turns.take(() => tidy(this.db));
  }

  /** Judges again the orders that were judged at one block and written at the next. */
  async judgeWrittenLate(): Promise<void> {
    if (this.#writtenLate.size === 0) return;
    const makers = this.#writtenLate;
    this.#writtenLate = new Set();
    try {
      await this.judgeTouched({ ...NOTHING_TOUCHED, makers });
    } catch (error) {
      for (const maker of makers) this.#writtenLate.add(maker);
      throw error;
    }
  }

  async rememberPositions(positions: ReadonlyMap<Hex, Parties>): Promise<void> {
    if (positions.size === 0) return;
    await this.db
      .insertInto("positions")
      .values([...positions].map(([id, { seller, buyer }]) => ({ id, seller, buyer })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** Sellers and buyers of forwards. */
  async partiesOf(positions: readonly Hex[]): Promise<Address[]> {
    if (positions.length === 0) return [];
    const rows = await this.db
      .selectFrom("positions")
      .select(["seller", "buyer"])
      .where("id", "in", positions)
      .execute();
    return rows.flatMap(({ seller, buyer }) => [seller, buyer]);
  }

  /** The number of orders by state. */
  countByState(): Promise<Map<OrderState, number>> {
    return countByState(this.db);
  }

  /** Takes in what other relays have written to the same database. */
  async catchUp(): Promise<void> {
    if (this.#ledger.isShared) await this.#turns.take(() => this.#takeIn(this.db));
  }

  /** Resolves when nothing is being written. */
  settled(): Promise<void> {
    return this.#turns.take(async () => undefined);
  }

  // ===============================================================================================
  // Internal
  // ===============================================================================================

  async #judgeNew(json: SignedOrderJson, check: SignatureCheck, at: Snapshot): Promise<Judged> {
    const order = orderFromJson(json.order);
    // A range of slots that is too long is not looked up: the order is refused anyway.
    const looked = this.#isTooLong(order) ? { ...order, lastSlot: order.firstSlot } : order;
    const facts = await at.factsOf(looked, check);
    const { hash } = check;
    const { signature } = json;
    return { order, signature, hash, facts, verdict: judgeOrder(order, facts) };
  }

  #isTooLong({ side, firstSlot, lastSlot }: Order): boolean {
    return side === OFFER && lastSlot - firstSlot >= this.#limits.slotsPerOffer;
  }

  /**
   * The result for an order that the book has: one that may still trade is known, a withdrawn one refused. Undefined for one
   * that is done with for another reason: judging it again says which.
   */
  #resultOfKnown(hash: Hex, known: KnownOrder | undefined): PostResult | undefined {
    if (known === undefined) return undefined;
    const { state, isWithdrawn } = known;
    if (isWithdrawn) {
      const message =
        "This order was withdrawn from this book for good. To trade, sign another one with a new nonce.";
      return { hash, status: "refused", reasons: [{ code: "Relay_Withdrawn", message }] };
    }
    const isOpen = OPEN_STATES.some((open) => open === state);
    return isOpen ? { hash, status: "known", state } : undefined;
  }

  #refusalOf({ order, verdict, facts }: Judged, { head }: Snapshot): RuleBroken[] {
    const reasons: RuleBroken[] = verdict.mayBeBacked ? [] : [...verdict.reasons];
    reasons.push(...farSlots(order, facts.microgrid?.slotSeconds, head.time));
    if (this.#isTooLong(order)) {
      reasons.push({
        code: "Relay_TooManySlots",
        message: `The offer reaches ${order.lastSlot - order.firstSlot + 1} slots; this relay takes offers of up to ${this.#limits.slotsPerOffer}. Sign several.`,
        path: "lastSlot",
      });
    }
    return reasons;
  }

  /** Writes new orders, up to their makers' limits. */
  #store(judged: readonly Judged[], at: Snapshot): Promise<PostResult[]> {
    if (judged.length === 0) return Promise.resolve([]);
    return this.#write("anyone", async (db, nextSequence) => {
      const hashes = judged.map(({ hash }) => hash);
      const makers = new Set(judged.map(({ order }) => order.maker));
      // Another request may have added them in the meantime.
      const known = await knownOrders(db, hashes);
      const open = await openOrdersOf(db, [...makers]);
      const results: PostResult[] = [];
      const rows: OrderRow[] = [];
      for (const one of judged) {
        const { hash, order } = one;
        const count = open.get(order.maker) ?? 0;
        const there = known.get(hash);
        if (there !== undefined) results.push({ hash, status: "known", state: there.state });
        else if (count >= this.#limits.ordersPerMaker) {
          results.push({ hash, status: "refused", reasons: [this.#tooMany(order.maker)] });
        } else {
          open.set(order.maker, count + 1);
          rows.push(rowOf(one, nextSequence()));
          results.push({ hash, status: "accepted" });
        }
      }
      if (rows.length > 0) await insertOrders(db, rows);
      if (at !== this.#snapshot) this.#judgeSoon(rows);
      return { changed: rows, result: results };
    });
  }

  #tooMany(maker: Address): RuleBroken {
    return {
      code: "Relay_TooManyOrders",
      message: `${maker} has ${this.#limits.ordersPerMaker} open orders here, the most that a maker may have. Withdraw some, or wait until they expire.`,
      path: "maker",
    };
  }

  async #judgeAll(selection: Selection, at: Snapshot): Promise<void> {
    let after: Hex | "" = "";
    for (;;) {
      const rows = await changeableOrders(this.db, selection, at.head.time, after, CHUNK);
      await this.#judgeAgain(rows, at);
      const last = rows.at(-1);
      if (rows.length < CHUNK || last === undefined) return;
      after = last.hash;
    }
  }

  async #judgeAgain(rows: readonly OrderRow[], at: Snapshot): Promise<void> {
    if (rows.length === 0) return;
    const checks = await this.#checkWallets(rows);
    const now = new Map<OrderRow, Standing>();
    await Promise.all(
      rows.map(async (row) => {
        const order = orderOf(row);
        const check = checks.get(row.hash);
        const signer = check
          ? at.signerOf(order, check)
          : at.keyOf(order, row.signer_key ?? row.maker);
        const facts = await readOrderFacts(at, order, signer);
        now.set(row, standingOf(order, facts, judgeOrder(order, facts)));
      }),
    );
    const [changed, rechecks]: [(readonly [OrderRow, Standing])[], Recheck[]] = [[], []];
    for (const [row, standing] of now) {
      const { state, remaining_wh, recheck_at } = standing;
      if (state !== row.state || remaining_wh !== row.remaining_wh) changed.push([row, standing]);
      else if (recheck_at !== row.recheck_at) rechecks.push({ hash: row.hash, recheck_at });
    }
    await this.#change(changed);
    if (rechecks.length === 0) return;
    await this.#write("leader", async (db) => {
      await setRechecks(db, rechecks);
      return { changed: [], result: undefined };
    });
  }

  /** Reads the signatures of contract wallets again, since those are asked again. A key's signature stays valid. */
  async #checkWallets(rows: readonly OrderRow[]): Promise<Map<Hex, SignatureCheck>> {
    const wallets = rows.filter(({ signer }) => signer === "wallet");
    if (wallets.length === 0) return new Map();
    const checks = await this.#checkThread.ask(wallets.map(bookOrderOf));
    return new Map(checks.map((check) => [check.hash, check]));
  }

  async #expire(time: number): Promise<void> {
    for (;;) {
      const due = await dueOrders(this.db, time, CHUNK);
      if (due.length === 0) return;
      await this.#change(due.map((row) => [row, EXPIRED]));
    }
  }

  #change(rows: readonly (readonly [OrderRow, Standing])[]): Promise<void> {
    if (rows.length === 0) return Promise.resolve();
    return this.#write("leader", async (db, nextSequence) => {
      const changes = rows.map(([{ hash }, standing]) => ({
        hash,
        ...standing,
        updated_sequence: nextSequence(),
      }));
      return { changed: await updateOrders(db, changes), result: undefined };
    });
  }

  /** Writes in this relay's turn, and publishes what has changed when it is stored. */
  #write<T>(
    by: Writer,
    task: (db: Database, nextSequence: () => number) => Promise<Written<T>>,
  ): Promise<T> {
    return this.#turns.take(async () => {
      const { changed, result } = await this.#ledger.write(by, async (db) => {
        if (this.#ledger.isShared) await this.#takeIn(db);
        let sequence = this.cache.changes.published;
        return task(db, () => ++sequence);
      });
      this.cache.update(changed);
      return result;
    });
  }

  /** Publishes changes that are stored and not known here. */
  async #takeIn(db: Database): Promise<void> {
    for (;;) {
      const rows = await changesSince(db, this.cache.changes.published, CHUNK);
      // Another relay may have judged them at an earlier block.
      this.#judgeSoon(rows);
      this.cache.update(rows);
      if (rows.length < CHUNK) return;
    }
  }

  /** The relay that leads judges these orders again, at the block at which the book stands. */
  #judgeSoon(rows: readonly OrderRow[]): void {
    if (this.#ledger.isLeading) for (const { maker } of rows) this.#writtenLate.add(maker);
  }
}

/** The queries that find the orders concerned. */
function selectionsOf(touched: Touched | "all"): Selection[] {
  if (touched === "all") return ["all"];
  const { makers, meters, microgrids } = touched;
  const selections: Selection[] = [
    { column: "maker", values: makers },
    { column: "meter", values: meters },
    { column: "microgrid", values: microgrids },
  ];
  return selections.filter((selection) => selection === "all" || selection.values.size > 0);
}

const standingOf = (order: Order, facts: OrderFacts, verdict: Judgement): Standing => ({
  state: verdict.state,
  remaining_wh: Number(verdict.remainingWh),
  recheck_at: recheckAt(order, facts) ?? null,
});

/** The key that signed, unless it is the maker's own. */
function keyOf(signer: Signer | undefined): Address | null {
  if (signer?.by === "delegate") return signer.delegate;
  return signer?.by === "lockSigner" ? signer.signer : null;
}

function rowOf({ order, signature, hash, facts, verdict }: Judged, sequence: number): OrderRow {
  const { signer, microgrid } = facts;
  return {
    hash,
    maker: order.maker,
    meter: order.meter,
    microgrid: order.microgrid,
    side: order.side,
    sources: order.sources,
    first_slot: order.firstSlot,
    last_slot: order.lastSlot,
    energy: order.energy,
    price: order.price.toString(),
    forward: order.forward,
    bond: order.bond.toString(),
    most_ahead: order.mostAhead,
    crosses: order.crosses,
    counterparty: order.counterparty,
    settler: order.settler,
    nonce: order.nonce.toString(),
    counter: order.counter.toString(),
    deadline: order.deadline,
    signature,
    signer: signer?.by ?? "maker",
    signer_key: keyOf(signer),
    withdrawal: null,
    ...standingOf(order, facts, verdict),
    good_until: goodUntil(order, microgrid?.slotSeconds ?? 1),
    received_at: facts.nowSeconds,
    received_sequence: sequence,
    updated_sequence: sequence,
  };
}

const orderOf = (row: OrderRow): Order => orderFromJson(bookOrderOf(row).order);
