import { t } from "@lingui/core/macro";
import {
  addDays,
  LANE_MAX_WH,
  type LockFacts,
  limitBidOf,
  type Maker,
  type Order,
  postedOfferOf,
  type Side,
  SOURCES,
  type Source,
  slotsOfWindow,
  type Terms,
} from "@wattline/sdk";
import { type Address, isAddress, isAddressEqual } from "viem";
import * as z from "zod/mini";
import { localZone } from "../browser/index.ts";
import { amountFault, parseAmount } from "../ui/index.ts";
import { fromLocalInput } from "./time.ts";

/** What the form holds, as it is typed. */
export interface OrderValues {
  /** Minted energy, or energy that is still to come. */
  readonly kind: "ready" | "ahead";
  /** One price, or a week of prices by the part of the day. */
  readonly plan: "one" | "week";
  /** Local moments; the end is not included. */
  readonly from: string;
  readonly until: string;
  /** In kWh, and per kWh. */
  readonly energy: string;
  readonly price: string;
  readonly bond: string;
  readonly sources: readonly string[];
  /** A meter's address; empty for none. */
  readonly meter: string;
  /** Whether it may trade over a tie line. */
  readonly crosses: boolean;
  /** Whether a bid counts under the maker's lock and can't be cancelled; of no effect without a lock. */
  readonly firm: boolean;
  /** `anyone`, an address, or `other` for the one that is typed. */
  readonly audience: string;
  readonly other: string;
  /** A local moment; empty for the usual one. */
  readonly deadline: string;
  readonly week: {
    readonly firstDay: string;
    /** kWh a day, by part of the day. */
    readonly energy: readonly string[];
    /** By day, then by part of the day; an empty one makes no order. */
    readonly prices: readonly (readonly string[])[];
  };
}

/** The parts of a day that a week of prices distinguishes, in whole hours of the local clock. */
export const DAY_PARTS = [
  [0, 6],
  [6, 10],
  [10, 14],
  [14, 18],
  [18, 24],
] as const;
export const WEEK_DAYS = 7;

/** What is to be signed: terms of one order, or of several under one signature. */
export interface Draft {
  readonly side: Side;
  readonly forward: boolean;
  /** The lock under which the orders are firm: filled by its settler only, and not to be cancelled. */
  readonly firm: LockFacts | undefined;
  readonly terms: readonly Terms[];
}

/** What a form is read by. */
export interface DraftContext {
  readonly side: Side;
  readonly maker: Address;
  readonly slotSeconds: number;
  /** Of the currency. */
  readonly decimals: number;
  /** Chain time, Unix seconds. */
  readonly now: number;
  /** The maker's lock, while it is in force. */
  readonly lock?: LockFacts | undefined;
}

/**
 * How an order of a draft is built from its terms: who sells posts a price, who bids signs a limit. A firm order ends with its
 * lock at the latest.
 */
export function orderOf({ side, firm }: Draft): (maker: Maker, terms: Terms) => Order {
  if (side === "offer") return postedOfferOf;
  if (firm === undefined) return limitBidOf;
  return (maker, terms) => {
    const order = limitBidOf(maker, { ...terms, settler: firm.settler });
    return { ...order, deadline: Math.min(order.deadline, firm.untilSeconds) };
  };
}

/** Reads the form. Its faults are in words, each at its field. */
export const readDraft = (values: OrderValues, context: DraftContext) =>
  schemaOf(values, context).safeParse(values);

/** A text that says something, or what is wrong with it. */
const text = <T>(read: (typed: string) => T | undefined, words: (typed: string) => string) =>
  z.pipe(
    z.string(),
    z.transform((typed, context): T => {
      const value = read(typed);
      if (value !== undefined) return value;
      context.issues.push({ code: "custom", input: typed, message: words(typed) });
      return z.NEVER;
    }),
  );

function readEnergy(typed: string): bigint | undefined {
  const wh = parseAmount(typed, 3);
  return wh !== undefined && wh > 0n && wh <= LANE_MAX_WH ? wh : undefined;
}

const energyWh = () =>
  text(readEnergy, (typed) =>
    amountFault(
      typed,
      t`Write how many kWh, such as 4.2: more than nothing, with three decimals at most.`,
    ),
  );

const amountPerKwh = (decimals: number) =>
  text(
    (typed) => parseAmount(typed, decimals),
    (typed) =>
      amountFault(
        typed,
        t`Write a price per kWh, such as 0.17: not below 0, with ${String(decimals)} decimals at most.`,
      ),
  );

function slotBoundary(slotSeconds: number) {
  const minutes = String(slotSeconds / 60);
  return text(
    (typed) => {
      const moment = fromLocalInput(typed);
      return moment !== undefined && moment % slotSeconds === 0 ? moment / slotSeconds : undefined;
    },
    () => t`Choose a day and a time; delivery slots here begin every ${minutes} minutes.`,
  );
}

const deadlineAfter = (now: number) =>
  text(
    (typed): number | null | undefined => {
      if (typed === "") return null;
      const moment = fromLocalInput(typed);
      return moment !== undefined && moment > now ? moment : undefined;
    },
    () => t`Choose a moment that is still to come.`,
  );

