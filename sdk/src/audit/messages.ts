/** A value for a placeholder of a message. */
export type Value = string | number | bigint;

/**
 * What a finding can say, by its code; a name in braces is a placeholder for one of its values. The report uses these
 * texts; a page can translate them.
 */
export const MESSAGES = {
  "unreadable-logs": "The logs can't be recorded: {reason}",

  "no-such-call": 'An event says "{kind}"; the transaction has no such call.',
  "call-without-event": 'The transaction called "{kind}" without an event of it.',
  "other-money": "{holder} asked to {kind} {asked}; the event says {amount}.",
  "other-order": "The event names the order {orderHash}; the transaction carried another one.",
  "other-trade": "The trade differs from the one in the transaction's call.",
  "other-match-orders": "Match {match} names other orders than the transaction's call.",
  "other-match-energy": "Match {match} moved other energy than the transaction's call says.",
  "other-matches": "The call has {asked} matches, the events have {found}.",
  "other-release": "Another block of a position was released than the transaction's call says.",
  "other-reading":
    "The event says another reading of {meter} than the one in the transaction's call.",

  "trade-without-energy": "A trade moved no energy of a known microgrid.",
  "energy-went-elsewhere": "The energy went to another account than the trade says.",
  "position-of-other-terms": "The position's id does not fit its terms.",
  "batch-in-unknown-microgrid": "A batch cleared microgrid {microgrid}, which was never founded.",

  "meter-not-in-service": "No meter {meter} is in service.",
  "meter-of-others": "{meter} is not a meter of {seller} for such energy in microgrid {microgrid}.",
  "reading-not-signed": "The device {meter} has not signed this reading.",
  "slot-not-covered": "Slot {slot} of {meter} holds energy and is not covered.",
  "reported-before": "Slot {slot} of {meter} was reported before.",
  "slot-not-ended": "Slot {slot} of {meter} had not ended, or is before the meter's first day.",
  "above-capacity":
    "Slot {slot} of {meter} holds {exportedWh} Wh; the meter can export {mostWh} Wh.",
  "promised-above-capacity":
    "{meter} has promised {promisedWh} Wh in a slot and can export {mostWh} Wh.",
  "sun-at-night": "{meter} reported {exportedWh} Wh of solar energy at night, {time}.",
  "above-clearest-sky":
    "{meter} reported {exportedWh} Wh of solar energy at {time}; the sun can have made {sunMostWh} Wh.",

  "other-mint":
    "What was minted for a reading of {meter} is not its report less what it owed to forwards.",
  "other-burn": "What {holder} retired is not what was burnt.",
  "other-share-minted": "What was minted for block {block} of a position is not its share.",
  "energy-not-held": "{holder} gave away {source} energy of block {block} that it did not have.",
  "money-not-held": "{holder} paid {paid} and had {had}.",

  "order-not-signed": "{maker} has not signed this order.",
  "filled-late": "The order expired at {deadline} and was filled at {time}.",
  "other-counter": "The order was signed for counter {signed}; it was {counter} by then.",
  "filled-cancelled": "The maker had cancelled the order.",
  "filled-beyond":
    "{filledBeforeWh} Wh of {signedWh} Wh were filled before; {filledWh} Wh were added.",
  "filled-otherwise": "The order is filled by {filledWh} Wh, which is not what was traded.",
  "order-for-another": "The order is for {counterparty}, not for {taker}.",
  "other-source": "The order does not name the source {source}.",
  "other-slots": "Energy outside the order's slots {firstSlot} to {lastSlot} was traded.",
  "sold-after-start": "Energy of block {block} was sold forward after its slot had started.",

  "allowance-overdrawn": "{delegate} spent {spent} of {maker} and had {left} left.",
  "other-draws": "{due} delegates signed, but {found} allowances were drawn on.",
  "other-draw": "The delegate {delegate} drew: {found} where {due} was due.",

  "charges-above-bid": "Charges of {chargePerKwh} per kWh exceed what the bid pays, {price}.",
  "other-price": "The seller received {found} where {due} was due at the signed price.",
  "limit-missed": "The taker's limit of {limit} was not kept.",
  "other-position-price": "The position's price per kWh: {found} where {due} was due.",
  "other-position-bond": "The position's bond per kWh: {found} where {due} was due.",
  "other-seller-payment": "The seller received: {found} where {due} was due.",
  "prices-of-other-slots": "The prices are for other slots than the batch's.",
  "other-uniform-price":
    "Slot {slot} cleared at {price}; its highest ask is {ask} and its lowest bid {bid}.",
  "other-match-cost": "The buyer of a match paid: {found} where {due} was due.",
  "skipped-without-reason": "A match was skipped for {error}, which did not apply.",

  "other-network-fee": "The network fee: {found} where {due} was due.",
  "other-match-fee": "The network fee of a match: {found} where {due} was due.",
  "other-wheeling-charge": "The wheeling charge: {found} where {due} was due.",
  "other-position-charge": "The position's charge per kWh: {found} where {due} was due.",
  "other-locked-payment": "What is locked: {found} where {due} was due.",
  "other-dso-payment": "The DSOs received: {found} where {due} was due.",

  "no-tie-line": "No tie line joins {from} and {to}.",
  "other-sent": "Sent over the tie line: {found} where {due} was due.",
  "other-arrived": "Arrived over the tie line: {found} where {due} was due.",
  "other-loss": "What arrived in {to} is not what was sent less the tie line's loss.",
  "other-position-loss": "The position's loss: {found} where {due} was due.",
  "above-line-capacity":
    "In slot {slot} {flowWh} Wh go from {from} to {to}; the tie line carries {capacityWh} Wh.",

  "crossed-while-cut":
    "Energy crossed a tie line of microgrid {microgrid}, which was islanded or closed.",
  "traded-while-closed": "A trade was made in microgrid {microgrid}, which was closed.",
  "cleared-while-closed": "A batch cleared microgrid {microgrid}, which was closed.",
  "above-island-cap": "An islanded buyer pays {pricePerKwh} per kWh, above the cap {cap}.",
  "offer-above-island-cap": "An offer at {ask} traded above the island's price cap {cap}.",
  "bought-for-others-meter":
    "{buyer} bought for the meter {meter}, which is not one of its own in service there.",
  "above-ration":
    "The meter {meter} has bought {boughtWh} Wh in slot {slot}; the ration is {ration} Wh.",
  "critical-load-short":
    "An ordinary load was served while the critical load of {maker} was short.",

  "released-unreserved": "Block {block} of a position was released without having been reserved.",
  "released-early": "Block {block} was released before its slots were reported or overdue.",
  "other-share": "The position got {foundWh} Wh where its share was {dueWh} Wh.",
  "other-refund": "The refund: {found} where {due} was due.",
  "other-forfeit": "The forfeited bond: {found} where {due} was due.",
  "other-bond": "The bond: {found} where {due} was due.",

  "escrow-gap": "Of {currency} {held} are held, and {owed} are owed.",
  "withdrew-locked": "{holder} withdrew {amount} that it had locked until {lockedUntil}.",

  "no-answer": "The chain has no answer to {view}.",
  "senseless-answer": "The chain's answer can't be read: {answer}.",
  "account-differs": "The account of {holder} holds {found}; its history comes to {due}.",
  "cannot-withdraw": "{holder} can't withdraw the {balance} that it has.",
  "escrow-short": "The escrow holds {held} of {currency} and owes {owed}.",
  "energy-differs":
    "{holder} holds other energy of microgrid {microgrid} in block {block} than its history comes to.",
  "fill-differs":
    "The order {nonce} of {maker} is filled by {foundWh} Wh on chain, by {dueWh} Wh in its history.",
  "position-differs":
    "Block {block} of the position {position} holds other energy on chain than its history comes to.",
  "flow-differs":
    "The flow from {from} to {to} in block {block} holds other energy on chain than its history comes to.",
  "not-reported": "Slot {slot} of {meter} is not reported on chain.",
  "hook-stops-move": "A market move to a contract without a receiver hook was refused.",
  "hook-stops-mint": "A mint to a contract without a receiver hook was refused.",
} as const;

