import { type Address, isAddressEqual } from "viem";
import type { Contracts, EventNamed, HistoryEvent } from "./events.ts";
import { type EnergyMove, isBurn, isMint, moveOf } from "./moves.ts";

/**
 * What a transaction did, read from its events alone. A trade, a release or a reading emits several events; an act
 * contains all of one.
 */
export type Act =
  | AcceptAct
  | SettleAct
  | ReserveAct
  | ReleaseAct
  | ReportAct
  | RetireAct
  | TransferAct
  | PlainAct;

/** Minted energy of a signed order was taken. */
export interface AcceptAct {
  readonly kind: "accept";
  readonly traded: EventNamed<"Traded">;
  /** From the seller: to the buyer, or to the zero address when it crosses a tie line. */
  readonly sent: EnergyMove;
  /** To the buyer: the same as `sent` within a microgrid. */
  readonly arrived: EnergyMove;
  /** Present when it crossed a tie line. */
  readonly crossed?: EventNamed<"Crossed">;
  readonly drawn: readonly EventNamed<"Drawn">[];
}

/** The outcome of one match of a batch, in the batch's order. */
export type MatchOutcome =
  | { readonly skipped: EventNamed<"Skipped"> }
  | {
      readonly skipped?: undefined;
      /** From the seller to the buyer. */
      readonly move: EnergyMove;
      readonly matched: EventNamed<"Matched">;
      readonly drawn: readonly EventNamed<"Drawn">[];
    };

/** A batch was cleared. */
export interface SettleAct {
  readonly kind: "settle";
  readonly cleared: EventNamed<"Cleared">;
  readonly outcomes: readonly MatchOutcome[];
}

/** Energy that is still to come was reserved. */
export interface ReserveAct {
  readonly kind: "reserve";
  readonly reserved: EventNamed<"Reserved">;
  readonly crossed?: EventNamed<"Crossed">;
  readonly drawn: readonly EventNamed<"Drawn">[];
}

/** A block of a position was settled. */
export interface ReleaseAct {
  readonly kind: "release";
  readonly released: EventNamed<"Released">;
  /** To the buyer, then the rounding rest to the meter's owner. */
  readonly mints: readonly EnergyMove[];
  /** Energy that did not fit into a full lane and is lost. */
  readonly unmintable: readonly EventNamed<"Unmintable">[];
}

/** A reading was accepted. */
export interface ReportAct {
  readonly kind: "report";
  readonly reported: EventNamed<"Reported">;
  /** To the meter's owner; missing when everything is owed to forwards or nothing was exported. */
  readonly mint?: EnergyMove;
}

/** Energy was retired. */
export interface RetireAct {
  readonly kind: "retire";
  readonly retired: EventNamed<"Retired">;
  readonly burn: EnergyMove;
}

/** A holder gave energy away. */
export interface TransferAct {
  readonly kind: "transfer";
  readonly move: EnergyMove;
}

/** Everything that emits one event. */
export interface PlainAct {
  readonly kind: "plain";
  readonly event: HistoryEvent;
}

/** The events of a transaction do not fit together: Wattline's contracts emit no such sequence. */
export class BrokenActError extends Error {}

/**
 * Reads the acts of one transaction from all of its events, in their order.
 * @throws BrokenActError when an event lacks those that the contracts emit with it; RangeError from a transfer that is
 * none.
 */
