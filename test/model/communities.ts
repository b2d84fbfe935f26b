import {
  type CommunityClock,
  type Level as DealLevel,
  middleOf,
  type Schedule,
} from "@wattline/sdk/deals";
import type { Address } from "viem";
import type { Level, TieLine } from "../support/world.ts";
import type { ActionOf, Founding } from "./actions.ts";
import { Rules } from "./rules.ts";

export const NOTICE_S = 7 * 86_400;
const LONGEST_S = 30 * 86_400;
const NEVER_SLOT = 2 ** 32 - 1;
/** Of `overdueAt` while an island lasts. */
const NOT_YET = 2 ** 40 - 1;
export const MIDDLE = 2n ** 80n - 1n;

interface Island {
  readonly firstSlot: number;
  /** Included; undefined while it lasts. */
  lastSlot: number | undefined;
  endedAt: number;
}

export interface Microgrid extends CommunityClock {
  readonly reportingDeadline: number;
  operator: Address;
  successor: Address | undefined;
  dso: Address;
  closedFrom: number | undefined;
  readonly schedules: Schedule[];
  readonly islands: Island[];
  readonly declared: Set<number>;
  readonly rations: { readonly fromSlot: number; readonly wh: number }[];
}

interface LineTerms {
  readonly line: TieLine;
  readonly fromS: number;
}

/** A tie line, or what is proposed for one. */
interface Line {
  /** What was agreed, oldest first; a line that ends carries nothing from then on. */
  readonly agreed: (LineTerms | { readonly line: undefined; readonly fromS: number })[];
  readonly proposals: Map<number, TieLine>;
}

/** The communities: prices, islands, rations and tie lines, all of them by slot. */
export class Communities {
  readonly microgrids: Microgrid[] = [];
  private readonly lines = new Map<string, Line>();

  /** @throws RangeError for a number that no microgrid has: scenarios ask for none. */
  of(number: number): Microgrid {
    const found = this.microgrids[number - 1];
    if (found === undefined) throw new RangeError(`There is no microgrid ${number}.`);
    return found;
  }

  found(founding: Founding, operator: Address): void {
    const { slotSeconds, reportingDeadline, utcOffsetMinutes, dso, ration } = founding;
    this.microgrids.push({
      slotSeconds,
      reportingDeadline,
      utcOffsetMinutes,
      operator,
      successor: undefined,
      dso,
      closedFrom: undefined,
      schedules: [scheduleFrom(0, founding)],
      islands: [],
      declared: new Set(),
      rations: [{ fromSlot: 0, wh: ration }],
    });
  }

  schedule(action: ActionOf<"schedule">, nowS: number): void {
    const microgrid = this.of(action.microgrid);
    const rules = this.operatorOnly(action.microgrid, action.who);
    const last = microgrid.schedules.at(-1);
    const startS = action.firstSlot * microgrid.slotSeconds;
    rules.refuse("Microgrids_TooEarly", startS < nowS + NOTICE_S);
    rules.refuse("Microgrids_TooEarly", last !== undefined && action.firstSlot <= last.firstSlot);
    rules.refuse("Microgrids_BadSchedule", !isSound(action.levels));
    rules.enforce();
    if (last !== undefined) {
      microgrid.schedules[microgrid.schedules.length - 1] = { ...last, endSlot: action.firstSlot };
    }
    microgrid.schedules.push(scheduleFrom(action.firstSlot, action));
  }

  setRation({ microgrid, who, ration }: ActionOf<"setRation">, nowS: number): void {
    this.operatorOnly(microgrid, who).enforce();
    const of = this.of(microgrid);
    of.rations.push({ fromSlot: slotOf(of, nowS) + 1, wh: ration });
  }

  setDso({ microgrid, who, dso }: ActionOf<"setDso">): void {
    this.operatorOnly(microgrid, who).enforce();
    this.of(microgrid).dso = dso;
  }

