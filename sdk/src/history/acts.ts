import { type Address, isAddressEqual } from "viem";
import type { Contracts, EventNamed, HistoryEvent } from "./events.ts";
import { type EnergyMove, isBurn, isMint, moveOf } from "./moves.ts";

/**
 * What a transaction did, read from its events alone. A trade, a release or a reading emits several events; an act
 * contains all of one.
 */
export type Act =
  | AcceptAct
  | MatchAct
  | SkipAct
  | ReserveAct
  | ReleaseAct
  | ReportAct
  | RetireAct
  | TransferAct
  | PlainAct;

/** Minted energy that changed hands. */
interface Exchange {
  /** From the seller: to the buyer, or to the zero address when it crosses a tie line. */
  readonly sent: EnergyMove;
  /** To the buyer: the same as `sent` within a microgrid. */
  readonly arrived: EnergyMove;
  /** Present when it crossed a tie line. */
  readonly crossed?: EventNamed<"Crossed">;
  readonly drawn: readonly EventNamed<"Drawn">[];
}

/** Minted energy of a posted price was taken. */
export interface AcceptAct extends Exchange {
  readonly kind: "accept";
  readonly traded: EventNamed<"Traded">;
}

/** Two signed orders for minted energy were matched in a batch. */
export interface MatchAct extends Exchange {
  readonly kind: "match";
  readonly matched: EventNamed<"Matched">;
}

/** A match of a batch was skipped. */
export interface SkipAct {
  readonly kind: "skip";
  readonly skipped: EventNamed<"Skipped">;
}

/** Energy that is still to come was reserved: a posted price was taken, or two signed orders were matched. */
export interface ReserveAct {
  readonly kind: "reserve";
  readonly reserved: EventNamed<"Reserved">;
  readonly drawn: readonly EventNamed<"Drawn">[];
}

/** A block of a position was settled. */
export interface ReleaseAct {
  readonly kind: "release";
  readonly released: EventNamed<"Released">;
  /** To the buyer; missing when nothing arrives. */
  readonly mint?: EnergyMove;
  /** Energy that did not fit into the buyer's full lane and is lost. */
  readonly unmintable?: EventNamed<"Unmintable">;
}

/** A reading was accepted. */
export interface ReportAct {
  readonly kind: "report";
  readonly reported: EventNamed<"Reported">;
  /** What was kept for forwards, block by block. */
  readonly delivered: readonly EventNamed<"Delivered">[];
  /** To the meter's owner; missing when everything is kept for forwards or nothing was exported. */
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
  const { marketplace, meters } = contracts;
  const acts: Act[] = [];
  const isOf = (move: EnergyMove, operator: Address) => isAddressEqual(move.operator, operator);
  /** What the contracts emit before the event that says what it belongs to. */
  const waiting = new Waiting();

  for (let at = 0; at < events.length; at++) {
    const event = events[at];
    if (event === undefined) break;
    switch (event.eventName) {
      case "Crossed":
        waiting.crossed = event;
        break;
      case "Drawn":
        waiting.drawn.push(event);
        break;
      case "Delivered":
        waiting.delivered.push(event);
        break;
      case "Traded": {
        const { crossed, drawn } = waiting.takeTrade();
        const sent = moveAt(events, ++at, event);
        const arrived = crossed === undefined ? sent : moveAt(events, ++at, event);
        const over = crossed === undefined ? {} : { crossed };
        acts.push({ kind: "accept", traded: event, sent, arrived, ...over, drawn });
        break;
      }
      case "Matched": {
        const { crossed, drawn } = waiting.takeTrade();
        const moves = waiting.takeMoves();
        const [sent, arrived = sent] = moves;
        const due = crossed === undefined ? 1 : 2;
        if (sent === undefined || arrived === undefined || moves.length !== due) {
          throw new BrokenActError("A match was paid, but its energy did not move.");
        }
        const over = crossed === undefined ? {} : { crossed };
        acts.push({ kind: "match", matched: event, sent, arrived, ...over, drawn });
        break;
      }
      case "Skipped":
        acts.push({ kind: "skip", skipped: event });
        break;
      case "Reserved": {
        const { crossed, drawn } = waiting.takeTrade();
        if (crossed !== undefined) throw new BrokenActError("Reserved energy crossed a line.");
        acts.push({ kind: "reserve", reserved: event, drawn });
        break;
      }
      case "Released": {
        const next = events[at + 1];
        const mint = next !== undefined && isTransfer(next) ? moveOf(next) : undefined;
        if (mint !== undefined && isMint(mint) && isOf(mint, marketplace)) {
          acts.push({ kind: "release", released: event, mint });
          at++;
        } else if (next?.eventName === "Unmintable") {
          acts.push({ kind: "release", released: event, unmintable: next });
          at++;
        } else acts.push({ kind: "release", released: event });
        break;
      }
      case "Reported": {
        const delivered = waiting.takeDelivered();
        const next = events[at + 1];
        const mint = next !== undefined && isTransfer(next) ? moveOf(next) : undefined;
        if (mint !== undefined && isMint(mint) && isOf(mint, meters)) {
          acts.push({ kind: "report", reported: event, delivered, mint });
          at++;
        } else acts.push({ kind: "report", reported: event, delivered });
        break;
      }
      case "Retired": {
        const { burn } = waiting;
        if (burn === undefined) throw new BrokenActError("Energy was retired, but none was burnt.");
        acts.push({ kind: "retire", retired: event, burn });
        waiting.burn = undefined;
        break;
      }
      case "TransferSingle":
      case "TransferBatch": {
        const move = moveOf(event);
        if (isOf(move, marketplace) && (!isMint(move) || waiting.isCrossing())) {
          waiting.moves.push(move);
        } else if (isMint(move) || isOf(move, marketplace) || isOf(move, meters)) {
          throw new BrokenActError(
            "Energy was minted without a report, a reservation or a crossing.",
          );
        } else if (isBurn(move)) waiting.burn = move;
        else acts.push({ kind: "transfer", move });
        break;
      }
      case "Unmintable":
        throw new BrokenActError("Energy could not be minted outside a release.");
      default:
        acts.push({ kind: "plain", event });
    }
  }
  if (!waiting.isEmpty()) {
    throw new BrokenActError("Energy or an allowance moved outside any trade.");
  }
  return acts;
}

class Waiting {
  crossed: EventNamed<"Crossed"> | undefined;
  drawn: EventNamed<"Drawn">[] = [];
  delivered: EventNamed<"Delivered">[] = [];
  /** Of the next match. */
  moves: EnergyMove[] = [];
  burn: EnergyMove | undefined;

  takeTrade() {
    const { crossed, drawn } = this;
    [this.crossed, this.drawn] = [undefined, []];
    return { crossed, drawn };
  }

  takeMoves(): EnergyMove[] {
    const { moves } = this;
    this.moves = [];
    return moves;
  }

  takeDelivered(): EventNamed<"Delivered">[] {
    const { delivered } = this;
    this.delivered = [];
    return delivered;
  }

  /** Whether energy has left one microgrid and not yet come to another. */
  isCrossing(): boolean {
    const [first, ...more] = this.moves;
    return first !== undefined && isBurn(first) && more.length === 0;
  }

  isEmpty(): boolean {
    const { crossed, drawn, delivered, moves, burn } = this;
    return [crossed, burn, ...drawn, ...delivered, ...moves].every((each) => each === undefined);
  }
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
