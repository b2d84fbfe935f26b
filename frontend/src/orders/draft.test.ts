import { i18n } from "@lingui/core";
import { formatAmount, LANE_MAX_WH, SOURCES } from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { numberToHex } from "viem";
import {
  DAY_PARTS,
  type DraftContext,
  type OrderValues,
  orderOf,
  readDraft,
  WEEK_DAYS,
} from "./draft.ts";
import { toLocalInput } from "./time.ts";

const [JANE, NEIGHBOUR, METER] = [1, 2, 3].map((number) => numberToHex(number, { size: 20 }));
const SLOT_SECONDS = 900;
const DAY_SLOTS = 86_400 / SLOT_SECONDS;
/** A Monday in June, when no clock of the world is set: a local moment is read back as what it was. */
const MONDAY = Date.UTC(2027, 5, 7) / 1000;
const MONDAY_SLOT = MONDAY / SLOT_SECONDS;

const context: DraftContext = {
  side: "offer",
  maker: JANE ?? "0x",
  slotSeconds: SLOT_SECONDS,
  decimals: 6,
  now: MONDAY,
};
const atSlot = (slot: number): string => toLocalInput(slot * SLOT_SECONDS);

const values: OrderValues = {
  kind: "ready",
  plan: "one",
  from: atSlot(MONDAY_SLOT + 44),
  until: atSlot(MONDAY_SLOT + 60),
  energy: "4.2",
  price: "0.17",
  bond: "",
  sources: ["Solar"],
  meter: METER ?? "",
  crosses: true,
  firm: false,
  audience: "anyone",
  other: "",
  deadline: "",
  week: {
    firstDay: "2027-06-07",
    energy: DAY_PARTS.map(() => ""),
    prices: Array.from({ length: WEEK_DAYS }, () => DAY_PARTS.map(() => "")),
  },
};

/** What is read of the form, or the fault of a test that expects it to be right. */
function draftOf(overrides: Partial<OrderValues>, other: Partial<DraftContext> = {}) {
  const { success, data, error } = readDraft({ ...values, ...overrides }, { ...context, ...other });
  if (!success) throw error;
  return data;
}

/** Where the form has faults. */
const faultsOf = (overrides: Partial<OrderValues>, other: Partial<DraftContext> = {}): string[] =>
  readDraft({ ...values, ...overrides }, { ...context, ...other }).error?.issues.map(({ path }) =>
    path.join("."),
  ) ?? [];

/** Whether a comma may part thousands in a number: then it is asked which is meant. */
const mayBeGroup = (text: string): boolean => /^[1-9]\d{0,2},\d{3}$/.test(text);

