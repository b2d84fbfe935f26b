import type { Hex } from "viem";
import { SOURCES } from "../../energyId.ts";
import type { Act, RetireAct } from "../../history/acts.ts";
import type { EventNamed, HistoryEvent } from "../../history/events.ts";
import { signedHash } from "../../history/positions.ts";
import { LANES, laneOf } from "../../profile.ts";
import { hashOrder } from "../../signatures.ts";
import type { Order } from "../../typedData.ts";
import { type Call, type CallOf, type SeenCalls, saidIn, type WordEvent } from "../calls.ts";
import { type AuditContext, expect } from "../context.ts";
import { recordMove } from "../ledger.ts";
import { communitiesIn } from "../state.ts";
import { recordCharge } from "../storage.ts";
import { Batch, BatchCharges, judgeSkip } from "./batch.ts";
import { judgeMandates } from "./mandates.ts";
import { judgePlain } from "./plain.ts";
import { judgeReport } from "./readings.ts";
import { judgeNotReleased, judgeRelease } from "./release.ts";
import { judgeAccept, judgeMatch, judgeReserve, judgeReserved } from "./trades.ts";

/** Judges what a transaction did, act by act, each with the call that caused it. */
export async function judgeActs(
  context: AuditContext,
  acts: readonly Act[],
  { calls, mandates, hidden }: SeenCalls,
): Promise<void> {
  await judgeMandates(context, { mandates, hidden });
  // A deposit or withdrawal runs the currency's code, which may call anything: those calls are hidden.
  const isOpen = hidden || calls.some(({ kind }) => kind === "deposit" || kind === "withdraw");
  const queue = new Queue(calls, isOpen);
  const hashOf = (order: Order) => hashOrder(context.domains.market, order);
  const askedFor = <Kind extends Call["kind"]>(
    kind: Kind,
    fits: (call: CallOf<Kind>) => boolean,
  ): CallOf<Kind> | undefined => {
    const call = queue.next(kind, fits);
    expect(context, "calldata", call !== undefined || isOpen, "no-such-call", { kind });
    return call;
  };
  let batch: Batch | undefined;
  let charges: BatchCharges | undefined;

  for (const act of acts) {
    const named = matchOf(act);
    if (named === undefined) endBatch();
    else {
      await judgeMatched(act, named);
      continue;
    }
    switch (act.kind) {
      case "report": {
        const { meter, firstBlock } = act.reported.args;
        const call = askedFor(
          "report",
          ({ reading }) => reading.meter === meter && reading.firstBlock === firstBlock,
        );
        judgeReport(context, act, call);
        break;
      }
      case "accept": {
        const { orderHash, taker } = act.traded.args;
        const call = askedFor(
          "accept",
          ({ order, sender }) => sender === taker && hashOf(order) === orderHash,
        );
        await judgeAccept(context, act, call);
        break;
      }
      case "reserve": {
        const { offerHash, bidHash } = act.reserved.args;
        const call = askedFor("reserve", ({ order }) =>
          [offerHash, bidHash].includes(hashOf(order)),
        );
        await judgeReserve(context, act, call);
        break;
      }
      case "release": {
        const call = releaseFor(act.released.args);
        judgeRelease(context, act, call);
        break;
      }
      case "retire":
        judgeRetire(context, act);
        break;
      case "transfer":
        recordMove(context, act.move);
        break;
      case "plain":
        if (act.event.eventName === "NotReleased") {
          judgeNotReleased(context, act.event, releaseFor(act.event.args));
        } else {
          judgeMoney(context, act.event, queue);
          judgeWord(act.event);
          judgePlain(context, act.event);
        }
    }
  }
  endBatch();
  const left = queue.left();
  expect(context, "calldata", left === undefined, "call-without-event", { kind: left ?? "" });
  judgeSolvency(context);

  /** A match of a batch: settled, reserved or skipped. */
  async function judgeMatched(act: Act, { offerHash, bidHash }: Matched): Promise<void> {
    if (batch === undefined) {
      const call = askedFor("settle", (each) => {
        const [offer, bid] = Batch.firstOf(context, each);
        return offer === offerHash && bid === bidHash;
      });
      // Where no call was seen, the next match may be of the same batch.
      if (call !== undefined) {
        endBatch();
        batch = await Batch.open(context, call);
      }
    }
    charges ??= new BatchCharges();
    const due = await batch?.nextDue(context, offerHash, bidHash);
    if (act.kind === "match") judgeMatch(context, act, due, charges);
    else if (act.kind === "reserve") judgeReserved(context, act, due);
    else if (act.kind === "skip") judgeSkip(context, act, due);
    if (batch?.isDone() === true) endBatch();
  }

  /** What a holder says of its money or its orders: its own call, or one by its signature, says the same. */
  function judgeWord(event: HistoryEvent): void {
    if (!isWord(event)) return;
    const { holder, said } = saidIn(event);
    const fits = (call: CallOf<"word">) =>
      call.event === event.eventName && call.holder === holder && call.said === said;
    const call = askedFor("word", fits);
    const isSame = call === undefined || fits(call);
    expect(context, "calldata", isSame, "other-word", { holder });
  }

  function endBatch(): void {
    charges?.pay(context);
    charges = undefined;
    if (batch === undefined) return;
    expect(context, "calldata", batch.isDone(), "other-matches", {});
    batch = undefined;
  }

  function releaseFor({ positionId, blockNumber }: { positionId: Hex; blockNumber: number }) {
    const fits = (asked: CallOf<"release">) =>
      asked.blockNumber === blockNumber && asked.positionId === positionId;
    const call = askedFor("release", fits);
    const isThis = call === undefined || fits(call);
    expect(context, "calldata", isThis, "other-release", { positionId });
    return isThis ? call : undefined;
  }
}

