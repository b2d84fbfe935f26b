import { t } from "@lingui/core/macro";
import { SOURCES } from "@wattline/sdk";
import type { Network } from "../../chain/index.ts";
import {
  formatEnergy,
  formatMillis,
  formatMoment,
  formatMoney,
  shortAddress,
} from "../../ui/index.ts";
import type { Failure } from "../answers.ts";
import { type ErrorName, nameOfSelector, type Refusal } from "../refusal.ts";

type Words = (args: readonly unknown[], network: Network) => string;

const big = (value: unknown): bigint => (typeof value === "bigint" ? value : BigInt(String(value)));
const who = (value: unknown): string => shortAddress(String(value));
const wh = (value: unknown): string => formatEnergy(big(value));
const sourceName = (value: unknown): string => SOURCES[Number(value)] ?? String(value);

/** What each error of the contracts means to the person who met it. */
const WORDS: Readonly<Record<ErrorName, Words>> = {
  // Escrow
  Escrow_InsufficientBalance: ([, holder, balance, needed], { currency }) => {
    const [has, needs] = [
      formatMillis(big(balance), currency),
      formatMillis(big(needed), currency),
    ];
    return t`The account of ${who(holder)} holds ${has}; this needs ${needs}.`;
  },
  Escrow_BalanceOverflow: () => t`The escrow can't hold that much of this currency.`,
  Escrow_NothingDeposited: () => t`No money arrived: deposit more than nothing.`,
  Escrow_NoPermit: ([, holder]) => t`The currency has taken no permit by ${who(holder)}.`,
  Escrow_Locked: ([, holder, until]) =>
    t`${who(holder)} has locked the money until ${formatMoment(Number(until))}: only the settler named then moves it.`,
  Escrow_BadLock: ([until, current]) =>
    t`A lock names a settler and ends within 30 days; one in force can only be made longer, with the same settler and key: ${formatMoment(Number(until))} does not follow ${formatMoment(Number(current))}.`,
  Escrow_BadRecipient: ([to]) => t`Money can't be withdrawn to ${who(to)}.`,
  // Orders
  Orders_StrayBits: () => t`This order is malformed: nobody has signed it like that.`,
  Orders_Expired: ([deadline]) => t`This order ended on ${formatMoment(Number(deadline))}.`,
  Orders_CounterRaised: ([maker]) =>
    t`${who(maker)} has cancelled all orders signed earlier, this one too.`,
  Orders_IsCancelled: () => t`This order was cancelled by who made it.`,
  Orders_Filled: () => t`Nothing of this order is left. Somebody may have been faster.`,
  Orders_BadSignature: ([maker]) => t`The signature of this order is not from ${who(maker)}.`,
  Orders_AllowanceExceeded: ([, delegate, left, needed], { currency }) => {
    const [has, needs] = [formatMillis(big(left), currency), formatMillis(big(needed), currency)];
    return t`The home agent ${who(delegate)}, which signed this order, may still spend ${has}; this needs ${needs}.`;
  },
  Orders_BadDelegate: ([delegate]) => t`${who(delegate)} can't be your home agent.`,
  Orders_BadAllowance: () => t`That is more than a home agent can be allowed to spend.`,
  Orders_NotCounterparty: ([counterparty]) => t`This order is for ${who(counterparty)} alone.`,
  Orders_SourceNotNamed: ([, source]) => t`This order is not for ${sourceName(source)} energy.`,
  Orders_NotSettler: () =>
    t`This order is a limit: it trades in batches, at the community price, and can't be taken.`,
  Orders_NoLock: ([maker]) =>
    t`This order counts only while ${who(maker)} has locked money for it, and no such lock is in force.`,
  Orders_Firm: () => t`Firm orders can't be cancelled while their lock lasts.`,
  // Mandates
  Mandates_Expired: ([deadline]) =>
    t`What was signed ended on ${formatMoment(Number(deadline))}. Sign it again.`,
  Mandates_BadSignature: ([holder]) =>
    t`${who(holder)} has not signed this, or it was done already.`,
  // Deals
  Deals_NothingLeft: ([left, least, reason], network) => {
    const why = reasonInWords(String(reason), network);
    return big(left) === 0n
      ? t`Nothing of this can trade now. ${why}`
      : t`Only ${wh(left)} of this can trade now, less than the ${wh(least)} that you wanted. ${why}`;
  },
  Deals_SelfTrade: () => t`This order is your own: nobody trades with oneself.`,
  Deals_TooLong: () => t`This goes over more delivery slots than one trade can have.`,
  Deals_LimitMissed: ([amount, limit], { currency }) =>
    t`The price has changed: it would come to ${formatMillis(big(amount), currency)}, and your limit was ${formatMillis(big(limit), currency)}.`,
  Deals_OutsideSlots: () =>
    t`The order does not reach these delivery slots, or their prices have changed.`,
  Deals_OutOfTime: () => t`The delivery slots have started already, or lie more than a week ahead.`,
  Deals_Closed: () => t`The microgrid is closed for these delivery slots. Withdrawals go on.`,
  Deals_Islanded: () =>
    t`Energy of islanded delivery slots stays within its microgrid, and this order may not cross a tie line otherwise.`,
  Deals_PricesDontMeet: () =>
    t`The prices of the two sides don't meet, or exceed the price cap of the island.`,
  Deals_LineFull: () => t`The tie line is full.`,
  Deals_Rationed: () =>
    t`In islanded delivery slots a buyer needs a meter there, and an ordinary home gets its ration.`,
  Deals_NotCovered: () => t`The seller does not have that much energy.`,
  Deals_BondTooSmall: () => t`The seller pledges less than the buyer asks for.`,
  Spot_IsForward: () =>
    t`This order is a forward: its energy is still to come, so reserve it instead.`,
  // Batches
  Settlement_Empty: () => t`There is nothing to settle.`,
  Settlement_LengthMismatch: () => t`Each order needs one signature.`,
  Settlement_BadIndex: () => t`A match names an order that is not in the batch.`,
  Settlement_WrongSide: () => t`A match takes a bid for an offer, or an offer for a bid.`,
  Settlement_NotAlike: () =>
    t`The two orders don't fit: another currency, another slot length, or only one is a forward.`,
  Settlement_BothPosted: () => t`Two posted prices never trade with each other.`,
  // Forwards
  Forwards_MintFailed: () =>
    t`The delivered energy could not be credited. Try again with more gas.`,
  Forwards_IsSpot: () =>
    t`The energy of this order is there already, so buy it instead of reserving it.`,
  Forwards_NotOpen: () => t`This is settled already.`,
  Forwards_NotReported: () => t`The meter has not reported all of it yet.`,
  Forwards_NotOverdue: () =>
    t`It is too early to call this undelivered: the meter still has time to report.`,
  // Meters
  Meters_Unknown: ([meter]) => t`No meter is registered as ${who(meter)}.`,
  Meters_AlreadyRegistered: ([meter]) => t`The meter ${who(meter)} is registered already.`,
  Meters_NotOperator: ([, , operator]) => t`Only the operator ${who(operator)} may do this.`,
  Meters_NotMarket: () => t`Only the marketplace may do this.`,
  Meters_NotSuch: ([meter]) =>
    t`The meter ${who(meter)} delivers elsewhere, or another kind of energy.`,
  Meters_Leaving: ([meter]) =>
    t`The meter ${who(meter)} is about to change hands or to move: it promises nothing now.`,
  Meters_SlotStarted: () =>
    t`A delivery slot has started already: it can't be sold ahead any more.`,
  Meters_OverCommitted: ([, , committed, added, most]) =>
    t`The meter can export ${wh(most)} in that delivery slot and has promised ${wh(committed)}: ${wh(added)} more is too much.`,
  Meters_TooFarBehind: ([, , ahead, mostAhead]) =>
    t`Others come first: ${wh(ahead)} of a delivery slot are promised already, and the buyer accepts ${wh(mostAhead)} at most.`,
  Meters_NotOwner: ([meter, , owner]) => t`The meter ${who(meter)} belongs to ${who(owner)}.`,
  Meters_NotOffered: ([meter]) => t`The meter ${who(meter)} was not offered to you.`,
  Meters_OtherOffer: ([meter]) =>
    t`The meter ${who(meter)} has been offered anew, and may have promised more. Look at it again.`,
  Meters_Promised: ([meter]) =>
    t`Buyers may still wait for energy that the meter ${who(meter)} has promised.`,
  Meters_BadOwner: () => t`Name the household that the meter belongs to.`,
  Meters_BadSignature: ([meter]) => t`The meter ${who(meter)} has not signed this.`,
  Meters_Inactive: ([meter]) => t`The meter ${who(meter)} is retired.`,
  Meters_NothingReported: () => t`The reading covers no delivery slot.`,
  Meters_BadCapacity: ([watts]) =>
    t`A meter with ${String(watts)} W is too large for one delivery slot.`,
  Meters_NotCovered: () => t`The reading holds energy for a delivery slot that it does not cover.`,
  Meters_SlotNotEnded: () => t`A delivery slot of the reading has not ended yet.`,
  Meters_BeforeRegistration: () => t`The reading is older than the meter's registration.`,
  Meters_AlreadyReported: () => t`This reading is on the chain already.`,
  Meters_OverCapacity: ([, , energy, most]) =>
    t`The reading says ${wh(energy)} in one delivery slot; the meter can export ${wh(most)}.`,
  MissingPrecompile: () => t`This chain can't check the signatures of this kind of meter (P-256).`,
  // Microgrids
  Microgrids_Unknown: ([microgrid]) => t`There is no microgrid ${String(microgrid)}.`,
  Microgrids_TooMany: () => t`There are as many microgrids as there can be.`,
  Microgrids_NotOperator: ([, , operator]) => t`Only the operator ${who(operator)} may do this.`,
  Microgrids_NotSuccessor: ([, , successor]) =>
    t`Only ${who(successor)}, whom the operator named, may accept this.`,
  Microgrids_BadName: () => t`A name has 1 to 64 bytes.`,
  Microgrids_BadPlace: () =>
    t`There is no such place on Earth: latitude lies within ±90°, longitude within ±180°.`,
  Microgrids_BadCurrency: ([currency]) => t`${who(currency)} is no currency on this chain.`,
  Microgrids_BadSlotLength: () => t`A delivery slot lasts 5, 15, 30 or 60 minutes.`,
  Microgrids_BadDeadline: () => t`A reporting deadline lies between an hour and 30 days.`,
  Microgrids_BadOffset: () => t`A clock is at most 12 hours behind and 14 hours ahead of UTC.`,
  Microgrids_BadSchedule: () =>
    t`A price schedule has one to four levels; in each the network fee is at most the community price, and the feed-in tariff at most the retail tariff.`,
  Microgrids_TooEarly: () =>
    t`New prices begin after those before them, and seven days ahead at least.`,
  Microgrids_NoSchedule: () => t`The microgrid has no such price schedule.`,
  Microgrids_NothingChanges: () => t`The microgrid is in that state already.`,
  Microgrids_BadDeclaration: () =>
    t`Only delivery slots that have ended, and whose reporting deadline lies ahead, can be declared islanded.`,
  Microgrids_BadDso: () => t`Name the account of the DSO.`,
  Microgrids_BadTieLine: () =>
    t`These are no terms for a tie line: it joins two microgrids and loses less than all.`,
  Microgrids_TieLineMismatch: () =>
    t`A tie line joins microgrids of the same currency and slot length.`,
  Microgrids_NoTieLine: () => t`No tie line joins these microgrids.`,
  CheckpointUnorderedInsertion: () => t`That can't follow what was declared before.`,
  // Energy
  EnergyToken_NotMinter: () => t`Only meters bring energy into the world.`,
  EnergyToken_NotMarket: () => t`Only the marketplace may do this.`,
  EnergyToken_Overflow: ([holder]) =>
    t`${who(holder)} can't hold that much energy of one delivery slot.`,
  EnergyToken_BadBlocks: () => t`There are no such delivery slots.`,
  EnergyToken_NothingRetired: () => t`Choose some energy to retire first.`,
  EnergyToken_UnknownId: () => t`This names no energy.`,
  Profile_Overflow: () => t`That is more energy than one delivery slot can hold.`,
  Profile_Underflow: () => t`There is not that much energy in one of the delivery slots.`,
  Profile_Malformed: () => t`This is no energy profile.`,
  ERC1155InsufficientBalance: ([, balance, needed]) =>
    t`You have ${wh(balance)} of that delivery slot; this needs ${wh(needed)}.`,
  ERC1155InvalidApprover: () => t`This account can't approve anyone.`,
  ERC1155InvalidArrayLength: () => t`Each delivery slot needs one amount.`,
  ERC1155InvalidOperator: () => t`This account can't be approved.`,
  ERC1155InvalidReceiver: ([receiver]) => t`${who(receiver)} can't receive energy.`,
  ERC1155InvalidSender: ([sender]) => t`${who(sender)} can't send energy.`,
  ERC1155MissingApprovalForAll: ([operator]) => t`${who(operator)} may not move this energy.`,
  // Board, and what contracts rest on
  Board_LengthMismatch: () => t`Each order needs one signature.`,
  Board_NothingPinned: () => t`Choose an order to announce first.`,
  FailedCall: () => t`The contract refused without a reason.`,
  AddressEmptyCode: ([target]) => t`There is no contract at ${who(target)}.`,
  InvalidShortString: () => t`The text is malformed.`,
  StringTooLong: () => t`The text is too long.`,
  ReentrancyGuardReentrantCall: () => t`The contract was called from within itself.`,
  SafeERC20FailedOperation: () =>
    t`The currency refused to move: not approved, or not enough of it in your wallet.`,
  // Errors of the usual currencies (ERC-20, ERC-2612) and of Solidity itself
  ERC20InsufficientBalance: ([, balance, needed], { currency }) =>
    t`Your wallet holds ${formatMoney(big(balance), currency)}; this needs ${formatMoney(big(needed), currency)}.`,
  ERC20InsufficientAllowance: () => t`The currency is not approved for that much.`,
  ERC2612ExpiredSignature: () => t`The permit has expired. Sign it again.`,
  ERC2612InvalidSigner: () => t`The permit was not signed by you.`,
  Error: ([reason]) => t`The contract refused: ${String(reason)}`,
  Panic: () => t`The contract found a fault in its arithmetic and refused.`,
};