describe("What the order form says", () => {
  before(() => i18n.loadAndActivate({ locale: "en", messages: {} }));

  it("is an order's terms, whatever slots, energy and price were written", () => {
    const amount = fc.bigInt(1n, LANE_MAX_WH);
    const firstSlot = fc.integer({ min: MONDAY_SLOT, max: MONDAY_SLOT + 7 * DAY_SLOTS });
    const length = fc.integer({ min: 1, max: 3 * DAY_SLOTS });
    const separator = fc.constantFrom(".", ",");
    fc.assert(
      fc.property(firstSlot, length, amount, amount, separator, (first, count, wh, price, mark) => {
        const write = (value: bigint, decimals: number) =>
          formatAmount(value, decimals).replace(".", mark);
        const [energy, perKwh] = [write(wh, 3), write(price, 6)];
        fc.pre(![energy, perKwh].some(mayBeGroup));
        const draft = draftOf({
          ...{ from: atSlot(first), until: atSlot(first + count) },
          ...{ energy, price: perKwh },
        });
        expect(draft).to.deep.equal({
          side: "offer",
          forward: false,
          firm: undefined,
          terms: [
            {
              sources: ["Solar"],
              crosses: true,
              meter: METER,
              firstSlot: first,
              lastSlot: first + count - 1,
              energyWh: wh,
              pricePerKwh: price,
            },
          ],
        });
      }),
    );
  });

  it("names the field of each fault, and all at once", () => {
    expect(faultsOf({})).to.deep.equal([]);
    const tooMuch = formatAmount(LANE_MAX_WH + 1n, 3);
    for (const energy of ["", "0", "-1", "1.2345", "87,211", "much", tooMuch]) {
      expect(faultsOf({ energy }), energy).to.deep.equal(["energy"]);
    }
    for (const price of ["", "-0.1", "0.1234567", "1e3"]) {
      expect(faultsOf({ price }), price).to.deep.equal(["price"]);
    }
    expect(faultsOf({ price: "0" })).to.deep.equal([]);
    expect(faultsOf({ sources: [] })).to.deep.equal(["sources"]);
    expect(faultsOf({ from: "2027-06-07T11:07" })).to.deep.equal(["from"]);
    expect(faultsOf({ until: values.from })).to.deep.equal(["until"]);
    expect(faultsOf({ until: atSlot(MONDAY_SLOT) })).to.deep.equal(["until"]);
    expect(faultsOf({ deadline: atSlot(MONDAY_SLOT) })).to.deep.equal(["deadline"]);
    expect(faultsOf({ energy: "", price: "", sources: [] })).to.have.members([
      "energy",
      "price",
      "sources",
    ]);
  });

  it("is for anyone, for a neighbour who is picked, or for an address that is typed", () => {
    const counterpartyOf = (overrides: Partial<OrderValues>) =>
      draftOf(overrides).terms[0]?.counterparty;
    expect(counterpartyOf({})).to.equal(undefined);
    expect(counterpartyOf({ other: NEIGHBOUR ?? "" })).to.equal(undefined);
    expect(counterpartyOf({ audience: NEIGHBOUR ?? "" })).to.equal(NEIGHBOUR);
    expect(counterpartyOf({ audience: "other", other: NEIGHBOUR ?? "" })).to.equal(NEIGHBOUR);
    for (const other of ["", "0x12", context.maker]) {
      expect(faultsOf({ audience: "other", other }), other).to.deep.equal(["other"]);
    }
  });

  it("is firm only for a bid under a lock, whose settler it names and with which it ends", () => {
    const lockUntil = (untilSeconds: number) => ({
      settler: NEIGHBOUR ?? "0x",
      signer: NEIGHBOUR ?? "0x",
      untilSeconds,
    });
    function built(overrides: Partial<OrderValues>, other: Partial<DraftContext>) {
      const draft = draftOf(overrides, other);
      const by = { maker: context.maker, microgrid: 1, slotSeconds: SLOT_SECONDS, now: MONDAY };
      const [terms] = draft.terms;
      if (terms === undefined) throw new Error("The draft has no terms.");
      return orderOf(draft)({ ...by, nonce: 0n }, terms);
    }
    const usual = built({}, { side: "bid" });
    const lock = lockUntil(MONDAY + 20 * 3_600);
    const bid = { side: "bid", lock } as const;
    expect(built({ firm: true }, bid)).to.deep.equal({
      ...usual,
      settler: NEIGHBOUR,
      deadline: lock.untilSeconds,
    });
    const long = { ...bid, lock: lockUntil(usual.deadline + 1) };
    expect(built({ firm: true }, long).deadline).to.equal(usual.deadline);
    expect(built({}, bid)).to.deep.equal(usual);
    expect(built({ firm: true }, { side: "bid" })).to.deep.equal(usual);
    expect(built({ firm: true }, { lock })).to.deep.equal(built({}, {}));
  });

  it("sells energy to come from a meter and with a bond only; a bid for it needs no meter", () => {
    const ahead = { kind: "ahead", bond: "0.04" } as const;
    const { forward, terms } = draftOf(ahead);
    expect([forward, terms[0]?.bondPerKwh]).to.deep.equal([true, 40_000n]);
    expect(faultsOf({ ...ahead, bond: "" })).to.deep.equal(["bond"]);
    expect(faultsOf({ ...ahead, meter: "" })).to.deep.equal(["meter"]);
    expect(faultsOf({ ...ahead, meter: "" }, { side: "bid" })).to.deep.equal([]);
    expect(faultsOf({ meter: "" })).to.deep.equal([]);
    // What was typed as a bond before one chose minted energy is not part of it.
    expect(draftOf({ bond: "nonsense" }).terms[0]).not.to.have.property("bondPerKwh");
  });

  it("makes one order of each part of the week that has a price and energy, and no other", () => {
    const cell = fc.constantFrom("", "0.1", "0.25");
    const prices = fc.array(fc.array(cell, { minLength: 5, maxLength: 5 }), {
      minLength: WEEK_DAYS,
      maxLength: WEEK_DAYS,
    });
    const energy = fc.array(fc.constantFrom("", "0.5", "3"), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(prices, energy, (typed, kwh) => {
        const wanted = typed.flatMap((parts, day) =>
          parts.flatMap((price, part) =>
            price === "" || kwh[part] === "" ? [] : [{ day, part, price }],
          ),
        );
        const week = { firstDay: "2027-06-07", energy: kwh, prices: typed };
        if (wanted.length === 0) {
          expect(faultsOf({ plan: "week", week })).to.deep.equal(["week.firstDay"]);
          return;
        }
        const { terms } = draftOf({ plan: "week", week });
        expect(terms.map(({ pricePerKwh }) => pricePerKwh)).to.deep.equal(
          wanted.map(({ price }) => (price === "0.1" ? 100_000n : 250_000n)),
        );
        for (const [index, { day, part }] of wanted.entries()) {
          const [from, to] = DAY_PARTS[part] ?? [0, 0];
          const { firstSlot = 0, lastSlot = 0 } = terms[index] ?? {};
          const date = `2027-06-${String(7 + day).padStart(2, "0")}`;
          expect(atSlot(firstSlot)).to.equal(`${date}T${String(from).padStart(2, "0")}:00`);
          expect(lastSlot - firstSlot + 1).to.equal((to - from) * 4);
        }
      }),
    );
  });

  it("refuses a week's price or energy that is none, at its cell", () => {
    const prices = values.week.prices.map((parts) => parts.map(() => "0.2"));
    const spoilt = prices.with(2, ["0.2", "dear", "0.2", "0.2", "0.2"]);
    const energy = ["1", "1", "1", "1", "-1"];
    const faults = faultsOf({ plan: "week", week: { ...values.week, energy, prices: spoilt } });
    expect(faults).to.have.members(["week.energy.4", "week.prices.2.1"]);
  });

  it("takes every source that there is", () => {
    for (const source of SOURCES) {
      expect(draftOf({ sources: [source] }).terms[0]?.sources).to.deep.equal([source]);
    }
  });
});