/** What every order of the form has in common. */
function commonOf(
  { kind, audience, firm }: OrderValues,
  { side, maker, decimals, now, lock }: DraftContext,
) {
  const ahead = kind === "ahead";
  const isOther = (typed: string) => isAddress(typed) && !isAddressEqual(typed, maker);
  return {
    sources: z
      .array(z.enum(SOURCES))
      .check(z.minLength(1, { error: () => t`Choose one source at least.` })),
    meter: text(
      (typed): Address | null | undefined =>
        isAddress(typed) ? typed : ahead && side === "offer" ? undefined : null,
      () => t`Energy to come is sold from a meter of yours, and you have none here that exports.`,
    ),
    bond: ahead ? amountPerKwh(decimals) : z.transform(() => null),
    crosses: z.boolean(),
    firm: z.transform(() => (firm && side === "bid" && lock !== undefined ? lock : null)),
    audience: z.transform((value) =>
      typeof value === "string" && isAddress(value) ? value : null,
    ),
    other:
      audience === "other"
        ? text(
            (typed): Address | undefined => (isOther(typed) ? (typed as Address) : undefined),
            () => t`Write somebody else's address: 0x and 40 letters or digits.`,
          )
        : z.transform(() => null),
    deadline: deadlineAfter(now),
  };
}

interface Common {
  readonly sources: Source[];
  readonly meter: Address | null;
  readonly bond: bigint | null;
  readonly crosses: boolean;
  /** The lock under which it is firm. */
  readonly firm: LockFacts | null;
  readonly audience: Address | null;
  readonly other: Address | null;
  readonly deadline: number | null;
}

/** What the common members say in an order's terms; what was not chosen is left out. */
function commonTerms({ sources, meter, bond, crosses, audience, other, deadline }: Common) {
  const counterparty = audience ?? other;
  return {
    sources,
    crosses,
    ...(meter !== null && { meter }),
    ...(bond !== null && { bondPerKwh: bond }),
    ...(counterparty !== null && { counterparty }),
    ...(deadline !== null && { deadline }),
  };
}

function schemaOf(values: OrderValues, context: DraftContext) {
  return values.plan === "week" ? weekSchema(values, context) : oneSchema(values, context);
}

const oneSchema = (values: OrderValues, context: DraftContext) =>
  z.pipe(
    z.object({
      ...commonOf(values, context),
      from: slotBoundary(context.slotSeconds),
      until: slotBoundary(context.slotSeconds).check(({ value, issues }) => {
        const from = fromLocalInput(values.from);
        if (from === undefined || value * context.slotSeconds > from) return;
        const message = t`The end has to come after the beginning.`;
        issues.push({ code: "custom", input: value, message });
      }),
      energy: energyWh(),
      price: amountPerKwh(context.decimals),
    }),
    z.transform(
      ({ from, until, energy, price, ...common }): Draft => ({
        side: context.side,
        forward: common.bond !== null,
        firm: common.firm ?? undefined,
        terms: [
          {
            ...commonTerms(common),
            firstSlot: from,
            lastSlot: until - 1,
            energyWh: energy,
            pricePerKwh: price,
          },
        ],
      }),
    ),
  );

function weekSchema(values: OrderValues, context: DraftContext) {
  const { side, slotSeconds, decimals } = context;
  const price = text(
    (typed) => (typed.trim() === "" ? null : parseAmount(typed, decimals)),
    (typed) => amountFault(typed, t`A price such as 0.17, or nothing.`),
  );
  const energy = text(
    (typed) => (typed.trim() === "" ? 0n : readEnergy(typed)),
    (typed) => amountFault(typed, t`kWh a day such as 4.2, or nothing.`),
  );
  return z.pipe(
    z.object({
      ...commonOf(values, context),
      week: z
        .object({
          firstDay: z.iso.date({ error: () => t`Choose the day on which the week begins.` }),
          energy: z.array(energy),
          prices: z.array(z.array(price)),
        })
        .check(({ value, issues }) => {
          const sold = (price: bigint | null, part: number) =>
            price !== null && (value.energy[part] ?? 0n) > 0n;
          if (value.prices.some((parts) => parts.some(sold))) return;
          const message = t`Fill in one price at least, and the kWh of that part of the day.`;
          issues.push({ code: "custom", input: value.prices, path: ["firstDay"], message });
        }),
    }),
    z.transform(({ week, ...common }): Draft => {
      const terms = week.prices.flatMap((parts, day) =>
        parts.flatMap((pricePerKwh, part): Terms[] => {
          const [from, to] = DAY_PARTS[part] ?? [0, 0];
          const wh = week.energy[part] ?? 0n;
          if (pricePerKwh === null || wh === 0n) return [];
          const date = addDays(week.firstDay, day);
          const window = slotsOfWindow(date, clock(from), clock(to), localZone(), slotSeconds);
          return [{ ...commonTerms(common), ...window, energyWh: wh, pricePerKwh }];
        }),
      );
      return { side, forward: common.bond !== null, firm: common.firm ?? undefined, terms };
    }),
  );
}

const clock = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;