/** The code of a message. */
export type MessageCode = keyof typeof MESSAGES;

/** The names of a template's placeholders. */
export type GapsOf<Template extends string> =
  Template extends `${string}{${infer Gap}}${infer Rest}` ? Gap | GapsOf<Rest> : never;

/** The values of a message: one for each placeholder, and whatever else belongs to the finding. */
export type ValuesOf<Code extends MessageCode> = Readonly<Record<string, Value>> & {
  readonly [Gap in GapsOf<(typeof MESSAGES)[Code]>]: Value;
};

/** The messages that say what was found and what was due. */
export type AmountCode = {
  [Code in MessageCode]: "found" | "due" extends GapsOf<(typeof MESSAGES)[Code]>
    ? GapsOf<(typeof MESSAGES)[Code]> extends "found" | "due"
      ? Code
      : never
    : never;
}[MessageCode];

/** A message with its values, of any code. */
export type Fault = {
  [Code in MessageCode]: { readonly code: Code; readonly values: ValuesOf<Code> };
}[MessageCode];

/** A message in English, its placeholders filled in. */
export const messageOf = (code: MessageCode, values: Readonly<Record<string, Value>>): string =>
  MESSAGES[code].replaceAll(/\{(\w+)\}/g, (_, gap: string) => String(values[gap]));

/** Why something could not be judged, by code. */
export const UNSEEN = {
  "wallet-not-asked": "the maker's wallet could not be asked",
  "through-contract": "called through another contract",
  "no-place": "the microgrid's place is not set (0° 0°)",
  "state-forgotten": "the node no longer has the state of the end block",
  "node-failed": "the node did not answer",
} as const;

/** The code of a reason for not judging. */
export type UnseenCode = keyof typeof UNSEEN;
