import { readFileSync } from "node:fs";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Address } from "viem";
import type { LevelOf } from "../../src/gains.ts";
import {
  type AccountMovement,
  BillingError,
  type BillingOrder,
  type BillingRun,
  bill,
  billingPeriod,
  communityFromJson,
  type Delivery,
  roundHalf,
  roundParts,
  runFromJson,
  runToCsv,
  runToJson,
  StatementFormatError,
  type StatementHistory,
  statementToHtml,
} from "../../src/statements/index.ts";
import {
  BEN,
  CURRENCY,
  DSO,
  delivery,
  FEED_IN,
  HANNA,
  historyOf,
  JANE,
  LEVEL,
  RETAIL,
} from "./community.ts";

const CONFIG = {
  issuer: { name: "Sunny Lane Energy", address: ["1 Sunny Lane"], taxNumber: "ATU12345678" },
  microgrid: 1,
  timeZone: "Europe/Vienna",
  language: "en",
  currency: { symbol: "EUR", decimals: 6, shown: 2 },
  numberPrefix: "SL-",
  kinds: {
    home: {
      sold: { text: { en: "Small supplier: no VAT.", de: "Kleinunternehmer: keine USt." } },
      bought: { percent: "20" },
    },
  },
  members: [
    { number: "1", name: "Jane", address: ["2 Sunny Lane"], account: JANE, kind: "home" },
    {
      number: "2",
      name: "=Hanna & <Co>",
      address: [],
      account: HANNA,
      kind: "home",
      language: "de",
    },
    { number: "3", name: "Ben", address: [], account: BEN, kind: "home" },
  ],
};
const COMMUNITY = communityFromJson(JSON.stringify(CONFIG), "community.json");
const CENT = 10_000_000n;

const monthOf = (label: string) => billingPeriod(label, "Europe/Vienna", 900);
const [JUNE, JULY] = [monthOf("2027-06"), monthOf("2027-07")];
const END = { number: 500, hash: `0x${"ee".repeat(32)}`, timestamp: JULY.to + 1 } as const;

const order = (label: string, overrides: Partial<BillingOrder> = {}): BillingOrder => ({
  ...{ community: COMMUNITY, label, issuedOn: "2027-07-02", isFinal: true, end: END },
  ...overrides,
});

/** Jane's energy to Hanna, unless told otherwise, by slots of June. */
const inJune = (
  wh: Readonly<Record<number, number>>,
  overrides: Partial<Delivery> = {},
): Delivery => {
  const sentWh = new Map(
    Object.entries(wh).map(([at, each]) => [JUNE.firstSlot + Number(at), BigInt(each)]),
  );
  return delivery({}, { sentWh, arrivedWh: sentWh, ...overrides });
};

const of = (run: BillingRun, account: Address) => {
  const found = run.statements.find(({ member }) => member.account === account);
  if (found === undefined) throw new Error(`${account} has no statement.`);
  return found;
};
const documentsOf = (run: BillingRun) => run.statements.flatMap(({ documents }) => documents);
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n);

