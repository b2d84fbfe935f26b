import { Buckets } from "@wattline/relay/buckets";
import { type Contracts, type Microgrid, signedCallIn } from "@wattline/sdk";
import { type Hex, isAddressEqual } from "viem";
import type { Outbox } from "../sending/outbox.ts";
import type { Sending } from "../sending/sender.ts";
import type { Call, Outcome } from "../simulate.ts";
import type { Standing } from "./answers.ts";

/** A call is not sent. */
export class Refusal extends Error {
  /** The HTTP status. */
  readonly status: 400 | 422 | 429 | 503;
  /** The contract's error, when that is why. */
  readonly revert: Hex | undefined;

  constructor(status: Refusal["status"], message: string, revert?: Hex) {
    super(message);
    this.status = status;
    this.revert = revert;
  }
}

export interface MandatesOptions {
  readonly contracts: Contracts;
  readonly outbox: Outbox;
  /** Of one household, and of all together. */
  readonly mostADay: { readonly household: number; readonly all: number };
  /** Our clock, Unix milliseconds. */
  readonly now: () => number;
  microgrids(): ReadonlyMap<number, Microgrid>;
  simulate(call: Call): Promise<Outcome>;
  send(call: Call): Promise<Sending>;
}

const DAY_SECONDS = 86_400;
/** The most that a call may take: a deposit or withdrawal takes some 100,000, fifty cancellations 400,000. */
const MOST_GAS = 500_000n;
/** Gas beyond what the simulation used, in percent: refunds come only at the end. */
const GAS_MARGIN = 150n;
const MOST_WAITING = 500;
const ALL = "all";

/**
 * What households without ether have signed, and the auctioneer sends for them. The chain takes each signature once; what was
 * sent is in the outbox, also after a restart, so that what is handed in twice goes out once.
 */
export class Mandates {
  readonly #options: MandatesOptions;
  /** By calldata, in the order in which they came. */
  readonly #waiting = new Map<Hex, Call>();
  /** Why a call that had been taken was not sent: told to who asks next. */
  readonly #dropped = new Map<Hex, Refusal>();
  readonly #households: Buckets;
  readonly #all: Buckets;

  constructor(options: MandatesOptions) {
    this.#options = options;
    const { mostADay, now } = options;
    const daily = (count: number) =>
      new Buckets({ burst: count, perSecond: count / DAY_SECONDS }, now);
    this.#households = daily(mostADay.household);
    this.#all = daily(mostADay.all);
  }

  /** How many wait to be sent. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a call that a household has signed, or tells how it stands.
   * @param given The call of the marketplace, as calldata.
   * @throws Refusal when it is not sent: it is no such call, would fail, or exceeds a limit; what the node throws.
   */
  async take(given: Hex): Promise<Standing> {
    const data = given.toLowerCase() as Hex;
    const known = this.#standing(data);
    if (known !== undefined) return known;
    const dropped = this.#dropped.get(data);
    if (dropped !== undefined) {
      this.#dropped.delete(data);
      throw dropped;
    }
    const household = this.#householdOf(data);
    const call = await this.#tried({ to: this.#options.contracts.marketplace, data });
    // It may have come twice meanwhile.
    const taken = this.#standing(data);
    if (taken !== undefined) return taken;
    if (this.#waiting.size >= MOST_WAITING) {
      throw new Refusal(503, "Too many wait already. Try again in a minute.");
    }
    this.#count(household);
    this.#waiting.set(data, call);
    return { status: "waiting" };
  }

  /** Sends the first that would still be done. @returns whether one went out */
  async sendNext(): Promise<boolean> {
    for (const [data, waiting] of this.#waiting) {
      const call = await this.#tried(waiting).catch((error: unknown) => {
        if (!(error instanceof Refusal)) throw error;
        this.#drop(data, error);
        return undefined;
      });
      if (call === undefined) continue;
      const sending = await this.#options.send(call);
      if (sending === "sent") this.#waiting.delete(data);
      if (sending !== "over budget") return sending === "sent";
      const reason = "The community has paid as much in fees today as it wants to. Try tomorrow.";
      this.#drop(data, new Refusal(503, reason));
    }
    return false;
  }

  #drop(data: Hex, reason: Refusal): void {
    this.#waiting.delete(data);
    this.#dropped.set(data, reason);
    const [oldest] = this.#dropped.keys();
    if (this.#dropped.size > MOST_WAITING && oldest !== undefined) this.#dropped.delete(oldest);
  }

  /** How a call stands; undefined when it is not known. One that gave way to a cheaper transaction can be taken again. */
  #standing(data: Hex): Standing | undefined {
    if (this.#waiting.has(data)) return { status: "waiting" };
    for (const { attempts, mined } of [...this.#options.outbox.sent].reverse()) {
      const own = attempts.filter((attempt) => attempt.data === data);
      const newest = own.at(-1);
      if (newest === undefined) continue;
      if (mined === undefined) return { status: "sent", hash: newest.hash };
      if (!own.some(({ hash }) => hash === mined.hash)) continue;
      return { status: mined.isSuccess ? "done" : "failed", hash: mined.hash };
    }
    return undefined;
  }

  /** Who has signed a call, and counts for it. */
  #householdOf(data: Hex): Hex {
    const signed = signedCallIn(this.#options.contracts, data);
    if (signed === undefined) {
      throw new Refusal(
        400,
        "data is no call that a household signs: depositWithAuthorization, depositWithPermit, withdrawFor, lockFor, authorizeFor, cancelFor or cancelAllFor of the marketplace, and nothing more.",
      );
    }
    const { holder, currency } = signed;
    const isKnown = [...this.#options.microgrids().values()].some(
      (microgrid) => currency === undefined || isAddressEqual(microgrid.currency, currency),
    );
    // Any other contract could do anything with the gas.
    if (!isKnown) throw new Refusal(422, `${currency} is the currency of no microgrid.`);
    return holder;
  }

  /** A call with its gas, as it would go through now. @throws Refusal when it would fail */
  async #tried({ to, data }: Pick<Call, "to" | "data">): Promise<Call> {
    const { simulate } = this.#options;
    const { events, failure, revert, gasUsed } = await simulate({ to, data, gas: MOST_GAS });
    if (events === undefined) throw new Refusal(422, `It would fail: ${failure}.`, revert);
    const gas = (gasUsed * GAS_MARGIN) / 100n;
    return { to, data, gas: gas < MOST_GAS ? gas : MOST_GAS };
  }

  #count(household: Hex): void {
    const { mostADay } = this.#options;
    const seconds = this.#households.take(household.toLowerCase());
    if (seconds > 0) {
      throw new Refusal(
        429,
        `${household} has had ${mostADay.household} calls a day sent. The next can go in ${minutes(seconds)} min.`,
      );
    }
    const pause = this.#all.take(ALL);
    if (pause === 0) return;
    throw new Refusal(
      429,
      `All households together have had ${mostADay.all} calls a day sent. The next can go in ${minutes(pause)} min.`,
    );
  }
}

const minutes = (seconds: number): number => Math.ceil(seconds / 60);
