import { type Address, type Hex, zeroAddress } from "viem";
import type { SkipAct } from "../../history/acts.ts";
import type { BareTrade } from "../../history/trades.ts";
import { hashOrder } from "../../signatures.ts";
import type { CallOf } from "../calls.ts";
import { type AuditContext, expect } from "../context.ts";
import { payDsos } from "../ledger.ts";
import { communitiesIn } from "../state.ts";
import { askedOfMatch, type SignedSide, strikeAsked } from "./deal.ts";
import { type Due, dueOf } from "./due.ts";
import { errorOf } from "./errors.ts";
import { judgeSigner } from "./orders.ts";

/** The matches of one call of `settle`, judged one after the other. */
export class Batch {
  readonly #call: CallOf<"settle">;
  readonly #sides: readonly SignedSide[];
  #next = 0;

  private constructor(call: CallOf<"settle">, sides: readonly SignedSide[]) {
    this.#call = call;
    this.#sides = sides;
  }

  /** Signers are judged as of the batch's start. */
  static async open(context: AuditContext, call: CallOf<"settle">): Promise<Batch> {
    const sides: SignedSide[] = [];
    const communities = communitiesIn(context.state);
    for (const [index, order] of call.orders.entries()) {
      const signature = call.signatures[index] ?? "0x";
      const currency = communities.get(order.microgrid)?.currency ?? zeroAddress;
      const signer = await judgeSigner(context, order, signature, currency);
      const hash = hashOrder(context.domains.market, order);
      sides.push({ order, signature, hash, signer });
    }
    return new Batch(call, sides);
  }

  /** Whether all of its matches had their events. */
  isDone(): boolean {
    return this.#next >= this.#call.matches.length;
  }

  /** What the next match comes to; undefined when its events are about other orders. */
  async nextDue(context: AuditContext, offerHash: Hex, bidHash: Hex): Promise<Due | undefined> {
    const index = this.#next++;
    const match = this.#call.matches[index];
    const offer = this.#sides[match?.offer ?? -1];
    const bid = this.#sides[match?.bid ?? -1];
    const fits = offer?.hash === offerHash && bid?.hash === bidHash;
    const named = { match: index, offerHash, bidHash };
    expect(context, "calldata", fits, "other-match-orders", named, offer?.order.microgrid);
    if (!fits || match === undefined || offer === undefined || bid === undefined) return undefined;
    const asked = askedOfMatch(context, this.#call.sender, match, offer, bid);
    return asked && dueOf(context, asked);
  }

  /** The hashes of the orders of the first match, to tell calls apart. */
  static firstOf({ domains }: AuditContext, { orders, matches }: CallOf<"settle">): Hex[] {
    const [first] = matches;
    return [orders[first?.offer ?? -1], orders[first?.bid ?? -1]].flatMap((order) =>
      order === undefined ? [] : [hashOrder(domains.market, order)],
    );
  }
}

/** A match may be skipped only for an error that applied at that moment. */
export function judgeSkip(
  context: AuditContext,
  { skipped: { args } }: SkipAct,
  due: Due | undefined,
): void {
  if (due === undefined) {
    context.unseen("skips", "through-contract");
    return;
  }
  const { asked, struck, objections } = due;
  const error = errorOf(args.reason);
  const reasons = new Set(objections.flatMap(({ errors }) => errors));
  if (struck.slots.length === 0) {
    for (const cut of struck.cuts) reasons.add(cut);
    // Where all slots have one price, the contracts look at it first, even of orders of which nothing is left.
    for (const cut of strikeAsked(context, asked, true).cuts) reasons.add(cut);
    reasons.add("Deals_NothingLeft");
  }
  // What could not be judged counts as a valid reason.
  const unknown = [asked.offer, asked.bid].some(
    ({ signed }) => signed?.signer.by === "not seen" || signed?.signer.by === "not checked",
  );
  if (unknown) for (const each of UNKNOWN) reasons.add(each);
  const { offerHash, bidHash } = args;
  const values = { error, offerHash, bidHash };
  const where = asked.offer.microgrid;
  expect(context, "skips", reasons.has(error), "skipped-without-reason", values, where);
}

const UNKNOWN = ["Orders_BadSignature", "Orders_AllowanceExceeded"] as const;

/** What a batch owes to DSOs: paid together for a run of matches between the same microgrids, as the contracts do. */
export class BatchCharges {
  #currency: Address = zeroAddress;
  #from = 0;
  #to = 0;
  #amountMillis = 0n;

  add(context: AuditContext, { from, to, chargeMillis }: BareTrade): void {
    const currency = communitiesIn(context.state).get(from)?.currency ?? zeroAddress;
    if (currency !== this.#currency || from !== this.#from || to !== this.#to) {
      this.pay(context);
      [this.#currency, this.#from, this.#to] = [currency, from, to];
    }
    this.#amountMillis += chargeMillis;
  }

  /** Pays what is owed so far: at the batch's end at the latest. */
  pay(context: AuditContext): void {
    const amountMillis = this.#amountMillis;
    this.#amountMillis = 0n;
    if (amountMillis > 0n) payDsos(context, this.#currency, this.#from, this.#to, amountMillis);
  }
}