describe("Member statements", () => {
  const grid = inJune(
    { 5: 1000 },
    { seller: DSO, isWithGrid: true, costMillis: 1000n * RETAIL, chargeMillis: 0n },
  );
  const history = historyOf({
    deliveries: [
      inJune({ 1: 1000, 2: 2500 }),
      inJune({ 3: 777 }, { source: "Wind", seller: BEN }),
      inJune({ 4: 500 }, { buyer: BEN }),
      grid,
    ],
  });
  const run = bill(history, order("2027-06"), []);

  it("have a line for each neighbour and source, with fees and the utility's tariff", () => {
    const { bought, sold, comparison } = of(run, HANNA);
    expect(sold).to.deep.equal([]);
    expect(
      bought.map(({ kind, counterparty, source, isGrid, energyWh }) =>
        [kind, counterparty, source, isGrid, energyWh].map(String),
      ),
    ).to.deep.equal([
      ["energy", JANE, "Solar", "false", "3500"],
      ["energy", BEN, "Wind", "false", "777"],
      ["energy", DSO, "Solar", "true", "1000"],
      ["fee", "undefined", "undefined", "false", "0"],
    ]);
    const paid = 4277n * 180_000n + 1000n * RETAIL;
    expect(comparison.bought.energyWh).to.equal(5277n);
    expect(comparison.bought.amountUnits).to.equal(roundHalf(paid, CENT));
    expect(comparison.bought.gridUnits).to.equal(roundHalf(5277n * RETAIL, CENT));
    const { comparison: janes } = of(run, JANE);
    expect(janes.sold.amountUnits).to.equal(roundHalf(4000n * 170_000n, CENT));
    expect(janes.sold.gridUnits).to.equal(roundHalf(4000n * FEED_IN, CENT));
  });

  it("give every document a number, without gaps, and none for what the grid bills itself", () => {
    expect(
      documentsOf(run).map(({ number, kind, direction }) => [number, kind, direction]),
    ).to.deep.equal([
      ["SL-000001", "invoice", "sold"],
      ["SL-000002", "invoice", "bought"],
      ["SL-000003", "invoice", "bought"],
      ["SL-000004", "invoice", "sold"],
    ]);
    expect(run.lastNumber).to.equal(4);
    const rows = documentsOf(run).flatMap((document) => document.rows);
    expect(rows.filter(({ isGrid }) => isGrid)).to.deep.equal([]);
  });

  it("tax by kind of member: what was paid includes the rate, or there is a text", () => {
    const [bought] = of(run, HANNA).documents;
    // 4,277 Wh at 0.18: 0.76986, of which 20 % on 0.64.
    expect([bought?.grossUnits, bought?.netUnits, bought?.taxUnits]).to.deep.equal([77n, 64n, 13n]);
    const [sold] = of(run, JANE).documents;
    expect([sold?.grossUnits, sold?.netUnits, sold?.taxUnits]).to.deep.equal([68n, 68n, 0n]);
  });

  it("are the same when read from JSON", () => {
    expect(runFromJson(runToJson(run), "run.json")).to.deep.equal(run);
    expect(() => runFromJson("{}", "run.json")).to.throw(StatementFormatError, "run.json");
  });

  describe("split a trade over midnight between two months, and lose nothing", () => {
    const last = JUNE.lastSlot - JUNE.firstSlot;
    const twoMonths = (overrides: Partial<Delivery>, levelAt: LevelOf = () => LEVEL) => {
      const over = inJune({ [last]: 333, [last + 1]: 334 }, overrides);
      const { microgrids } = historyOf();
      const told = historyOf({
        deliveries: [over],
        microgrids: new Map([...microgrids].map(([id, each]) => [id, { ...each, levelAt }])),
      });
      const june = bill(told, order("2027-06"), []);
      const july = bill(told, order("2027-07"), [june]);
      const [before, after] = [june, july].map((each) => of(each, HANNA).bought);
      if (before === undefined || after === undefined) throw new Error("A month is missing.");
      const rows = [...before, ...after];
      expect(sum(rows.map(({ amountMillis }) => amountMillis))).to.equal(over.costMillis);
      expect(sum(rows.map(({ energyWh }) => energyWh))).to.equal(667n);
      return sum(before.map(({ amountMillis }) => amountMillis));
    };

    it("by energy, where every kWh costs the same", () => {
      const costMillis = 100_000_001n;
      expect(twoMonths({ counted: "arrived", costMillis, chargeMillis: 1_000_003n })).to.equal(
        (costMillis * 333n) / 667n,
      );
    });

    it("by the community price of each slot, where two limits met", () => {
      const costMillis = 333n * 3n + 334n * 7n;
      const levelAt: LevelOf = (slot) => ({
        ...LEVEL,
        feePerKwh: 1n,
        pricePerKwh: slot <= JUNE.lastSlot ? 3n : 7n,
      });
      expect(twoMonths({ costMillis, chargeMillis: 667n }, levelAt)).to.equal(333n * 3n);
    });
  });

  it("keep the money of a trade of which nothing arrived", () => {
    const lost = inJune({ 1: 5 }, { arrivedWh: new Map(), costMillis: 777n, chargeMillis: 7n });
    const { sold } = of(bill(historyOf({ deliveries: [lost] }), order("2027-06"), []), JANE);
    expect(sold.map(({ energyWh, amountMillis }) => [energyWh, amountMillis])).to.deep.equal([
      [5n, 770n],
    ]);
  });

  describe("correct earlier periods", () => {
    const late = [inJune({ 9: 1234 }), inJune({ 2880: 50 }, { seller: BEN })];
    const told = historyOf({ ...history, deliveries: [...history.deliveries, ...late] });
    const july = bill(told, order("2027-07"), [run]);

    it("when a reading comes late: by a document that names the first one", () => {
      const corrections = documentsOf(july).filter(({ kind }) => kind === "correction");
      expect(
        corrections.map(({ direction, period, corrects }) => [direction, period, corrects]),
      ).to.deep.equal([
        ["sold", "2027-06", "SL-000001"],
        ["bought", "2027-06", "SL-000002"],
      ]);
      expect(documentsOf(july).map(({ number }) => number)).to.deep.equal(
        documentsOf(july).map((_, index) => `SL-00000${index + 5}`),
      );
    });

    it("so that all documents together say what one would have said", () => {
      const whole = bill(told, order("2027-06"), []);
      for (const account of [JANE, HANNA, BEN]) {
        for (const direction of ["bought", "sold"] as const) {
          const totals = (runs: readonly BillingRun[]) => {
            const documents = runs
              .flatMap((each) => of(each, account).documents)
              .filter((each) => each.direction === direction && each.period === "2027-06");
            return [
              sum(documents.map(({ grossUnits }) => grossUnits)),
              sum(documents.map(({ netUnits }) => netUnits)),
              sum(documents.map(({ taxUnits }) => taxUnits)),
              sum(documents.flatMap(({ rows }) => rows.map(({ energyWh }) => energyWh))),
            ];
          };
          expect(totals([run, july]), `${account} ${direction}`).to.deep.equal(totals([whole]));
        }
      }
    });

    it("once, and not again in the period after", () => {
      const august = bill(
        told,
        order("2027-08", { end: { ...END, timestamp: JULY.to + 90 * 86_400 } }),
        [run, july],
      );
      expect(documentsOf(august)).to.deep.equal([]);
      expect(august.lastNumber).to.equal(july.lastNumber);
    });

    it("of members who have left", () => {
      const community = {
        ...COMMUNITY,
        members: COMMUNITY.members.filter(({ account }) => account !== HANNA),
      };
      const without = bill(told, order("2027-07", { community }), [run]);
      const { isMember, documents, bought } = of(without, HANNA);
      expect([isMember, bought]).to.deep.equal([false, []]);
      expect(documents.map(({ kind }) => kind)).to.deep.equal(["correction"]);
    });

    it("but not of periods in which somebody was no member", () => {
      const members = COMMUNITY.members.filter(({ account }) => account !== HANNA);
      const community = { ...COMMUNITY, members };
      const inJuly = inJune({ [JULY.firstSlot - JUNE.firstSlot]: 400 });
      const all = historyOf({ ...told, deliveries: [...told.deliveries, inJuly] });
      const without = bill(all, order("2027-07", { community }), [run]);
      const end = { ...END, timestamp: JULY.to + 90 * 86_400 };
      const august = bill(all, order("2027-08", { end }), [run, without]);
      expect(of(august, HANNA).documents).to.deep.equal([]);
    });

    it("as a credit note when less was delivered than billed", () => {
      const less = historyOf({ deliveries: history.deliveries.slice(1) });
      const [note] = of(bill(less, order("2027-07"), [run]), HANNA).documents;
      expect(note && [note.kind, note.grossUnits < 0n, note.netUnits < 0n]).to.deep.equal([
        "correction",
        true,
        true,
      ]);
      expect(
        statementToHtml(
          bill(less, order("2027-07"), [run]),
          of(bill(less, order("2027-07"), [run]), JANE),
        ),
      ).to.contain("Credit note SL-000005");
    });
  });

  it("refuse a period that is not over, known, before or after a gap, or of another market", () => {
    const refused = (
      label: string,
      overrides: Partial<BillingOrder> = {},
      told: StatementHistory = history,
    ) => expect(() => bill(told, order(label, overrides), [run]), label).to.throw(BillingError);
    expect(() => bill(history, order("2027-08"), [])).to.throw("2027-08 ends at");
    expect(bill(history, order("2027-08", { isFinal: false }), []).isFinal).to.equal(false);
    refused("2027-06");
    refused("2027-05");
    refused("2027-08", { isFinal: false });
    refused("2027-07", {}, historyOf({ chainId: 1 }));
    refused("2027-07", { end: { ...END, number: 499 } });
    refused("2027-07", {
      community: { ...COMMUNITY, currency: { ...COMMUNITY.currency, shown: 3 } },
    });
    const taken = COMMUNITY.members.map((member) =>
      member.account === HANNA ? { ...member, account: DSO } : member,
    );
    refused("2027-07", { community: { ...COMMUNITY, members: taken } });
    expect(() => bill(history, order("2027-13"), [])).to.throw('"2027-13" is no period');
  });
});