  setIslanded({ microgrid, who, islanded }: ActionOf<"setIslanded">, nowS: number): void {
    const of = this.of(microgrid);
    const rules = this.operatorOnly(microgrid, who);
    const last = of.islands.at(-1);
    const lasts = last !== undefined && last.lastSlot === undefined;
    rules.refuse("Microgrids_NothingChanges", islanded === lasts);
    rules.enforce();
    const slot = slotOf(of, nowS);
    if (!islanded && last !== undefined) {
      last.lastSlot = slot;
      last.endedAt = nowS;
      return;
    }
    const firstSlot = last?.lastSlot === slot ? slot + 1 : slot;
    of.islands.push({ firstSlot, lastSlot: undefined, endedAt: 0 });
  }

  declareIslanded(action: ActionOf<"declareIslanded">, nowS: number): void {
    const of = this.of(action.microgrid);
    const { firstSlot, lastSlot } = action;
    const rules = this.operatorOnly(action.microgrid, action.who);
    const endOf = (slot: number) => (slot + 1) * of.slotSeconds;
    rules.refuse(
      "Microgrids_BadDeclaration",
      firstSlot > lastSlot ||
        endOf(lastSlot) > nowS ||
        endOf(firstSlot) + of.reportingDeadline <= nowS,
    );
    rules.enforce();
    for (let slot = firstSlot; slot <= lastSlot; slot++) of.declared.add(slot);
  }

  setClosed({ microgrid, who, closed }: ActionOf<"setClosed">, nowS: number): void {
    const of = this.of(microgrid);
    const rules = this.operatorOnly(microgrid, who);
    rules.refuse("Microgrids_NothingChanges", closed === (of.closedFrom !== undefined));
    rules.enforce();
    of.closedFrom = closed ? slotOf(of, nowS) + 1 : undefined;
  }

  handOver({ microgrid, who, successor }: ActionOf<"handOver">): void {
    this.operatorOnly(microgrid, who).enforce();
    this.of(microgrid).successor = successor;
  }

  acceptHandOver({ microgrid, who }: ActionOf<"acceptHandOver">): void {
    const of = this.of(microgrid);
    const rules = new Rules();
    rules.refuse("Microgrids_NotSuccessor", of.successor !== who);
    rules.enforce();
    of.operator = who;
    of.successor = undefined;
    for (const { proposals } of this.lines.values()) proposals.delete(microgrid);
  }

  proposeTieLine({ mine, other, who, line }: ActionOf<"proposeTieLine">, nowS: number): void {
    const rules = this.operatorOnly(mine, who);
    rules.refuse("Microgrids_BadTieLine", mine === other || line.lossBps >= 10_000);
    rules.refuse("Microgrids_TieLineMismatch", !this.areAlike(mine, other));
    rules.enforce();
    const { agreed, proposals } = this.between(mine, other);
    const theirs = proposals.get(other);
    if (theirs === undefined || !isSame(theirs, line)) {
      proposals.set(mine, line);
      return;
    }
    proposals.clear();
    const joins = agreed.some(({ line: known }) => known !== undefined);
    // What was agreed but is not in force yet gives way.
    const inForce = agreed.filter(({ fromS }) => fromS <= nowS);
    agreed.splice(0, agreed.length, ...inForce, { line, fromS: joins ? nowS + NOTICE_S : nowS });
  }

  endTieLine({ mine, other, who }: ActionOf<"endTieLine">, nowS: number): void {
    const rules = this.operatorOnly(mine, who);
    const { agreed, proposals } = this.between(mine, other);
    const last = agreed.at(-1);
    rules.refuse("Microgrids_NoTieLine", last === undefined);
    rules.refuse("Microgrids_TieLineMismatch", !this.areAlike(mine, other));
    rules.refuse("Microgrids_NothingChanges", last !== undefined && last.line === undefined);
    rules.enforce();
    proposals.clear();
    const inForce = agreed.filter(({ fromS }) => fromS <= nowS);
    agreed.splice(0, agreed.length, ...inForce, { line: undefined, fromS: nowS + NOTICE_S });
  }

