import { SOURCES } from "../../energyId.ts";
import type { Act, RetireAct } from "../../history/acts.ts";
import { movedWh } from "../../history/moves.ts";
import { LANES, laneOf, sumWh } from "../../profile.ts";
import { hashOrder } from "../../signatures.ts";
import type { Order } from "../../typedData.ts";
import type { Call, CallOf, SeenCalls } from "../calls.ts";
import { type AuditContext, expect } from "../context.ts";
import { recordMove } from "../ledger.ts";
import { judgeAccept } from "./accept.ts";
import { judgePlain } from "./plain.ts";
import { judgeReport } from "./readings.ts";
import { judgeRelease } from "./release.ts";
import { judgeReserve, positionIdOf } from "./reserve.ts";
import { judgeSettle } from "./settle.ts";

/** Judges what a transaction did, act by act, each with the call that caused it. */
export async function judgeActs(
  context: AuditContext,
  acts: readonly Act[],
  { calls, hidden }: SeenCalls,
): Promise<void> {
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

  for (const act of acts) {
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
        const { traded, sent, crossed } = act;
        const call = askedFor(
          "accept",
          ({ order, take }) =>
            hashOf(order) === traded.args.orderHash &&
            (crossed !== undefined || sumWh(take.energy) === movedWh(sent)),
        );
        await judgeAccept(context, act, call);
        break;
      }
      case "settle": {
        const call = askedFor("settle", ({ orders, matches }) => {
          const named = act.outcomes.map((each) => (each.skipped ?? each.matched).args);
          return (
            matches.length === named.length &&
            matches.every(({ offer, bid }, index) => {
              const [ask, wish] = [orders[offer], orders[bid]];
              return (
                ask !== undefined &&
                wish !== undefined &&
                hashOf(ask) === named[index]?.offerHash &&
                hashOf(wish) === named[index]?.bidHash
              );
            })
          );
        });
        await judgeSettle(context, act, call);
        break;
      }
      case "reserve": {
        const { orderHash, energy } = act.reserved.args;
        const call = askedFor(
          "reserve",
          ({ order, take }) => hashOf(order) === orderHash && sumWh(take.energy) === sumWh(energy),
        );
        await judgeReserve(context, act, call);
        break;
      }
      case "release": {
        const { positionId, blockNumber } = act.released.args;
        const fits = (asked: CallOf<"release">) =>
          asked.blockNumber === blockNumber && positionIdOf(asked.position) === positionId;
        const call = askedFor("release", fits);
        expect(context, "calldata", call === undefined || fits(call), "other-release", {
          positionId,
        });
        judgeRelease(context, act);
        break;
      }
      case "retire":
        judgeRetire(context, act);
        break;
      case "transfer":
        recordMove(context, act.move);
        break;
      case "plain":
        judgeMoney(context, act.event, queue);
        judgePlain(context, act.event);
    }
  }
  const left = queue.left();
  expect(context, "calldata", left === undefined, "call-without-event", { kind: left ?? "" });
  judgeSolvency(context);
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
function judgeMoney(
  context: AuditContext,
  event: Extract<Act, { kind: "plain" }>["event"],
  queue: Queue,
): void {
  if (event.eventName !== "Deposited" && event.eventName !== "Withdrawn") return;
  const { currency, holder, amount } = event.args;
  // Between the call and the event no other deposit or withdrawal is possible.
  const call = queue.next(event.eventName === "Deposited" ? "deposit" : "withdraw", () => true);
  if (call === undefined) return;
  const fits = call.kind === "deposit" ? amount <= call.amount : amount === call.amount;
  expect(
    context,
    "calldata",
    fits && call.currency === currency && call.sender === holder,
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
  const community = context.state.microgrids.get(microgrid);
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

/** Deposits less withdrawals are in accounts or locked, to the base unit; a gap is reported once, where it opens. */
function judgeSolvency(context: AuditContext): void {
  for (const [currency, money] of context.state.money) {
    const { held, accounts, locked } = money;
    const gap = held - accounts - locked;
    expect(context, "escrow", gap === money.gap, "escrow-gap", {
      currency,
      held,
      accounts,
      locked,
      owed: accounts + locked,
    });
    money.gap = gap;
  }
}