describe("Accounts in member statements", () => {
  it("count a payment in the period in which it was made, from its first second on", () => {
    const movements = [JUNE.from - 1, JUNE.from, JUNE.to - 1, JUNE.to].map(
      (time, index): AccountMovement => ({
        ...{ kind: "deposit", currency: CURRENCY, holder: HANNA, transaction: END.hash, time },
        amountMillis: CENT * 10n ** BigInt(index),
      }),
    );
    const { account } = of(bill(historyOf({ movements }), order("2027-06"), []), HANNA);
    expect([account.openingUnits, account.closingUnits]).to.deep.equal([1n, 111n]);
  });

  const kinds = ["deposit", "withdrawal", "sale", "purchase", "locked", "returned"] as const;

  it("lead from the opening to the closing balance, to the unit, whatever moved", () => {
    const movement = fc.record({
      kind: fc.constantFrom(...kinds),
      amountMillis: fc.bigInt({ min: 1n, max: 10n ** 12n }),
      time: fc.integer({ min: JUNE.from - 86_400, max: JUNE.to + 86_400 }),
    });
    fc.assert(
      fc.property(fc.array(movement, { maxLength: 30 }), (made) => {
        const movements = made.map(
          (each): AccountMovement => ({
            ...each,
            ...{ currency: CURRENCY, holder: HANNA, transaction: END.hash },
          }),
        );
        const told = historyOf({ movements });
        const june = bill(told, order("2027-06"), []);
        const july = bill(told, order("2027-07"), [june]);
        const [first, second] = [june, july].map((run) => of(run, HANNA).account);
        if (first === undefined || second === undefined) throw new Error("An account is missing.");
        for (const { openingUnits, closingUnits, rows } of [first, second]) {
          expect(openingUnits + sum(rows.map(({ amountUnits }) => amountUnits))).to.equal(
            closingUnits,
          );
        }
        expect(second.openingMillis).to.equal(first.closingMillis);
        expect(second.openingUnits).to.equal(first.closingUnits);
      }),
    );
  });
});