export function actsOf(contracts: Contracts, events: readonly HistoryEvent[]): Act[] {
  const acts: Act[] = [];
  const isOf = (move: EnergyMove, operator: Address) => isAddressEqual(move.operator, operator);
  const { marketplace, meters } = contracts;
  let crossed: EventNamed<"Crossed"> | undefined;
  let drawn: EventNamed<"Drawn">[] = [];
  let outcomes: OpenOutcome[] = [];
  let burn: EnergyMove | undefined;

  for (let at = 0; at < events.length; at++) {
    const event = events[at];
    if (event === undefined) break;
    switch (event.eventName) {
      case "Crossed":
        crossed = event;
        break;
      case "Drawn":
        (outcomes.at(-1)?.drawn ?? drawn).push(event);
        break;
      case "Traded": {
        const sent = moveAt(events, ++at, event);
        const arrived = crossed === undefined ? sent : moveAt(events, ++at, event);
        acts.push({ kind: "accept", traded: event, sent, arrived, ...takeCrossed(), drawn });
        drawn = [];
        break;
      }
      case "Reserved":
        acts.push({ kind: "reserve", reserved: event, ...takeCrossed(), drawn });
        drawn = [];
        break;
      case "Skipped":
        outcomes.push({ skipped: event });
        break;
      case "Matched": {
        const open = outcomes.find((each) => each.move !== undefined && each.matched === undefined);
        if (open === undefined)
          throw new BrokenActError("A match was paid, but no energy moved for it.");
        open.matched = event;
        break;
      }
      case "Cleared":
        acts.push({ kind: "settle", cleared: event, outcomes: outcomes.map(closed) });
        outcomes = [];
        break;
      case "Released": {
        const mints: EnergyMove[] = [];
        const unmintable: EventNamed<"Unmintable">[] = [];
        for (let next = events[at + 1]; next !== undefined; next = events[at + 1]) {
          if (next.eventName === "Unmintable") unmintable.push(next);
          else if (isTransfer(next)) {
            const move = moveOf(next);
            if (!isMint(move) || !isOf(move, marketplace)) break;
            mints.push(move);
          } else break;
          at++;
        }
        acts.push({ kind: "release", released: event, mints, unmintable });
        break;
      }
      case "Reported": {
        const next = events[at + 1];
        const mint = next !== undefined && isTransfer(next) ? moveOf(next) : undefined;
        if (mint !== undefined && isMint(mint) && isOf(mint, meters)) {
          at++;
          acts.push({ kind: "report", reported: event, mint });
        } else acts.push({ kind: "report", reported: event });
        break;
      }
      case "Retired":
        if (burn === undefined) throw new BrokenActError("Energy was retired, but none was burnt.");
        acts.push({ kind: "retire", retired: event, burn });
        burn = undefined;
        break;
      case "TransferSingle":
      case "TransferBatch": {
        const move = moveOf(event);
        if (isOf(move, marketplace) && !isMint(move) && !isBurn(move)) {
          outcomes.push({ move, drawn: [] });
        } else if (isMint(move) || isOf(move, marketplace) || isOf(move, meters)) {
          throw new BrokenActError(
            "Energy was minted without a report, a reservation or a crossing.",
          );
        } else if (isBurn(move)) burn = move;
        else acts.push({ kind: "transfer", move });
        break;
      }
      default:
        acts.push({ kind: "plain", event });
    }
  }
  if (crossed !== undefined || drawn.length > 0 || outcomes.length > 0 || burn !== undefined) {
    throw new BrokenActError("Energy or an allowance moved outside any trade.");
  }
  return acts;

  function takeCrossed() {
    const taken = crossed === undefined ? {} : { crossed };
    crossed = undefined;
    return taken;
  }
}

/** A match of a batch whose events are not all read yet. */
interface OpenOutcome {
  readonly skipped?: EventNamed<"Skipped">;
  readonly move?: EnergyMove;
  readonly drawn?: EventNamed<"Drawn">[];
  matched?: EventNamed<"Matched">;
}

function closed({ skipped, move, drawn, matched }: OpenOutcome): MatchOutcome {
  if (skipped !== undefined) return { skipped };
  if (move === undefined || matched === undefined) {
    throw new BrokenActError("Energy of a batch moved, but was not paid for.");
  }
  return { move, matched, drawn: drawn ?? [] };
}

function moveAt(events: readonly HistoryEvent[], at: number, trade: HistoryEvent): EnergyMove {
  const event = events[at];
  if (event === undefined || !isTransfer(event)) {
    throw new BrokenActError(`Log ${trade.logIndex}, a trade, moved no energy.`);
  }
  return moveOf(event);
}

const isTransfer = (
  event: HistoryEvent,
): event is EventNamed<"TransferSingle"> | EventNamed<"TransferBatch"> =>
  event.eventName === "TransferSingle" || event.eventName === "TransferBatch";