/** A contract's refusal in plain words. */
export function refusalInWords({ name, args }: Refusal, network: Network): string {
  const words = isKnown(name) ? WORDS[name] : undefined;
  return words === undefined ? t`The contract refused: ${name}.` : words(args, network);
}

/** Errors that the contracts also give as a reason, without values. */
const BARE: Readonly<Partial<Record<ErrorName, () => string>>> = {
  Escrow_InsufficientBalance: () => t`There was not enough money in escrow.`,
  Escrow_Locked: () => t`The money is locked, and only the settler named moves it.`,
  Orders_Expired: () => t`The order had ended.`,
  Orders_CounterRaised: () => t`This order was cancelled by who made it.`,
  Orders_NoLock: () => t`The order counts only under a lock, and no such lock was in force.`,
  Orders_BadSignature: () => t`The signature of the order is not from who made it.`,
  Orders_NotCounterparty: () => t`The order was for somebody else alone.`,
  Orders_SourceNotNamed: () => t`The order was not for energy of this source.`,
  Orders_AllowanceExceeded: () =>
    t`The home agent which signed the order may not spend that much any more.`,
  EnergyToken_Overflow: () => t`One account can't hold that much energy of one delivery slot.`,
};

/** Why something was cut, skipped or not released, by the selector that the contracts give; empty when it is not known. */
export function reasonInWords(selector: string, network: Network): string {
  const name = nameOfSelector(selector);
  if (name === undefined || name === "Deals_NothingLeft") return "";
  return BARE[name]?.() ?? WORDS[name]([], network);
}