const isWord = (event: HistoryEvent): event is EventNamed<WordEvent> =>
  event.eventName === "Locked" ||
  event.eventName === "Authorized" ||
  event.eventName === "Cancelled" ||
  event.eventName === "AllCancelled";

interface Matched {
  readonly offerHash: Hex;
  readonly bidHash: Hex;
}

/** The two orders of an act that is a match of a batch: nothing else has two. */
function matchOf(act: Act): Matched | undefined {
  if (act.kind === "match") return act.matched.args;
  if (act.kind === "skip") return act.skipped.args;
  if (act.kind !== "reserve") return undefined;
  const { offerHash, bidHash } = act.reserved.args;
  return [offerHash, bidHash].every((hash) => signedHash(hash) !== undefined)
    ? { offerHash, bidHash }
    : undefined;
}

/** Calls without their event so far, by kind. */
class Queue {
  readonly #calls: Call[];
  readonly #isOpen: boolean;

  /** @param isOpen Whether events may belong to calls that are not among these. */
  constructor(calls: readonly Call[], isOpen: boolean) {
    this.#calls = [...calls];
    this.#isOpen = isOpen;
  }

  /** The call that an event belongs to: the next of its kind, or one that fits where others may have come between. */
  next<Kind extends Call["kind"]>(
    kind: Kind,
    fits: (call: CallOf<Kind>) => boolean,
  ): CallOf<Kind> | undefined {
    const at = this.#calls.findIndex(
      (call) => isOfKind(call, kind) && (!this.#isOpen || fits(call)),
    );
    const call = at < 0 ? undefined : this.#calls.splice(at, 1)[0];
    return call !== undefined && isOfKind(call, kind) ? call : undefined;
  }

  /** The kind of a call that has no event. */
  left(): Call["kind"] | undefined {
    return this.#calls[0]?.kind;
  }
}

const isOfKind = <Kind extends Call["kind"]>(call: Call, kind: Kind): call is Call & CallOf<Kind> =>
  call.kind === kind;

/** A deposit may be less than its call says, since a currency may charge a fee; a withdrawal is exact. */
function judgeMoney(context: AuditContext, event: HistoryEvent, queue: Queue): void {
  if (event.eventName !== "Deposited" && event.eventName !== "Withdrawn") return;
  const { currency, holder, amount } = event.args;
  // Between the call and the event no other deposit or withdrawal is possible.
  const call = queue.next(event.eventName === "Deposited" ? "deposit" : "withdraw", () => true);
  if (call === undefined) return;
  const fits = call.kind === "deposit" ? amount <= call.amount : amount === call.amount;
  expect(
    context,
    "calldata",
    fits && call.currency === currency && call.holder === holder,
    "other-money",
    { holder, currency, kind: call.kind, asked: call.amount, amount },
  );
}

function judgeRetire(context: AuditContext, { retired, burn }: RetireAct): void {
  const { holder, beneficiary, microgrid, source, firstBlock, energy, purpose } = retired.args;
  const due = energy.flatMap((word, offset) =>
    word === 0n ? [] : [{ blockNumber: firstBlock + offset, energy: word }],
  );
  const same =
    burn.from === holder &&
    burn.words.length === due.length &&
    burn.words.every(
      (word, index) =>
        word.microgrid === microgrid &&
        word.source === SOURCES[source] &&
        word.blockNumber === due[index]?.blockNumber &&
        word.energy === due[index]?.energy,
    );
  expect(context, "minting", same, "other-burn", { holder }, microgrid);
  recordMove(context, burn);
  recordCharge(context.state, retired.args);
  const community = communitiesIn(context.state).get(microgrid);
  context.row({
    kind: "retirement",
    block: context.blockNumber,
    time: context.time,
    transaction: context.transaction,
    logIndex: retired.logIndex,
    holder,
    beneficiary,
    purpose,
    microgrid,
    microgridName: community?.name ?? "",
    latitudeTenths: community?.latitudeTenths ?? 0,
    longitudeTenths: community?.longitudeTenths ?? 0,
    source,
    slotSeconds: community?.slotSeconds ?? 0,
    energyWh: due.flatMap(({ blockNumber, energy: word }) =>
      Array.from({ length: LANES }, (_, lane) => lane).flatMap((lane) => {
        const wh = laneOf(word, lane);
        return wh === 0n ? [] : [[blockNumber * LANES + lane, wh] as const];
      }),
    ),
  });
}

/** Deposits less withdrawals are in accounts or locked, to the thousandth; a gap is reported once, where it opens. */
function judgeSolvency(context: AuditContext): void {
  for (const [currency, money] of context.state.money) {
    const { heldMillis: held, accountsMillis, lockedMillis } = money;
    const owed = accountsMillis + lockedMillis;
    const gap = held - owed;
    expect(context, "escrow", gap === money.gapMillis, "escrow-gap", { currency, held, owed });
    money.gapMillis = gap;
  }
}