describe("Rounding to whole units", () => {
  it("adds up to the total, and moves no part by a unit or more", () => {
    const amount = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n });
    fc.assert(
      fc.property(
        fc.array(amount, { minLength: 1, maxLength: 20 }),
        fc.bigInt({ min: 1n, max: 10n ** 7n }),
        (parts, unit) => {
          const total = roundHalf(sum(parts), unit);
          const rounded = roundParts(total, parts, unit);
          expect(sum(rounded)).to.equal(total);
          rounded.forEach((each, index) => {
            const moved = each * unit - (parts[index] ?? 0n);
            expect(moved < unit && moved > -unit, `${parts[index]} to ${each} x ${unit}`).to.equal(
              true,
            );
          });
        },
      ),
    );
  });

  it("rounds halves away from zero, and gives the rest to the largest fractions, the first of equals", () => {
    expect([5n, -5n, 4n, -14n].map((each) => roundHalf(each, 10n))).to.deep.equal([
      1n,
      -1n,
      0n,
      -1n,
    ]);
    expect(roundParts(2n, [4n, 8n, 4n], 10n)).to.deep.equal([1n, 1n, 0n]);
    expect(roundParts(0n, [], 10n)).to.deep.equal([]);
    expect(() => roundParts(1n, [], 10n)).to.throw(RangeError);
  });
});

