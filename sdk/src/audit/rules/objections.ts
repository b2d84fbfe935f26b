import { zeroAddress } from "viem";
import type { Struck } from "../../deals/index.ts";
import { BID, isFirm, isPosted, OFFER } from "../../deals/order.ts";
import { blockOf, LANE_MAX_WH, LANES, laneOf } from "../../profile.ts";
import type { Check } from "../checks.ts";
import type { AuditContext } from "../context.ts";
import type { MessageCode, ValuesOf } from "../messages.ts";
import { accountOf, communitiesIn, fillIn, mostWhOf, seriesOf } from "../state.ts";
import { type Asked, duesOf, type Side } from "./deal.ts";
import { allowanceOf, payingSigner } from "./orders.ts";

/** Something that speaks against a deal: when it trades all the same, that is a finding; when it is skipped, a reason. */
export interface Objection {
  /** The errors with which the contracts say so. */
  readonly errors: readonly string[];
  /** Says so where the deal was made. */
  report(context: AuditContext, microgrid: number): void;
}

const objection = <Code extends MessageCode>(
  check: Check,
  errors: string | readonly string[],
  code: Code,
  values: ValuesOf<Code>,
): Objection => ({
  errors: typeof errors === "string" ? [errors] : errors,
  report: (context, microgrid) => context.found(check, code, values, microgrid),
});

/** What checks an order of a deal passes, whether or not it has objections. */
export const ORDER_CHECKS = [
  "order-signature",
  "order-terms",
  "deadline",
  "counter",
  "cancelled",
  "overfill",
] as const satisfies readonly Check[];

/** Everything that speaks against a deal but for what `strike` cuts. */
export async function objectionsTo(
  context: AuditContext,
  asked: Asked,
  struck: Struck,
): Promise<Objection[]> {
  const sides = [asked.offer, asked.bid];
  return [
    ...objectionsToMatch(context, asked),
    ...sides.flatMap((side) => objectionsToOrder(context, asked, side)),
    ...(asked.offer.holder === asked.bid.holder
      ? [objection("order-terms", "Deals_SelfTrade", "self-trade", { holder: asked.offer.holder })]
      : []),
    ...(await objectionsToPaying(context, asked, struck)),
    ...(asked.isForward
      ? objectionsToPromise(context, asked, struck)
      : objectionsToMove(context, asked, struck)),
  ];
}

/** Whether two orders are a match at all. */
function objectionsToMatch(
  { state }: AuditContext,
  { offer, bid, bondPerKwh }: Asked,
): Objection[] {
  if (offer.signed === undefined || bid.signed === undefined) return [];
  const [sold, bought] = [offer.signed.order, bid.signed.order];
  const communities = communitiesIn(state);
  const [from, to] = [communities.get(sold.microgrid), communities.get(bought.microgrid)];
  const isAlike =
    sold.forward === bought.forward &&
    from?.currency === to?.currency &&
    from?.slotSeconds === to?.slotSeconds;
  const because = (applies: boolean, error: string) =>
    applies ? [objection("order-terms", error, "no-match", { error })] : [];
  return [
    ...because(sold.side !== OFFER || bought.side !== BID, "Settlement_WrongSide"),
    ...because(!isAlike, "Settlement_NotAlike"),
    ...because(isPosted(sold) && isPosted(bought), "Settlement_BothPosted"),
    ...because(sold.forward && bondPerKwh < bought.bond, "Deals_BondTooSmall"),
  ];
}

/** What is wrong with a signed order, for this energy and this other side. */
function objectionsToOrder(context: AuditContext, asked: Asked, side: Side): Objection[] {
  if (side.signed === undefined) return [];
  const { state, time } = context;
  const { currency, caller, source } = asked;
  const { order, hash, signer } = side.signed;
  const { maker, nonce, settler, deadline, counterparty } = order;
  const other = side === asked.offer ? asked.bid : asked.offer;
  const account = accountOf(state, currency, maker);
  const { cancelled } = fillIn(state, { ...order, currency });
  const where = { maker, nonce, orderHash: hash };
  const objections: Objection[] = [];
  const unless = (holds: boolean, made: () => Objection) => {
    if (!holds) objections.push(made());
  };
  unless(time <= deadline, () =>
    objection("deadline", "Orders_Expired", "filled-late", { ...where, deadline, time }),
  );
  const maySettle =
    asked.taker === undefined ? BigInt(settler) <= 1n || settler === caller : isPosted(order);
  unless(maySettle, () =>
    objection("order-terms", "Orders_NotSettler", "other-settler", { ...where, settler, caller }),
  );
  if (isFirm(order)) {
    const isBound =
      time < account.lockedUntil &&
      deadline <= account.lockedUntil &&
      order.counter === 0n &&
      settler === account.settler;
    unless(isBound, () => objection("lock", "Orders_NoLock", "firm-without-lock", where));
  } else {
    const { counter } = account;
    unless(order.counter === counter, () =>
      objection("counter", "Orders_CounterRaised", "other-counter", {
        ...where,
        signed: order.counter,
        counter,
      }),
    );
  }
  unless(signer.by !== "nobody", () =>
    objection("order-signature", "Orders_BadSignature", "order-not-signed", {
      ...where,
      signature: side.signed?.signature ?? "0x",
    }),
  );
  unless(counterparty === zeroAddress || counterparty === other.holder, () =>
    objection("order-terms", "Orders_NotCounterparty", "order-for-another", {
      ...where,
      counterparty,
      taker: other.holder,
    }),
  );
  unless(((order.sources >> source) & 1) === 1, () =>
    objection("order-terms", "Orders_SourceNotNamed", "other-source", { ...where, source }),
  );
  unless(!cancelled, () => objection("cancelled", "Orders_IsCancelled", "filled-cancelled", where));
  return objections;
}

