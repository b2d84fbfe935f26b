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
  "other-word": "{holder} said something else than the event says.",
  "mandate-not-signed": "{holder} has not signed the {type} that was submitted for it.",
  "other-trade": "The trade differs from the one in the transaction's call.",
  "other-energy":
    "In slot {slot} {foundWh} Wh were traded; what the call asks for comes to {dueWh} Wh.",
  "other-match-orders": "Match {match} names other orders than the transaction's call.",
  "other-matches": "A batch has fewer outcomes than its call has matches.",
  "other-release": "Another block of a position was released than the transaction's call says.",
  "other-reading":
    "The event says another reading of {meter} than the one in the transaction's call.",

  "trade-without-energy": "A trade moved no energy of a known microgrid.",
  "energy-went-elsewhere": "The energy went to another account than the trade says.",
  "position-of-other-terms": "The position's id does not fit its terms.",
  "position-for-others":
    "The position names another meter, or another account, than the orders do.",

  "meter-not-registered": "The meter {meter} is not registered.",
  "meter-of-others":
    "{meter} is not a meter of {seller} in service for such energy in microgrid {microgrid}.",
  "meter-leaving": "The meter {meter} is on offer or about to move, and promises nothing.",
  "reading-not-signed": "The device {meter} has not signed this reading.",
  "slot-not-covered": "Slot {slot} of {meter} holds energy and is not covered.",
  "reported-before": "Slot {slot} of {meter} was reported before.",
  "slot-not-ended": "Slot {slot} of {meter} had not ended, or is outside the meter's service.",
  "above-capacity":
    "Slot {slot} of {meter} holds {exportedWh} Wh; the meter can export {mostWh} Wh.",
  "promised-above-capacity":
    "{meter} has promised {promisedWh} Wh in slot {slot} and can export {mostWh} Wh.",
  "too-far-behind":
    "{meter} had promised {aheadWh} Wh of slot {slot} before; the buyer accepts {mostAheadWh} Wh.",
  "sun-at-night": "{meter} reported {exportedWh} Wh of solar energy at night, {time}.",
  "above-clearest-sky":
    "{meter} reported {exportedWh} Wh of solar energy at {time}; the sun can have made {sunMostWh} Wh.",

  "other-mint":
    "What was minted for a reading of {meter} is not its report less what it owed to forwards.",
  "other-kept": "What was kept for forwards of a reading of {meter} is not what it owed.",
  "other-burn": "What {holder} retired is not what was burnt.",
  "other-share-minted": "What was minted for block {block} of a position is not its share.",
  "energy-not-held": "{holder} gave away energy of block {block} that it did not have.",
  "money-not-held": "{holder} paid {paid} and had {had}.",
  "lane-full": "{holder} can't hold that much energy of slot {slot}.",

  "order-not-signed": "{maker} has not signed this order.",
  "filled-late": "The order expired at {deadline} and was filled at {time}.",
  "other-counter": "The order was signed for counter {signed}; it was {counter} by then.",
  "filled-cancelled": "The maker had cancelled the order.",
  "filled-beyond":
    "In slot {slot} {foundWh} Wh were traded; what was left of the orders comes to {dueWh} Wh.",
  "filled-otherwise": "The order is filled by {filledWh} Wh; {dueWh} Wh were traded.",
  "order-for-another": "The order is for {counterparty}, not for {taker}.",
  "other-settler": "The order is for the settler {settler}; {caller} filled it.",
  "other-source": "The order does not name the source {source}.",
  "other-slots":
    "Slot {slot} was traded, which an order or the schedule named does not reach ({foundWh} Wh).",
  "out-of-time": "Slot {slot} was traded too late or too early ({foundWh} Wh).",
  "sold-after-start": "Slot {slot} of {meter} was sold forward after it had started.",
  "self-trade": "{holder} traded with itself.",
  "no-match": "The two orders are no match: {error}.",
  "less-than-least": "The taker wanted {leastWh} Wh at least; {tradedWh} Wh were traded.",
  "firm-without-lock": "A firm order of {maker} was filled without a lock that makes it firm.",

  "allowance-overdrawn": "{delegate} spent {spent} of {maker} and had {left} left.",
  "other-draws": "{due} delegates signed, but {found} allowances were drawn on.",
  "other-draw": "The delegate {delegate} drew: {found} where {due} was due.",

  "other-cost": "The buyer paid: {found} where {due} was due.",
  "prices-dont-meet": "The prices of slot {slot} don't meet, yet it was traded ({foundWh} Wh).",
  "limit-missed": "The taker's limit of {limit} per kWh was not kept.",
  "other-position-price": "The position's price per kWh: {found} where {due} was due.",
  "other-position-bond": "The position's bond per kWh: {found} where {due} was due.",
  "other-seller-payment": "What was paid for the delivery: {found} where {due} was due.",
  "skipped-without-reason": "A match was skipped for {error}, which did not apply.",
  "kept-without-reason":
    "Block {block} of a position was not released for {error}, which did not apply.",

  "other-charge": "The DSOs' charge: {found} where {due} was due.",
  "other-position-charge": "The position's charge per kWh: {found} where {due} was due.",
  "other-locked-payment": "What is locked: {found} where {due} was due.",
  "other-dso-payment": "The DSOs received: {found} where {due} was due.",

  "no-tie-line": "No tie line joins {from} and {to}.",
  "other-arrival":
    "Of slot {slot} {foundWh} Wh arrived in {to} from {from}; after the line's loss it is {dueWh} Wh.",
  "above-line-capacity":
    "In slot {slot} {foundWh} Wh were sent over a tie line that had room for {dueWh} Wh.",

  "crossed-while-cut":
    "In slot {slot} {foundWh} Wh crossed a tie line though an end was islanded, or an order does not cross.",
  "traded-while-closed": "Slot {slot} was traded in a closed microgrid ({foundWh} Wh).",
  "above-ration": "In slot {slot} {foundWh} Wh were bought; the ration left {dueWh} Wh.",

  "released-unreserved": "Block {block} of a position was released without being open.",
  "released-early": "Block {block} was released before all of its slots were reported.",
  "called-early": "Block {block} was called undelivered too early, or by somebody who may not.",
  "other-share": "The position got {foundWh} Wh where its share was {dueWh} Wh.",
  "other-place": "Block {block} of a position has another place in the queue than its time.",
  "other-refund": "The refund: {found} where {due} was due.",
  "other-forfeit": "The forfeited bond: {found} where {due} was due.",
  "other-bond": "What the seller locked: {found} where {due} was due.",

  "escrow-gap": "Of {currency} {held} are held, and {owed} are owed.",
  "withdrew-locked": "{holder} withdrew {amount} that it had locked until {lockedUntil}.",
  "moved-locked":
    "{caller} moved money of {holder} that is locked for {settler} until {lockedUntil}.",
  "lock-changed": "A lock of {holder} was changed while it lasted.",

  "no-answer": "The chain has no answer to {view}.",
  "senseless-answer": "The chain's answer can't be read: {answer}.",
  "account-differs": "The account of {holder} holds {found}; its history comes to {due}.",
  "lock-differs": "The lock of {holder} names others than its history does.",
  "mandates-differ": "{holder} has used {found} mandates on chain, {due} by its history.",
  "allowance-differs": "{delegate} may spend {found} of {maker} on chain, {due} by its history.",
  "cannot-withdraw": "{holder} can't withdraw the {balance} that it has.",
  "escrow-short": "The escrow holds {held} of {currency} and owes {owed}.",
  "energy-differs":
    "{holder} holds other energy of microgrid {microgrid} in block {block} than its history comes to.",
  "fill-differs":
    "The order {nonce} of {maker} is filled by {foundWh} Wh on chain, by {dueWh} Wh in its history.",
  "position-differs":
    "The open blocks of the position {position} are others than its history says.",
  "flow-differs":
    "The flow from {from} to {to} in block {block} holds other energy on chain than its history comes to.",
  "ration-differs":
    "What {meter} has had of rations in block {block} is other energy on chain than its history comes to.",
  "delivery-differs":
    "What {meter} has promised and delivered in block {block} is other energy on chain than its history comes to.",
  "meter-differs": "The meter {meter} is another on chain than its history says.",
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