describe("Papers", () => {
  const history = historyOf({
    deliveries: [inJune({ 1: 1000, 2: 2500 }), inJune({ 3: 777 }, { source: "Wind", seller: BEN })],
  });
  const run = bill(history, order("2027-06"), []);

  it("are HTML that needs no other file, in the member's language, with names as text", () => {
    const [jane, hanna] = [JANE, HANNA].map((account) => statementToHtml(run, of(run, account)));
    expect(jane).to.contain('lang="en"').and.to.contain("Self-billed invoice SL-000001");
    expect(jane).to.contain("1 Jun 2027 – 30 Jun 2027").and.to.contain("Small supplier: no VAT.");
    expect(hanna)
      .to.contain('lang="de"')
      .and.to.contain("Rechnung SL-000002")
      .and.to.contain("3,500");
    for (const page of [jane, hanna]) {
      expect(page).to.contain("=Hanna &amp; &lt;Co&gt;").and.not.to.contain("<Co>");
      expect(page).not.to.match(/\b(src|href|url)\b|@import|<script/);
    }
  });

  it("say that a preview is none", () => {
    const preview = bill(history, order("2027-06", { isFinal: false }), []);
    expect(statementToHtml(preview, of(preview, JANE))).to.contain("Preview: not an invoice");
    expect(documentsOf(preview)[0]?.number).to.equal("PREVIEW-1");
  });

  it("are CSV whose rows add up to the documents, with each language's separators", () => {
    for (const [language, delimiter] of [
      ["en", ","],
      ["de", ";"],
    ] as const) {
      const text = runToCsv(run, language);
      const [head, ...rows]: string[][] = parse(text, { delimiter, bom: true });
      expect(head).to.have.lengthOf(16);
      const units = (cell = ""): bigint => BigInt(cell.replace(/[.,]/, ""));
      for (const { number, grossUnits, netUnits, taxUnits } of documentsOf(run)) {
        const own = rows.filter(([first]) => first === number);
        const sums = [11, 12, 13].map((column) => sum(own.map((row) => units(row[column]))));
        expect(sums, number).to.deep.equal([grossUnits, netUnits, taxUnits]);
      }
      expect(text).to.contain(language === "de" ? "0,60" : "0.60");
      expect(rows.some((row) => row[6] === "'=Hanna & <Co>")).to.equal(true);
      expect(rows.every((row) => !row.some((cell) => cell.startsWith("=")))).to.equal(true);
    }
  });
});

describe("A community's file", () => {
  const refusal = (change: (config: Record<string, unknown>) => void): string => {
    const config = structuredClone(CONFIG) as Record<string, unknown>;
    change(config);
    try {
      communityFromJson(JSON.stringify(config), "community.json");
    } catch (error) {
      return error instanceof StatementFormatError ? error.message : `${error}`;
    }
    return "";
  };
  const [jane, hanna] = CONFIG.members;

  it("is read as the documentation has it", () => {
    const page = readFileSync(new URL("../../../docs/STATEMENTS.md", import.meta.url), "utf8");
    const [, example = ""] = /```json\n(.*?)```/s.exec(page) ?? [];
    expect(communityFromJson(example, "docs/STATEMENTS.md").members).to.have.lengthOf(1);
  });

  it("is refused with the member and what is wrong", () => {
    expect(refusal(() => undefined)).to.equal("");
    expect(refusal((config) => Object.assign(config, { members: [jane, jane] }))).to.contain(
      "members[1]: the number 1",
    );
    expect(
      refusal((config) => Object.assign(config, { members: [jane, { ...hanna, account: JANE }] })),
    ).to.contain("members[1]: the account");
    expect(
      refusal((config) => Object.assign(config, { members: [{ ...jane, kind: "farm" }] })),
    ).to.contain('"farm" is none of the kinds home');
    expect(
      refusal((config) => Object.assign(config, { members: [{ ...jane, number: "../1" }] })),
    ).to.contain("members[0].number");
    expect(refusal((config) => Object.assign(config, { timeZone: "Vienna" }))).to.contain(
      'timeZone: "Vienna"',
    );
    expect(refusal((config) => Object.assign(config, { more: 1 }))).to.contain("more");
    expect(
      refusal((config) =>
        Object.assign(config, { currency: { symbol: "EUR", decimals: 2, shown: 6 } }),
      ),
    ).to.contain("currency");
  });
});

describe("Billing periods", () => {
  it("are months, quarters and years of local time, and follow one another", () => {
    const year = monthOf("2027");
    const quarters = [1, 2, 3, 4].map((quarter) => monthOf(`2027-Q${quarter}`));
    const months = Array.from({ length: 12 }, (_, month) =>
      monthOf(`2027-${String(month + 1).padStart(2, "0")}`),
    );
    for (const parts of [quarters, months]) {
      expect(parts[0]?.firstSlot).to.equal(year.firstSlot);
      expect(parts.at(-1)?.lastSlot).to.equal(year.lastSlot);
      parts.slice(1).forEach((part, index) => {
        expect(part.firstSlot).to.equal((parts[index]?.lastSlot ?? 0) + 1);
      });
    }
    // March has lost an hour to summer time.
    const march = monthOf("2027-03");
    expect(march.lastSlot - march.firstSlot + 1).to.equal(31 * 96 - 4);
    expect(new Date(march.from * 1000).toISOString()).to.equal("2027-02-28T23:00:00.000Z");
    for (const wrong of ["", "2027-13", "2027-Q5", "27-06", "2027-6"]) {
      expect(() => monthOf(wrong), wrong).to.throw(RangeError);
    }
  });
});
