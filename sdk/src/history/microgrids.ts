import type { Level, Schedule } from "../deals/schedule.ts";
import type { Microgrid, TieLine, TieLineProposal, TieLineTerms } from "../microgrid.ts";
import type { Act } from "./acts.ts";
import type { EventNamed, HistoryEvent } from "./events.ts";

/** What `ClosedFrom` and schedules say for "never". */
const NEVER = 2 ** 32 - 1;

/** All that is known of microgrids and tie lines; lines and proposals by the numbers of their ends. */
export interface KnownMicrogrids {
  readonly microgrids: Map<number, Microgrid>;
  readonly lines: Map<string, TieLine>;
  readonly proposals: Map<string, TieLineProposal>;
}

/** Microgrids and tie lines after their events so far: the only reader of these events. */
export class Microgrids {
  readonly #microgrids: Map<number, Microgrid>;
  readonly #lines: Map<string, TieLine>;
  readonly #proposals: Map<string, TieLineProposal>;

  /** @param known From earlier events; it is kept up to date. */
  constructor(
    known: KnownMicrogrids = { microgrids: new Map(), lines: new Map(), proposals: new Map() },
  ) {
    this.#microgrids = known.microgrids;
    this.#lines = known.lines;
    this.#proposals = known.proposals;
  }

  /**
   * Adds an event; those that say nothing about microgrids or tie lines change nothing.
   * @param timeSeconds Unix time of its block.
   * @returns What it changed; a proposal changes no tie line yet.
   * @throws Error when its microgrid or tie line has no earlier event.
   */
  add(event: HistoryEvent, timeSeconds: number): Microgrid | TieLine | undefined {
    switch (event.eventName) {
      case "Founded": {
        const founded = microgridOf(event);
        this.#microgrids.set(founded.microgrid, founded);
        return founded;
      }
      case "TieLineAgreed":
      case "TieLineEnded": {
        const { lower, higher } = event.args;
        const line = lineAfter(this.lineBetween(lower, higher), event, timeSeconds);
        this.#lines.set(keyOf(lower, higher), line);
        this.#proposals.delete(keyOf(lower, higher));
        return line;
      }
      case "TieLineProposed": {
        const { lower, higher, by, line } = event.args;
        this.#proposals.set(keyOf(lower, higher), { lower, higher, by, ...termsOf(line) });
        return undefined;
      }
      default: {
        if (!isOfMicrogrid(event)) return undefined;
        const { microgrid } = event.args;
        const after = microgridAfter(this.known(microgrid), event, timeSeconds);
        this.#microgrids.set(microgrid, after);
        if (event.eventName === "OperatorChanged") this.#dropProposalsBy(microgrid);
        return after;
      }
    }
  }

  get(microgrid: number): Microgrid | undefined {
    return this.#microgrids.get(microgrid);
  }

  /** @throws Error when it was never founded. */
  known(microgrid: number): Microgrid {
    const found = this.#microgrids.get(microgrid);
    if (found === undefined) throw new Error(`Microgrid ${microgrid} was never founded.`);
    return found;
  }

