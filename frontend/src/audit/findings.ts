import { t } from "@lingui/core/macro";
import type { Finding, GapsOf, MESSAGES, UnseenCode } from "@wattline/sdk";
import { formatEnergy, formatMoment } from "../ui/index.ts";

type Code = Finding["code"];
type ValuesOf<Each extends Code> = {
  readonly [Gap in GapsOf<(typeof MESSAGES)[Each]>]: string;
};
type Words = { readonly [Each in Code]: (values: ValuesOf<Each>) => string };

/** Writes a finding's sentence. A method, so that it accepts the values of any finding: the sdk makes sure that they fit. */
interface Sentence {
  write(values: Readonly<Record<string, string>>): string;
}

const wh = (value: string): string => formatEnergy(BigInt(value));
const moment = (unixSeconds: string): string => formatMoment(Number(unixSeconds));

/** The sentence of each finding; the English is the same as in the sdk's report. */
const WORDS: Words = {
  "unreadable-logs": ({ reason }) => t`The logs can't be recorded: ${reason}`,

  "no-such-call": ({ kind }) => t`An event says "${kind}"; the transaction has no such call.`,
  "call-without-event": ({ kind }) => t`The transaction called "${kind}" without an event of it.`,
  "other-money": ({ holder, kind, asked, amount }) =>
    t`${holder} asked to ${kind} ${asked}; the event says ${amount}.`,
  "other-word": ({ holder }) => t`${holder} said something else than the event says.`,
  "mandate-not-signed": ({ holder, type }) =>
    t`${holder} has not signed the ${type} that was submitted for it.`,
  "other-trade": () => t`The trade differs from the one in the transaction's call.`,
  "other-energy": ({ slot, foundWh, dueWh }) =>
    t`In slot ${slot} ${wh(foundWh)} were traded; what the call asks for comes to ${wh(dueWh)}.`,
  "other-match-orders": ({ match }) =>
    t`Match ${match} names other orders than the transaction's call.`,
  "other-matches": () => t`A batch has fewer outcomes than its call has matches.`,
  "other-release": () =>
    t`Another block of a position was released than the transaction's call says.`,
  "other-reading": ({ meter }) =>
    t`The event says another reading of ${meter} than the one in the transaction's call.`,

  "trade-without-energy": () => t`A trade moved no energy of a known microgrid.`,
  "energy-went-elsewhere": () => t`The energy went to another account than the trade says.`,
  "position-of-other-terms": () => t`The position's id does not fit its terms.`,
  "position-for-others": () =>
    t`The position names another meter, or another account, than the orders do.`,

  "meter-not-registered": ({ meter }) => t`The meter ${meter} is not registered.`,
  "meter-of-others": ({ meter, seller, microgrid }) =>
    t`${meter} is not a meter of ${seller} in service for such energy in microgrid ${microgrid}.`,
  "meter-leaving": ({ meter }) =>
    t`The meter ${meter} is on offer or about to move, and promises nothing.`,
  "reading-not-signed": ({ meter }) => t`The device ${meter} has not signed this reading.`,
  "slot-not-covered": ({ slot, meter }) =>
    t`Slot ${slot} of ${meter} holds energy and is not covered.`,
  "reported-before": ({ slot, meter }) => t`Slot ${slot} of ${meter} was reported before.`,
  "slot-not-ended": ({ slot, meter }) =>
    t`Slot ${slot} of ${meter} had not ended, or is outside the meter's service.`,
  "above-capacity": ({ slot, meter, exportedWh, mostWh }) =>
    t`Slot ${slot} of ${meter} holds ${wh(exportedWh)}; the meter can export ${wh(mostWh)}.`,
  "promised-above-capacity": ({ meter, promisedWh, slot, mostWh }) =>
    t`${meter} has promised ${wh(promisedWh)} in slot ${slot} and can export ${wh(mostWh)}.`,
  "too-far-behind": ({ meter, aheadWh, slot, mostAheadWh }) =>
    t`${meter} had promised ${wh(aheadWh)} of slot ${slot} before; the buyer accepts ${wh(mostAheadWh)}.`,
  "sun-at-night": ({ meter, exportedWh, time }) =>
    t`${meter} reported ${wh(exportedWh)} of solar energy at night, ${moment(time)}.`,
  "above-clearest-sky": ({ meter, exportedWh, time, sunMostWh }) =>
    t`${meter} reported ${wh(exportedWh)} of solar energy at ${moment(time)}; the sun can have made ${wh(sunMostWh)}.`,

  "other-mint": ({ meter }) =>
    t`What was minted for a reading of ${meter} is not its report less what it owed to forwards.`,
  "other-kept": ({ meter }) =>
    t`What was kept for forwards of a reading of ${meter} is not what it owed.`,
  "other-burn": ({ holder }) => t`What ${holder} retired is not what was burnt.`,
  "other-share-minted": ({ block }) =>
    t`What was minted for block ${block} of a position is not its share.`,
  "energy-not-held": ({ holder, block }) =>
    t`${holder} gave away energy of block ${block} that it did not have.`,
  "money-not-held": ({ holder, paid, had }) => t`${holder} paid ${paid} and had ${had}.`,
  "lane-full": ({ holder, slot }) => t`${holder} can't hold that much energy of slot ${slot}.`,

  "order-not-signed": ({ maker }) => t`${maker} has not signed this order.`,
  "filled-late": ({ deadline, time }) =>
    t`The order expired at ${moment(deadline)} and was filled at ${moment(time)}.`,
  "other-counter": ({ signed, counter }) =>
    t`The order was signed for counter ${signed}; it was ${counter} by then.`,
  "filled-cancelled": () => t`The maker had cancelled the order.`,
  "filled-beyond": ({ slot, foundWh, dueWh }) =>
    t`In slot ${slot} ${wh(foundWh)} were traded; what was left of the orders comes to ${wh(dueWh)}.`,
  "filled-otherwise": ({ filledWh, dueWh }) =>
    t`The order is filled by ${wh(filledWh)}; ${wh(dueWh)} were traded.`,
  "order-for-another": ({ counterparty, taker }) =>
    t`The order is for ${counterparty}, not for ${taker}.`,
  "other-settler": ({ settler, caller }) =>
    t`The order is for the settler ${settler}; ${caller} filled it.`,
  "other-source": ({ source }) => t`The order does not name the source ${source}.`,
  "other-slots": ({ slot, foundWh }) =>
    t`Slot ${slot} was traded, which an order or the schedule named does not reach (${wh(foundWh)}).`,
  "out-of-time": ({ slot, foundWh }) =>
    t`Slot ${slot} was traded too late or too early (${wh(foundWh)}).`,
  "sold-after-start": ({ slot, meter }) =>
    t`Slot ${slot} of ${meter} was sold forward after it had started.`,
  "self-trade": ({ holder }) => t`${holder} traded with itself.`,
  "no-match": ({ error }) => t`The two orders are no match: ${error}.`,
  "less-than-least": ({ leastWh, tradedWh }) =>
    t`The taker wanted ${wh(leastWh)} at least; ${wh(tradedWh)} were traded.`,
  "firm-without-lock": ({ maker }) =>
    t`A firm order of ${maker} was filled without a lock that makes it firm.`,

  "allowance-overdrawn": ({ delegate, spent, maker, left }) =>
    t`${delegate} spent ${spent} of ${maker} and had ${left} left.`,
  "other-draws": ({ due, found }) =>
    t`${due} delegates signed, but ${found} allowances were drawn on.`,
  "other-draw": ({ delegate, found, due }) =>
    t`The delegate ${delegate} drew: ${found} where ${due} was due.`,

  "other-cost": ({ found, due }) => t`The buyer paid: ${found} where ${due} was due.`,
  "prices-dont-meet": ({ slot, foundWh }) =>
    t`The prices of slot ${slot} don't meet, yet it was traded (${wh(foundWh)}).`,
  "limit-missed": ({ limit }) => t`The taker's limit of ${limit} per kWh was not kept.`,
  "other-position-price": ({ found, due }) =>
    t`The position's price per kWh: ${found} where ${due} was due.`,
  "other-position-bond": ({ found, due }) =>
    t`The position's bond per kWh: ${found} where ${due} was due.`,
  "other-seller-payment": ({ found, due }) =>
    t`What was paid for the delivery: ${found} where ${due} was due.`,
  "skipped-without-reason": ({ error }) =>
    t`A match was skipped for ${error}, which did not apply.`,
  "kept-without-reason": ({ block, error }) =>
    t`Block ${block} of a position was not released for ${error}, which did not apply.`,

  "other-charge": ({ found, due }) => t`The DSOs' charge: ${found} where ${due} was due.`,
  "other-position-charge": ({ found, due }) =>
    t`The position's charge per kWh: ${found} where ${due} was due.`,
  "other-locked-payment": ({ found, due }) => t`What is locked: ${found} where ${due} was due.`,
  "other-dso-payment": ({ found, due }) => t`The DSOs received: ${found} where ${due} was due.`,

  "no-tie-line": ({ from, to }) => t`No tie line joins ${from} and ${to}.`,
  "other-arrival": ({ slot, foundWh, to, from, dueWh }) =>
    t`Of slot ${slot} ${wh(foundWh)} arrived in ${to} from ${from}; after the line's loss it is ${wh(dueWh)}.`,
  "above-line-capacity": ({ slot, foundWh, dueWh }) =>
    t`In slot ${slot} ${wh(foundWh)} were sent over a tie line that had room for ${wh(dueWh)}.`,

  "crossed-while-cut": ({ slot, foundWh }) =>
    t`In slot ${slot} ${wh(foundWh)} crossed a tie line though an end was islanded, or an order does not cross.`,
  "traded-while-closed": ({ slot, foundWh }) =>
    t`Slot ${slot} was traded in a closed microgrid (${wh(foundWh)}).`,
  "above-ration": ({ slot, foundWh, dueWh }) =>
    t`In slot ${slot} ${wh(foundWh)} were bought; the ration left ${wh(dueWh)}.`,

  "released-unreserved": ({ block }) =>
    t`Block ${block} of a position was released without being open.`,
  "released-early": ({ block }) =>
    t`Block ${block} was released before all of its slots were reported.`,
  "called-early": ({ block }) =>
    t`Block ${block} was called undelivered too early, or by somebody who may not.`,
  "other-share": ({ foundWh, dueWh }) =>
    t`The position got ${wh(foundWh)} where its share was ${wh(dueWh)}.`,
  "other-place": ({ block }) =>
    t`Block ${block} of a position has another place in the queue than its time.`,
  "other-refund": ({ found, due }) => t`The refund: ${found} where ${due} was due.`,
  "other-forfeit": ({ found, due }) => t`The forfeited bond: ${found} where ${due} was due.`,
  "other-bond": ({ found, due }) => t`What the seller locked: ${found} where ${due} was due.`,

  "escrow-gap": ({ currency, held, owed }) =>
    t`Of ${currency} ${held} are held, and ${owed} are owed.`,
  "withdrew-locked": ({ holder, amount, lockedUntil }) =>
    t`${holder} withdrew ${amount} that it had locked until ${moment(lockedUntil)}.`,
  "moved-locked": ({ caller, holder, settler, lockedUntil }) =>
    t`${caller} moved money of ${holder} that is locked for ${settler} until ${moment(lockedUntil)}.`,
  "lock-changed": ({ holder }) => t`A lock of ${holder} was changed while it lasted.`,

  "no-answer": ({ view }) => t`The chain has no answer to ${view}.`,
  "senseless-answer": ({ answer }) => t`The chain's answer can't be read: ${answer}.`,
  "account-differs": ({ holder, found, due }) =>
    t`The account of ${holder} holds ${found}; its history comes to ${due}.`,
  "lock-differs": ({ holder }) => t`The lock of ${holder} names others than its history does.`,
  "mandates-differ": ({ holder, found, due }) =>
    t`${holder} has used ${found} mandates on chain, ${due} by its history.`,
  "allowance-differs": ({ delegate, found, maker, due }) =>
    t`${delegate} may spend ${found} of ${maker} on chain, ${due} by its history.`,
  "cannot-withdraw": ({ holder, balance }) =>
    t`${holder} can't withdraw the ${balance} that it has.`,
  "escrow-short": ({ held, currency, owed }) =>
    t`The escrow holds ${held} of ${currency} and owes ${owed}.`,
  "energy-differs": ({ holder, microgrid, block }) =>
    t`${holder} holds other energy of microgrid ${microgrid} in block ${block} than its history comes to.`,
  "fill-differs": ({ nonce, maker, foundWh, dueWh }) =>
    t`The order ${nonce} of ${maker} is filled by ${wh(foundWh)} on chain, by ${wh(dueWh)} in its history.`,
  "position-differs": ({ position }) =>
    t`The open blocks of the position ${position} are others than its history says.`,
  "flow-differs": ({ from, to, block }) =>
    t`The flow from ${from} to ${to} in block ${block} holds other energy on chain than its history comes to.`,
  "ration-differs": ({ meter, block }) =>
    t`What ${meter} has had of rations in block ${block} is other energy on chain than its history comes to.`,
  "delivery-differs": ({ meter, block }) =>
    t`What ${meter} has promised and delivered in block ${block} is other energy on chain than its history comes to.`,
  "meter-differs": ({ meter }) => t`The meter ${meter} is another on chain than its history says.`,
  "not-reported": ({ slot, meter }) => t`Slot ${slot} of ${meter} is not reported on chain.`,
  "hook-stops-move": () => t`A market move to a contract without a receiver hook was refused.`,
  "hook-stops-mint": () => t`A mint to a contract without a receiver hook was refused.`,
};

/** A finding's sentence in the page's language. */
export function wordsOf({ code, values }: Pick<Finding, "code" | "values">): string {
  const write: Sentence["write"] = WORDS[code];
  return write(values);
}

/** Why something could not be judged. */
export function unseenWords(code: UnseenCode): string {
  const words: Readonly<Record<UnseenCode, () => string>> = {
    "wallet-not-asked": () => t`The maker's wallet could not be asked.`,
    "through-contract": () => t`It came through another contract.`,
    "no-place": () => t`A microgrid at 0° 0° names no place.`,
    "state-forgotten": () => t`The node no longer has the state of the last block.`,
    "node-failed": () => t`The node did not answer.`,
  };
  return words[code]();
}