  /** The terms on which energy crosses now; undefined when no line joins the two. One that has ended carries nothing. */
  crossingOf(from: number, to: number, nowS: number) {
    const terms = this.between(from, to).agreed.findLast(({ fromS }) => fromS <= nowS);
    if (terms === undefined) return undefined;
    const { line } = terms;
    if (line === undefined) return { lossBps: 0n, capacityWh: 0n, wheelingPerKwh: 0n };
    const wheelingPerKwh = from < to ? line.wheelingUp : line.wheelingDown;
    return {
      lossBps: BigInt(line.lossBps),
      capacityWh: BigInt(line.capacity),
      wheelingPerKwh,
    };
  }

  isIslanded(number: number, slot: number, countsDeclared: boolean): boolean {
    const of = this.of(number);
    return islandOf(of, slot) !== undefined || (countsDeclared && of.declared.has(slot));
  }

  rationOf(number: number, slot: number): bigint {
    const ration = this.of(number).rations.findLast(({ fromSlot }) => fromSlot <= slot);
    return BigInt(ration?.wh ?? 0);
  }

  /** The Unix time from which a slot without a reading can be called undelivered. */
  overdueAt(number: number, slot: number, nowS: number): number {
    const of = this.of(number);
    const endS = (slot + 1) * of.slotSeconds;
    const [usual, latest] = [endS + of.reportingDeadline, endS + LONGEST_S];
    if (of.declared.has(slot)) return latest;
    const island = islandOf(of, slot);
    if (island === undefined) return usual;
    if (island.lastSlot === undefined) return nowS >= latest ? latest : NOT_YET;
    return Math.min(latest, Math.max(usual, island.endedAt + of.reportingDeadline));
  }

  /** Rules of which that one is broken when somebody else than the operator acts. */
  private operatorOnly(number: number, who: Address): Rules {
    const rules = new Rules();
    rules.refuse("Microgrids_NotOperator", this.of(number).operator !== who);
    return rules;
  }

  private areAlike(one: number, other: number): boolean {
    return this.of(one).slotSeconds === this.of(other).slotSeconds;
  }

  private between(one: number, other: number): Line {
    const key = [one, other].sort((a, b) => a - b).join("/");
    const line = this.lines.get(key) ?? { agreed: [], proposals: new Map() };
    this.lines.set(key, line);
    return line;
  }
}

export const slotOf = ({ slotSeconds }: CommunityClock, seconds: number): number =>
  Math.floor(seconds / slotSeconds);

const islandOf = ({ islands }: Microgrid, slot: number): Island | undefined =>
  islands.find(
    ({ firstSlot, lastSlot }) => firstSlot <= slot && (lastSlot === undefined || slot <= lastSlot),
  );

const priceOf = ({ price, feedIn, retail }: Level): bigint =>
  price === MIDDLE ? middleOf(feedIn, retail) : price;

const isSound = (levels: readonly Level[]): boolean =>
  levels.every((level) => level.fee <= priceOf(level) && level.feedIn <= level.retail);

function scheduleFrom(
  firstSlot: number,
  { levelOfHour, levels }: { readonly levelOfHour: bigint; readonly levels: readonly Level[] },
): Schedule {
  return {
    firstSlot,
    endSlot: NEVER_SLOT,
    levelOfHour,
    levels: levels.map(
      (level): DealLevel => ({
        pricePerKwh: priceOf(level),
        feePerKwh: level.fee,
        capPerKwh: level.cap,
        feedInPerKwh: level.feedIn,
        retailPerKwh: level.retail,
      }),
    ),
  };
}

const isSame = (one: TieLine, other: TieLine): boolean =>
  one.lossBps === other.lossBps &&
  one.capacity === other.capacity &&
  one.wheelingUp === other.wheelingUp &&
  one.wheelingDown === other.wheelingDown;