  /** All of them, in the order of their numbers. */
  all(): Microgrid[] {
    return [...this.#microgrids.values()];
  }

  lineBetween(one: number, other: number): TieLine | undefined {
    return this.#lines.get(keyOf(one, other));
  }

  lines(): TieLine[] {
    return [...this.#lines.values()];
  }

  /** What waits for the other operator's agreement. */
  proposals(): TieLineProposal[] {
    return [...this.#proposals.values()];
  }

  /** What a former operator proposed binds nobody. */
  #dropProposalsBy(microgrid: number): void {
    for (const [key, { by }] of this.#proposals) if (by === microgrid) this.#proposals.delete(key);
  }
}

/**
 * Microgrids and tie lines after a list of acts, which must begin with the contracts' first act.
 * @param acts Each with the Unix time of its block.
 */
export function microgridsOf(
  acts: readonly { readonly act: Act; readonly time: number }[],
): Microgrids {
  const microgrids = new Microgrids();
  for (const { act, time } of acts) if (act.kind === "plain") microgrids.add(act.event, time);
  return microgrids;
}

type MicrogridEvent = Extract<
  HistoryEvent,
  {
    eventName:
      | "Scheduled"
      | "RationSet"
      | "DsoSet"
      | "Islanded"
      | "Reconnected"
      | "IslandDeclared"
      | "ClosedFrom"
      | "HandOverOffered"
      | "OperatorChanged";
  }
>;

const OF_MICROGRID: ReadonlySet<string> = new Set<MicrogridEvent["eventName"]>([
  "Scheduled",
  "RationSet",
  "DsoSet",
  "Islanded",
  "Reconnected",
  "IslandDeclared",
  "ClosedFrom",
  "HandOverOffered",
  "OperatorChanged",
]);

const isOfMicrogrid = (event: HistoryEvent): event is MicrogridEvent =>
  OF_MICROGRID.has(event.eventName);

/** A microgrid as it was founded. Its first schedule follows in an event of its own. */
export function microgridOf({ args }: EventNamed<"Founded">): Microgrid {
  const { microgrid, operator, dso, charter, ration } = args;
  const { reportingDeadline, ...rest } = charter;
  return {
    microgrid,
    ...rest,
    reportingDeadlineSeconds: reportingDeadline,
    operator,
    successor: undefined,
    dso,
    schedules: [],
    islands: [],
    declared: [],
    rations: [{ fromSlot: 0, rationWh: BigInt(ration) }],
    closedFrom: undefined,
  };
}

/** A microgrid after one more of its events. */
export function microgridAfter(
  before: Microgrid,
  event: MicrogridEvent,
  timeSeconds: number,
): Microgrid {
  switch (event.eventName) {
    case "Scheduled":
      return { ...before, schedules: schedulesAfter(before.schedules, event) };
    case "RationSet": {
      const { fromSlot, ration } = event.args;
      return {
        ...before,
        rations: [...before.rations, { fromSlot, rationWh: BigInt(ration) }],
      };
    }
    case "DsoSet":
      return { ...before, dso: event.args.dso };
    case "Islanded": {
      const { firstSlot } = event.args;
      const island = { firstSlot, lastSlot: undefined, endedAtSeconds: undefined };
      return { ...before, islands: [...before.islands, island] };
    }
    case "Reconnected": {
      const { island, lastSlot } = event.args;
      const islands = before.islands.map((each, index) =>
        index === island ? { ...each, lastSlot, endedAtSeconds: timeSeconds } : each,
      );
      return { ...before, islands };
    }
    case "IslandDeclared": {
      const { firstSlot, lastSlot } = event.args;
      return { ...before, declared: [...before.declared, { firstSlot, lastSlot }] };
    }
    case "ClosedFrom": {
      const { fromSlot } = event.args;
      return { ...before, closedFrom: fromSlot === NEVER ? undefined : fromSlot };
    }
    case "HandOverOffered":
      return { ...before, successor: event.args.successor };
    case "OperatorChanged":
      return { ...before, operator: event.args.operator, successor: undefined };
  }
}

function schedulesAfter(
  before: readonly Schedule[],
  { args: { firstSlot, levelOfHour, levels } }: EventNamed<"Scheduled">,
): Schedule[] {
  const last = before.at(-1);
  const ended = last === undefined ? [] : [...before.slice(0, -1), { ...last, endSlot: firstSlot }];
  const added = {
    firstSlot,
    endSlot: NEVER,
    levelOfHour: BigInt(levelOfHour),
    levels: levels.map(levelOf),
  };
  return [...ended, added];
}

const levelOf = ({
  price,
  fee,
  cap,
  feedIn,
  retail,
}: EventNamed<"Scheduled">["args"]["levels"][number]): Level => ({
  pricePerKwh: price,
  feePerKwh: fee,
  capPerKwh: cap,
  feedInPerKwh: feedIn,
  retailPerKwh: retail,
});

/** A tie line after it was agreed, changed or ended. */
export function lineAfter(
  before: TieLine | undefined,
  event: EventNamed<"TieLineAgreed"> | EventNamed<"TieLineEnded">,
  timeSeconds: number,
): TieLine {
  const { lower, higher, effectiveAt } = event.args;
  const terms = event.eventName === "TieLineAgreed" ? termsOf(event.args.line) : NOTHING_CARRIED;
  if (before === undefined) {
    return { lower, higher, current: terms, next: undefined, nextFromSeconds: undefined };
  }
  const { next, nextFromSeconds } = before;
  const isNext =
    next !== undefined && nextFromSeconds !== undefined && nextFromSeconds <= timeSeconds;
  const current = isNext ? next : before.current;
  return { lower, higher, current, next: terms, nextFromSeconds: effectiveAt };
}

const termsOf = ({
  lossBps,
  capacity,
  wheelingUp,
  wheelingDown,
}: EventNamed<"TieLineAgreed">["args"]["line"]): TieLineTerms => ({
  lossBps: BigInt(lossBps),
  capacityWh: BigInt(capacity),
  wheelingUpPerKwh: wheelingUp,
  wheelingDownPerKwh: wheelingDown,
});

const NOTHING_CARRIED: TieLineTerms = {
  lossBps: 0n,
  capacityWh: 0n,
  wheelingUpPerKwh: 0n,
  wheelingDownPerKwh: 0n,
};

const keyOf = (one: number, other: number): string =>
  one < other ? `${one} ${other}` : `${other} ${one}`;