const isKnown = (name: string): name is ErrorName => Object.hasOwn(WORDS, name);

/** Why a wallet or a node did not do what it was asked, and what the person can do about it. */
export function failureInWords(failure: Failure, { name }: Pick<Network, "name">): string {
  switch (failure) {
    case "offline":
      return t`The node of ${name} can't be reached. Check your connection and try again.`;
    case "timeout":
      return t`There was no answer in time. Look in your wallet whether anything was sent before you try again.`;
    case "blindSigning":
      return t`Your device does not sign what it can't show. Allow blind signing in the settings of its Ethereum app, then try again.`;
    case "deviceLocked":
      return t`Your device is locked. Unlock it, open its Ethereum app and try again.`;
    case "deviceApp":
      return t`Open the Ethereum app on your device and try again.`;
    case "nonce":
      return t`Your wallet counts your transactions in another way than ${name} does. If a transaction of yours still waits, let it end or cancel it; on a local chain that was started anew, clear the activity of the account in the wallet's settings.`;
    case "noFunds":
      return t`Your account has too little Ether on ${name} to pay the fee of a transaction.`;
    case "underpriced":
      return t`The fee that your wallet has set is too low at the moment. Try again, with a higher one.`;
    case "busy":
      return t`Your wallet still waits for an answer to an earlier question. Open it and answer that first.`;
    case "disconnected":
      return t`Your wallet is not connected any more. Connect it again.`;
    case "unauthorized":
      return t`Your wallet does not let this page use the account. Connect it again with this account.`;
    case "wrongNetwork":
      return t`Your wallet is on another network: switch it to ${name} first.`;
    case "unsupported":
      return t`Your wallet does not know how to do this. Try another wallet.`;
    case "limited":
      return t`The node of ${name} takes no more requests at the moment. Wait a minute and try again.`;
    case "unknown":
      return t`Your wallet or the node refused.`;
  }
}

/** Why something could not be read. */
export function readingFailureInWords(failure: Failure, network: Pick<Network, "name">): string {
  switch (failure) {
    case "offline":
    case "limited":
      return failureInWords(failure, network);
    case "timeout":
      return t`There was no answer in time. Try again.`;
    default:
      return t`The answer was not what it should be.`;
  }
}
