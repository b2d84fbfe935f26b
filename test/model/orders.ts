import { ANYONE, BID, isFirm, isPosted, OFFER } from "@wattline/sdk/deals";
import { type Address, zeroAddress } from "viem";
import type { ActionOf, SignedOrder } from "./actions.ts";
import { Rules } from "./rules.ts";
import type { Tallies } from "./tallies.ts";

const LONGEST_LOCK_S = 30 * 86_400;

interface Lock {
  readonly settler: Address;
  readonly signer: Address;
}

/** Escrow accounts, locks, allowances, and what is left of orders. */
export class Orders {
  readonly locks = new Map<Address, Lock>();
  private readonly tallies: Tallies;
  private readonly market: Address;
  nowS = 0;

  constructor(tallies: Tallies, market: Address) {
    this.tallies = tallies;
    this.market = market;
  }

  deposit({ who, amount }: ActionOf<"deposit">): void {
    const rules = new Rules();
    rules.refuse("Escrow_NothingDeposited", amount === 0n);
    rules.enforce();
    this.tallies.money.add(1_000n * amount, who);
  }

  withdraw({ who, amount, to }: ActionOf<"withdraw">): void {
    const rules = new Rules();
    const balance = this.tallies.money.of(who);
    rules.refuse("Escrow_Locked", this.lockOf(who) !== undefined);
    rules.refuse("Escrow_BadRecipient", to === zeroAddress || to === this.market);
    rules.refuse("Escrow_InsufficientBalance", 1_000n * amount > balance);
    rules.enforce();
    this.tallies.money.add(-1_000n * amount, who);
  }

  lock({ who, settler, signer, until }: ActionOf<"lock">): void {
    const rules = new Rules();
    const current = this.lockOf(who);
    const isProlonged =
      current === undefined ||
      (current.settler === settler &&
        current.signer === signer &&
        BigInt(until) > this.tallies.lockedUntil.of(who));
    rules.refuse(
      "Escrow_BadLock",
      !isProlonged ||
        settler === zeroAddress ||
        until <= this.nowS ||
        until > this.nowS + LONGEST_LOCK_S,
    );
    rules.enforce();
    this.locks.set(who, { settler, signer });
    this.tallies.lockedUntil.set(BigInt(until), who);
  }

  cancel({ who, nonces }: ActionOf<"cancel">): void {
    const rules = new Rules();
    rules.refuse(
      "Orders_Firm",
      nonces.some((nonce) => isFirm({ nonce })),
    );
    rules.enforce();
    for (const nonce of nonces) this.tallies.cancelled.set(1n, who, nonce);
  }

  cancelAll({ who }: ActionOf<"cancelAll">): void {
    this.tallies.counter.add(1n, who);
  }

  authorize({ who, delegate, amount, until }: ActionOf<"authorize">): void {
    const rules = new Rules();
    rules.refuse("Orders_BadDelegate", delegate === zeroAddress || delegate === who);
    rules.enforce();
    this.tallies.allowance.set(1_000n * amount, who, delegate);
    this.tallies.allowedUntil.set(BigInt(until), who, delegate);
  }

  /** The lock that binds a holder's money now. */
  lockOf(holder: Address): Lock | undefined {
    const lasts = this.tallies.lockedUntil.of(holder) > BigInt(this.nowS);
    return lasts ? this.locks.get(holder) : undefined;
  }

  /** Whether an order names the settler of its maker's lock: slots that were declared islanded afterwards then count. */
  namesLock({ order }: SignedOrder): boolean {
    return !isPosted(order) && order.settler === this.locks.get(order.maker)?.settler;
  }

  /** Whether money of a holder may leave in a fill that `settler` makes; undefined when nobody settles. */
  mayMove(holder: Address, settler: Address | undefined): boolean {
    const lock = this.lockOf(holder);
    return lock === undefined || lock.settler === settler;
  }

  /** Wh left of an order: none of a cancelled one. */
  leftOf({ order }: SignedOrder): bigint {
    const { maker, settler, nonce, energy } = order;
    if (this.tallies.cancelled.of(maker, nonce) > 0n) return 0n;
    const filled = isFirm(order)
      ? this.tallies.firmFilled.of(maker, settler, nonce)
      : this.tallies.filled.of(maker, nonce);
    return BigInt(energy) - filled;
  }

  fill({ order }: SignedOrder, wh: bigint): void {
    const { maker, settler, nonce } = order;
    if (isFirm(order)) this.tallies.firmFilled.add(wh, maker, settler, nonce);
    else this.tallies.filled.add(wh, maker, nonce);
  }

  /**
   * What is wrong with an order before its energy and price are looked at.
   * @param settler Who calls `settle`; undefined when the order is taken.
   */
  defectsOf(
    signed: SignedOrder,
    other: Address,
    source: number,
    settler: Address | undefined,
  ): string[] {
    const { order } = signed;
    const defects: string[] = [];
    if (order.deadline < this.nowS) defects.push("Orders_Expired");
    if (this.tallies.cancelled.of(order.maker, order.nonce) > 0n) {
      defects.push("Orders_IsCancelled");
    }
    if (this.leftOf(signed) <= 0n) defects.push("Orders_Filled");
    if (order.counterparty !== zeroAddress && order.counterparty !== other) {
      defects.push("Orders_NotCounterparty");
    }
    if (((order.sources >> source) & 1) === 0) defects.push("Orders_SourceNotNamed");
    if (!isPosted(order) && order.settler !== ANYONE && order.settler !== settler) {
      defects.push("Orders_NotSettler");
    }
    if (!isPosted(order) && settler === undefined) defects.push("Orders_NotSettler");
    if (order.maker === other) defects.push("Deals_SelfTrade");
    defects.push(...(isFirm(order) ? this.firmDefectsOf(signed) : this.usualDefectsOf(signed)));
    return defects;
  }

  /** Draws on the allowance of the delegate who signed, if one did. */
  draw({ order, signer }: SignedOrder, amount: bigint): void {
    if (signer === order.maker || isFirm(order)) return;
    this.tallies.allowance.add(-amount, order.maker, signer);
  }

  /** Whether the delegate who signed, if one did, may spend so much. */
  covers({ order, signer }: SignedOrder, amount: bigint): boolean {
    if (signer === order.maker || isFirm(order)) return true;
    return amount <= this.tallies.allowance.of(order.maker, signer);
  }

  private firmDefectsOf({ order, signer }: SignedOrder): string[] {
    const lock = this.lockOf(order.maker);
    const isBound =
      lock !== undefined &&
      lock.settler === order.settler &&
      BigInt(order.deadline) <= this.tallies.lockedUntil.of(order.maker);
    const defects = isBound ? [] : ["Orders_NoLock"];
    if (signer !== order.maker && signer !== lock?.signer) defects.push("Orders_BadSignature");
    return defects;
  }

  private usualDefectsOf({ order, signer }: SignedOrder): string[] {
    const { maker } = order;
    const defects: string[] = [];
    if (order.counter !== this.tallies.counter.of(maker)) defects.push("Orders_CounterRaised");
    if (signer !== maker) {
      const [allowance, until] = [
        this.tallies.allowance.of(maker, signer),
        this.tallies.allowedUntil.of(maker, signer),
      ];
      if (until < BigInt(this.nowS) || allowance === 0n) {
        defects.push("Orders_BadSignature", "Orders_AllowanceExceeded");
      }
    }
    return defects;
  }
}

export const isOffer = ({ side }: { readonly side: number }): boolean => side === OFFER;
export const isBid = ({ side }: { readonly side: number }): boolean => side === BID;