/** Whether both sides can pay, may, and have allowed it. A wallet that stands by a delegate's signature becomes the signer. */
async function objectionsToPaying(
  context: AuditContext,
  asked: Asked,
  struck: Struck,
): Promise<Objection[]> {
  const { offer, bid, currency } = asked;
  const { costMillis, bondedMillis, drawnBySaleMillis } = duesOf(asked, struck);
  const objections = [
    ...objectionsToPayment(context, asked, bid, costMillis),
    ...objectionsToPayment(context, asked, offer, bondedMillis),
  ];
  for (const [side, amount] of [
    [offer, drawnBySaleMillis],
    [bid, costMillis],
  ] as const) {
    if (side.signed === undefined) continue;
    const { order, signature, signer: before } = side.signed;
    const signer = await payingSigner(context, order, signature, currency, before, amount);
    side.signed.signer = signer;
    const { delegate } = signer;
    if (delegate === undefined) continue;
    const left = allowanceOf(context, order.maker, currency, delegate);
    if (amount <= left) continue;
    const values = { delegate, maker: order.maker, left, spent: amount };
    objections.push(
      objection("allowance", "Orders_AllowanceExceeded", "allowance-overdrawn", values),
    );
  }
  return objections;
}

function objectionsToPayment(
  { state, time }: AuditContext,
  { currency, caller }: Asked,
  { holder }: Side,
  amountMillis: bigint,
): Objection[] {
  if (amountMillis === 0n) return [];
  const { balanceMillis, lockedUntil, settler } = accountOf(state, currency, holder);
  const objections: Objection[] = [];
  if (time < lockedUntil && settler !== caller) {
    const values = { holder, lockedUntil, settler, caller };
    objections.push(objection("lock", "Escrow_Locked", "moved-locked", values));
  }
  if (amountMillis > balanceMillis) {
    const values = { holder, had: balanceMillis, paid: amountMillis };
    const errors = "Escrow_InsufficientBalance";
    objections.push(objection("holdings", errors, "money-not-held", values));
  }
  return objections;
}

/** Whether the seller has the energy, and it fits into the buyer's lanes. */
function objectionsToMove(
  { state }: AuditContext,
  { offer, bid, source }: Asked,
  { slots }: Struck,
): Objection[] {
  const heldWh = ({ holder, microgrid }: Side, slot: number) =>
    laneOf(
      state.energy.get(holder)?.get(seriesOf(microgrid, source))?.get(blockOf(slot)) ?? 0n,
      slot % LANES,
    );
  return slots.flatMap(({ slot, sentWh, arrivedWh }) => {
    const block = blockOf(slot);
    const held = heldWh(offer, slot);
    if (held < sentWh) {
      const values = { source, block, holder: offer.holder, held, given: sentWh };
      return [
        objection(
          "holdings",
          ["Deals_NotCovered", "ERC1155InsufficientBalance"],
          "energy-not-held",
          values,
        ),
      ];
    }
    if (heldWh(bid, slot) + arrivedWh <= LANE_MAX_WH) return [];
    const values = { holder: bid.holder, slot };
    return [objection("holdings", "EnergyToken_Overflow", "lane-full", values)];
  });
}

/** Whether the seller's meter can promise this, in the place of the queue that the buyer accepts. */
function objectionsToPromise(
  { state, time }: AuditContext,
  { offer, source, mostAheadWh }: Asked,
  { slots }: Struck,
): Objection[] {
  const { meter: address, holder: seller, microgrid } = offer;
  const meter = state.meters.get(address);
  const values = { meter: address, seller, microgrid };
  const isSellers =
    meter?.owner === seller &&
    meter.active &&
    meter.microgrid === microgrid &&
    meter.source === source;
  if (meter === undefined || !isSellers)
    return [objection("meter", NOT_SELLERS, "meter-of-others", values)];
  const objections: Objection[] = [];
  if (meter.pendingOwner !== zeroAddress || meter.movingTo !== 0) {
    objections.push(objection("meter", "Meters_Leaving", "meter-leaving", { meter: address }));
  }
  const slotSeconds = communitiesIn(state).get(microgrid)?.slotSeconds ?? 900;
  const mostWh = mostWhOf(meter, slotSeconds);
  const started = Math.floor(time / slotSeconds);
  const deliveries = state.deliveries.get(address);
  for (const { slot, sentWh } of slots) {
    const block = blockOf(slot);
    const aheadWh = laneOf(deliveries?.get(block)?.committed ?? 0n, slot % LANES);
    const promisedWh = aheadWh + sentWh;
    if (slot <= started) {
      const late = { meter: address, slot };
      objections.push(objection("order-terms", "Meters_SlotStarted", "sold-after-start", late));
    }
    if (promisedWh > mostWh) {
      const beyond = { meter: address, slot, promisedWh, mostWh };
      const errors = ["Meters_OverCommitted", "Profile_Overflow"];
      objections.push(objection("capacity", errors, "promised-above-capacity", beyond));
    }
    if (aheadWh > mostAheadWh) {
      const behind = { meter: address, slot, aheadWh, mostAheadWh };
      objections.push(objection("order-terms", "Meters_TooFarBehind", "too-far-behind", behind));
    }
  }
  return objections;
}

const NOT_SELLERS = [
  "Meters_Unknown",
  "Meters_NotOwner",
  "Meters_Inactive",
  "Meters_NotSuch",
] as const;
