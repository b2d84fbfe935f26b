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
  "other-order": ({ orderHash }) =>
    t`The event names the order ${orderHash}; the transaction carried another one.`,
  "other-trade": () => t`The trade differs from the one in the transaction's call.`,
  "other-match-orders": ({ match }) =>
    t`Match ${match} names other orders than the transaction's call.`,
  "other-match-energy": ({ match }) =>
    t`Match ${match} moved other energy than the transaction's call says.`,
  "other-matches": ({ asked, found }) =>
    t`The call has ${asked} matches, the events have ${found}.`,
  "other-release": () =>
    t`Another block of a position was released than the transaction's call says.`,
  "other-reading": ({ meter }) =>
    t`The event says another reading of ${meter} than the one in the transaction's call.`,

  "trade-without-energy": () => t`A trade moved no energy of a known microgrid.`,
  "energy-went-elsewhere": () => t`The energy went to another account than the trade says.`,
  "position-of-other-terms": () => t`The position's id does not fit its terms.`,
  "batch-in-unknown-microgrid": ({ microgrid }) =>
    t`A batch cleared microgrid ${microgrid}, which was never founded.`,

  "meter-not-in-service": ({ meter }) => t`No meter ${meter} is in service.`,
  "meter-of-others": ({ meter, seller, microgrid }) =>
    t`${meter} is not a meter of ${seller} for such energy in microgrid ${microgrid}.`,
  "reading-not-signed": ({ meter }) => t`The device ${meter} has not signed this reading.`,
  "slot-not-covered": ({ slot, meter }) =>
    t`Slot ${slot} of ${meter} holds energy and is not covered.`,
  "reported-before": ({ slot, meter }) => t`Slot ${slot} of ${meter} was reported before.`,
  "slot-not-ended": ({ slot, meter }) =>
    t`Slot ${slot} of ${meter} had not ended, or is before the meter's first day.`,
  "above-capacity": ({ slot, meter, exportedWh, mostWh }) =>
    t`Slot ${slot} of ${meter} holds ${wh(exportedWh)}; the meter can export ${wh(mostWh)}.`,
  "promised-above-capacity": ({ meter, promisedWh, mostWh }) =>
    t`${meter} has promised ${wh(promisedWh)} in a slot and can export ${wh(mostWh)}.`,
  "sun-at-night": ({ meter, exportedWh, time }) =>
    t`${meter} reported ${wh(exportedWh)} of solar energy at night, ${time}.`,
  "above-clearest-sky": ({ meter, exportedWh, time, sunMostWh }) =>
    t`${meter} reported ${wh(exportedWh)} of solar energy at ${time}; the sun can have made ${wh(sunMostWh)}.`,

  "other-mint": ({ meter }) =>
    t`What was minted for a reading of ${meter} is not its report less what it owed to forwards.`,
  "other-burn": ({ holder }) => t`What ${holder} retired is not what was burnt.`,
  "other-share-minted": ({ block }) =>
    t`What was minted for block ${block} of a position is not its share.`,
  "energy-not-held": ({ holder, source, block }) =>
    t`${holder} gave away ${source} energy of block ${block} that it did not have.`,
  "money-not-held": ({ holder, paid, had }) => t`${holder} paid ${paid} and had ${had}.`,

  "order-not-signed": ({ maker }) => t`${maker} has not signed this order.`,
  "filled-late": ({ deadline, time }) =>
    t`The order expired at ${moment(deadline)} and was filled at ${moment(time)}.`,
  "other-counter": ({ signed, counter }) =>
    t`The order was signed for counter ${signed}; it was ${counter} by then.`,
  "filled-cancelled": () => t`The maker had cancelled the order.`,
  "filled-beyond": ({ filledBeforeWh, signedWh, filledWh }) =>
    t`${wh(filledBeforeWh)} of ${wh(signedWh)} were filled before; ${wh(filledWh)} were added.`,
  "filled-otherwise": ({ filledWh }) =>
    t`The order is filled by ${wh(filledWh)}, which is not what was traded.`,
  "order-for-another": ({ counterparty, taker }) =>
    t`The order is for ${counterparty}, not for ${taker}.`,
  "other-source": ({ source }) => t`The order does not name the source ${source}.`,
  "other-slots": ({ firstSlot, lastSlot }) =>
    t`Energy outside the order's slots ${firstSlot} to ${lastSlot} was traded.`,
  "sold-after-start": ({ block }) =>
    t`Energy of block ${block} was sold forward after its slot had started.`,

  "allowance-overdrawn": ({ delegate, spent, maker, left }) =>
    t`${delegate} spent ${spent} of ${maker} and had ${left} left.`,
  "other-draws": ({ due, found }) =>
    t`${due} delegates signed, but ${found} allowances were drawn on.`,
  "other-draw": ({ delegate, found, due }) =>
    t`The delegate ${delegate} drew: ${found} where ${due} was due.`,

  "charges-above-bid": ({ chargePerKwh, price }) =>
    t`Charges of ${chargePerKwh} per kWh exceed what the bid pays, ${price}.`,
  "other-price": ({ found, due }) =>
    t`The seller received ${found} where ${due} was due at the signed price.`,
  "limit-missed": ({ limit }) => t`The taker's limit of ${limit} was not kept.`,
  "other-position-price": ({ found, due }) =>
    t`The position's price per kWh: ${found} where ${due} was due.`,
  "other-position-bond": ({ found, due }) =>
    t`The position's bond per kWh: ${found} where ${due} was due.`,
  "other-seller-payment": ({ found, due }) =>
    t`The seller received: ${found} where ${due} was due.`,
  "prices-of-other-slots": () => t`The prices are for other slots than the batch's.`,
  "other-uniform-price": ({ slot, price, ask, bid }) =>
    t`Slot ${slot} cleared at ${price}; its highest ask is ${ask} and its lowest bid ${bid}.`,
  "other-match-cost": ({ found, due }) =>
    t`The buyer of a match paid: ${found} where ${due} was due.`,
  "skipped-without-reason": ({ error }) =>
    t`A match was skipped for ${error}, which did not apply.`,

  "other-network-fee": ({ found, due }) => t`The network fee: ${found} where ${due} was due.`,
  "other-match-fee": ({ found, due }) =>
    t`The network fee of a match: ${found} where ${due} was due.`,
  "other-wheeling-charge": ({ found, due }) =>
    t`The wheeling charge: ${found} where ${due} was due.`,
  "other-position-charge": ({ found, due }) =>
    t`The position's charge per kWh: ${found} where ${due} was due.`,
  "other-locked-payment": ({ found, due }) => t`What is locked: ${found} where ${due} was due.`,
  "other-dso-payment": ({ found, due }) => t`The DSOs received: ${found} where ${due} was due.`,

  "no-tie-line": ({ from, to }) => t`No tie line joins ${from} and ${to}.`,
  "other-sent": ({ found, due }) => t`Sent over the tie line: ${found} where ${due} was due.`,
  "other-arrived": ({ found, due }) => t`Arrived over the tie line: ${found} where ${due} was due.`,
  "other-loss": ({ to }) => t`What arrived in ${to} is not what was sent less the tie line's loss.`,
  "other-position-loss": ({ found, due }) => t`The position's loss: ${found} where ${due} was due.`,
  "above-line-capacity": ({ slot, flowWh, from, to, capacityWh }) =>
    t`In slot ${slot} ${wh(flowWh)} go from ${from} to ${to}; the tie line carries ${wh(capacityWh)}.`,

  "crossed-while-cut": ({ microgrid }) =>
    t`Energy crossed a tie line of microgrid ${microgrid}, which was islanded or closed.`,
  "traded-while-closed": ({ microgrid }) =>
    t`A trade was made in microgrid ${microgrid}, which was closed.`,
  "cleared-while-closed": ({ microgrid }) =>
    t`A batch cleared microgrid ${microgrid}, which was closed.`,
  "above-island-cap": ({ pricePerKwh, cap }) =>
    t`An islanded buyer pays ${pricePerKwh} per kWh, above the cap ${cap}.`,
  "offer-above-island-cap": ({ ask, cap }) =>
    t`An offer at ${ask} traded above the island's price cap ${cap}.`,
  "bought-for-others-meter": ({ buyer, meter }) =>
    t`${buyer} bought for the meter ${meter}, which is not one of its own in service there.`,
  "above-ration": ({ meter, boughtWh, slot, ration }) =>
    t`The meter ${meter} has bought ${wh(boughtWh)} in slot ${slot}; the ration is ${wh(ration)}.`,
  "critical-load-short": ({ maker }) =>
    t`An ordinary load was served while the critical load of ${maker} was short.`,

  "released-unreserved": ({ block }) =>
    t`Block ${block} of a position was released without having been reserved.`,
  "released-early": ({ block }) =>
    t`Block ${block} was released before its slots were reported or overdue.`,
  "other-share": ({ foundWh, dueWh }) =>
    t`The position got ${wh(foundWh)} where its share was ${wh(dueWh)}.`,
  "other-refund": ({ found, due }) => t`The refund: ${found} where ${due} was due.`,
  "other-forfeit": ({ found, due }) => t`The forfeited bond: ${found} where ${due} was due.`,
  "other-bond": ({ found, due }) => t`The bond: ${found} where ${due} was due.`,

  "escrow-gap": ({ currency, held, owed }) =>
    t`Of ${currency} ${held} are held, and ${owed} are owed.`,
  "withdrew-locked": ({ holder, amount, lockedUntil }) =>
    t`${holder} withdrew ${amount} that it had locked until ${moment(lockedUntil)}.`,

  "no-answer": ({ view }) => t`The chain has no answer to ${view}.`,
  "senseless-answer": ({ answer }) => t`The chain's answer can't be read: ${answer}.`,
  "account-differs": ({ holder, found, due }) =>
    t`The account of ${holder} holds ${found}; its history comes to ${due}.`,
  "cannot-withdraw": ({ holder, balance }) =>
    t`${holder} can't withdraw the ${balance} that it has.`,
  "escrow-short": ({ held, currency, owed }) =>
    t`The escrow holds ${held} of ${currency} and owes ${owed}.`,
  "energy-differs": ({ holder, microgrid, block }) =>
    t`${holder} holds other energy of microgrid ${microgrid} in block ${block} than its history comes to.`,
  "fill-differs": ({ nonce, maker, foundWh, dueWh }) =>
    t`The order ${nonce} of ${maker} is filled by ${wh(foundWh)} on chain, by ${wh(dueWh)} in its history.`,
  "position-differs": ({ block, position }) =>
    t`Block ${block} of the position ${position} holds other energy on chain than its history comes to.`,
  "flow-differs": ({ from, to, block }) =>
    t`The flow from ${from} to ${to} in block ${block} holds other energy on chain than its history comes to.`,
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
