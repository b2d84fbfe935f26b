import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  buildDelivery,
  checkDelivery,
  type Delivery,
  type DeliveryStatement,
  deliveryFromJson,
  deliveryId,
  deliveryPurpose,
  deliveryStatementJsonSchema,
  deliveryToJson,
  type Retirement,
  StatementFormatError,
  usedByStatement,
} from "../../src/statements/index.ts";
import {
  BEN,
  BENS_METER,
  CHAIN,
  DSO,
  delivery,
  energy,
  HANNA,
  HANNAS_METER,
  historyOf,
  importOf,
  JANE,
  retirement,
  START_SLOT,
} from "./community.ts";

const DAY = { household: HANNA, microgrid: 1, firstSlot: START_SLOT, lastSlot: START_SLOT + 95 };
const ID = deliveryId({ ...CHAIN, ...DAY });
const FOR_DAY = deliveryPurpose(ID);
const HALF_DAY = { ...DAY, lastSlot: START_SLOT + 47 };
const FOR_HALF_DAY = deliveryPurpose(deliveryId({ ...CHAIN, ...HALF_DAY }));

const purchases: readonly Delivery[] = [delivery({ 1: 300, 2: 500 }), delivery({ 2: 50, 9: 70 })];
const others: readonly Delivery[] = [
  delivery({ 1: 111 }, { buyer: BEN }),
  delivery({ 1: 40 }, { seller: DSO, isWithGrid: true }),
  delivery({ 1: 60 }, { to: 2 }),
];
const retirements: readonly Retirement[] = [retirement(FOR_DAY, { 1: 300, 2: 400, 9: 70 })];
const history = historyOf({ deliveries: [...purchases, ...others], retirements });
const imports = [importOf("hanna", { 0: 10, 1: 200, 2: 900, 3: 5, 9: 0 })];
const { statement, due } = buildDelivery(history, DAY, imports);

/** The rules that a statement breaks, each once. */
const broken = async (changed: Partial<DeliveryStatement>, told = history): Promise<string[]> => [
  ...new Set((await checkDelivery({ ...statement, ...changed }, told)).map(({ rule }) => rule)),
];
const json = () => JSON.parse(deliveryToJson(statement));

describe("A delivery statement", () => {
  it("counts the least of import, purchases and retirements in each slot", () => {
    expect(
      statement.slots.map(({ slot, importedWh, boughtWh, retiredWh, countsWh }) => [
        slot - START_SLOT,
        ...[importedWh, boughtWh, retiredWh, countsWh].map(Number),
      ]),
    ).to.deep.equal([
      [0, 10, 0, 0, 0],
      [1, 200, 300, 300, 200],
      [2, 900, 550, 400, 400],
      [3, 5, 0, 0, 0],
      [9, 0, 70, 70, 0],
    ]);
    expect(statement.countsWh).to.equal(600n);
    expect(statement.slots[1]?.start).to.equal("2027-06-07T00:15:00Z");
  });

  it("names what is still to be retired, no more than was used", () => {
    expect(due).to.deep.equal([
      { source: "Solar", energyWh: energy({ 2: 150 }), purpose: FOR_DAY },
    ]);
  });

  it("holds, as it is and as read from its JSON", async () => {
    expect(await checkDelivery(statement, history)).to.deep.equal([]);
    const read = deliveryFromJson(deliveryToJson(statement), "statement.json");
    expect(read).to.deep.equal(statement);
    expect(await checkDelivery(read, history)).to.deep.equal([]);
  });

  it("fits its JSON Schema, which others can check without this sdk", () => {
    const validate = new Ajv2020({ strict: true }).compile(deliveryStatementJsonSchema());
    expect(validate(json()), JSON.stringify(validate.errors)).to.equal(true);
    const { countsWh, ...without } = json();
    for (const other of [
      without,
      { ...json(), countsWh: Number(countsWh) },
      { ...json(), household: "Hanna" },
      { ...json(), comment: "more" },
      { ...json(), slotSeconds: 901 },
    ]) {
      expect(validate(other)).to.equal(false);
      const text = JSON.stringify(other);
      expect(() => deliveryFromJson(text, "other.json")).to.throw(
        StatementFormatError,
        "other.json",
      );
    }
  });

  it("names the member of a file that has another form", () => {
    const changed = json();
    changed.purchases[1].energyWh[0].wh = "1.5";
    expect(() => deliveryFromJson(JSON.stringify(changed), "a.json")).to.throw(
      /purchases\[1\]\.energyWh\[0\]\.wh/,
    );
    expect(() => deliveryFromJson("{", "a.json")).to.throw("a.json is no JSON");
  });

  it("takes meters of both curves and adds them up", async () => {
    const both = [...imports, importOf("ben", { 9: 30 })];
    const built = buildDelivery(history, DAY, both).statement;
    expect(built.countsWh).to.equal(630n);
    expect(await checkDelivery(built, history)).to.deep.equal([]);
  });

  it("lasts when more is retired for it later", async () => {
    const later = [...retirements, retirement(FOR_DAY, { 2: 100 })];
    const told = historyOf({ ...history, retirements: later });
    expect(await checkDelivery(statement, told)).to.deep.equal([]);
    expect(buildDelivery(told, DAY, imports).statement.countsWh).to.equal(700n);
  });

  it("counts import once where two statements overlap: for the first retirement", async () => {
    const told = historyOf({
      deliveries: [delivery({ 1: 300 })],
      retirements: [retirement(FOR_HALF_DAY, { 1: 150 }), retirement(FOR_DAY, { 1: 150 })],
    });
    const [half, day] = [HALF_DAY, DAY].map(
      (period) => buildDelivery(told, period, imports).statement,
    );
    expect([half?.countsWh, day?.countsWh]).to.deep.equal([150n, 50n]);
    for (const each of [half, day]) {
      expect(each && (await checkDelivery(each, told))).to.deep.equal([]);
    }
  });

  it("says how much of each retirement was used, together no more than counts", () => {
    const first = retirement(FOR_DAY, { 1: 100, 2: 400 });
    const second = retirement(FOR_DAY, { 1: 200, 9: 70 });
    const foreign = retirement(FOR_HALF_DAY, { 2: 450 });
    const told = historyOf({ deliveries: purchases, retirements: [foreign, first, second] });
    const built = buildDelivery(told, DAY, imports).statement;
    const used = [first, second, foreign].map((each) => usedByStatement(built, told, each));
    expect(used).to.deep.equal([200n, 100n, 0n]);
    expect(built.countsWh).to.equal(300n);
  });

  it("is refused for an unknown microgrid and an empty period", () => {
    expect(() => buildDelivery(history, { ...DAY, microgrid: 7 }, [])).to.throw("no microgrid 7");
    expect(() => buildDelivery(history, { ...DAY, lastSlot: START_SLOT - 1 }, [])).to.throw(
      "not 0",
    );
  });
});

describe("A false delivery statement is refused by name", () => {
  const [first, second] = statement.purchases;
  const [retired] = statement.retirements;
  if (first === undefined || second === undefined || retired === undefined) {
    throw new Error("The statement lists too little.");
  }
  const more = <Listed extends { readonly energyWh: { slot: number; wh: bigint }[] }>(
    listed: Listed,
  ): Listed => ({
    ...listed,
    energyWh: listed.energyWh.map(({ slot, wh }, index) => ({
      slot,
      wh: index === 0 ? wh + 1n : wh,
    })),
  });
  const [imported] = imports;
  if (imported === undefined) throw new Error("Nothing was imported.");

  it("one Wh of import changed", async () => {
    const [word = 0n, ...rest] = imported.imported;
    const changed = { ...imported, imported: [word + 1n, ...rest] };
    expect(await broken({ imports: [changed] })).to.include("import-signature");
  });

  it("one Wh of a purchase changed", async () => {
    expect(await broken({ purchases: [more(first), second] })).to.include("purchase-differs");
    const findings = await checkDelivery(
      { ...statement, purchases: [more(first), second] },
      history,
    );
    expect(findings[0]?.message).to.contain("301 Wh").and.to.contain("300 Wh");
  });

  it("one Wh of a retirement changed", async () => {
    expect(await broken({ retirements: [more(retired)] })).to.include("retirement-differs");
    const wind = { ...retired, source: "Wind" } as const;
    expect(await broken({ retirements: [wind] })).to.include("retirement-differs");
  });

  it("one Wh of a sum changed", async () => {
    for (const column of ["importedWh", "boughtWh", "retiredWh", "countsWh"] as const) {
      const slots = statement.slots.map((slot, index) =>
        index === 1 ? { ...slot, [column]: slot[column] + 1n } : slot,
      );
      expect(await broken({ slots }), column).to.include("slot-differs");
    }
    expect(await broken({ countsWh: statement.countsWh + 1n })).to.deep.equal(["total-differs"]);
  });

  it("a slot left out", async () => {
    expect(await broken({ slots: statement.slots.slice(1) })).to.deep.equal(["slot-differs"]);
  });

  it("a signature of another meter", async () => {
    const forged = importOf("hanna", { 1: 200, 2: 900 }, "ben");
    expect(await broken({ imports: [forged] })).to.include("import-signature");
  });

  it("a meter of another household, and one that was the household's at another time", async () => {
    const bens = importOf("ben", { 1: 500 });
    expect(await broken({ imports: [...imports, bens] })).to.include("meter-of-another");
    expect(await broken({ imports: [importOf("ben", { 8: 1 })] })).not.to.include(
      "meter-of-another",
    );
    const before = historyOf({
      ...history,
      meters: [
        { meter: HANNAS_METER, owner: HANNA, microgrid: 1, firstSlot: 0, endSlot: START_SLOT + 3 },
      ],
    });
    expect(await broken({}, before)).to.include("meter-of-another");
  });

  it("a purchase of another household, from the grid, or in another microgrid", async () => {
    const [bens, grids, elsewhere] = others.map(
      ({ transaction, logIndex, seller, source, arrivedWh }) => ({
        ...{ transaction, logIndex, seller, source },
        energyWh: [...arrivedWh].map(([slot, wh]) => ({ slot, wh })),
      }),
    );
    if (bens === undefined || grids === undefined || elsewhere === undefined)
      throw new Error("The history lacks them.");
    expect(await broken({ purchases: [first, second, bens] })).to.include("purchase-of-another");
    expect(await broken({ purchases: [first, second, grids] })).to.include("purchase-from-grid");
    expect(await broken({ purchases: [first, second, elsewhere] })).to.include(
      "purchase-of-another",
    );
  });

  it("a purchase that never was, or came from another seller", async () => {
    expect(await broken({ purchases: [{ ...first, logIndex: 99 }] })).to.include(
      "purchase-unknown",
    );
    expect(await broken({ purchases: [{ ...first, seller: BEN }, second] })).to.include(
      "purchase-differs",
    );
    expect(await broken({ purchases: [{ ...first, source: "Wind" }, second] })).to.include(
      "purchase-differs",
    );
  });

  it("anything listed twice", async () => {
    expect(await broken({ imports: [...imports, ...imports] })).to.include("slot-twice");
    const overlapping = [...imports, importOf("hanna", { 2: 400 })];
    expect(await broken({ imports: overlapping })).to.include("slot-twice");
    const [slot] = statement.slots;
    expect(await broken({ slots: [...statement.slots, ...(slot ? [slot] : [])] })).to.include(
      "slot-twice",
    );
    expect(await broken({ purchases: [first, second, first] })).to.include("purchase-twice");
    expect(await broken({ retirements: [retired, retired] })).to.include("retirement-twice");
    const doubled = { ...first, energyWh: [...first.energyWh, ...first.energyWh] };
    expect(await broken({ purchases: [doubled, second] })).to.include("purchase-differs");
  });

  it("energy that was retired for another statement, by another, for another, or not at all", async () => {
    const claim = async (made: Retirement): Promise<string[]> => {
      const { transaction, logIndex, source, energyWh } = made;
      const listed = {
        ...{ transaction, logIndex, source },
        energyWh: [...energyWh].map(([slot, wh]) => ({ slot, wh })),
      };
      const told = historyOf({ ...history, retirements: [made] });
      return broken({ retirements: [listed] }, told);
    };
    const wh = { 1: 300, 2: 400, 9: 70 };
    expect(await claim(retirement(FOR_DAY, wh))).to.deep.equal([]);
    expect(await claim(retirement(FOR_HALF_DAY, wh))).to.include("retirement-of-another-statement");
    expect(await claim(retirement("charity", wh))).to.include("retirement-of-another-statement");
    expect(await claim(retirement(FOR_DAY, wh, { holder: BEN }))).to.include(
      "retirement-of-another",
    );
    expect(await claim(retirement(FOR_DAY, wh, { beneficiary: JANE }))).to.include(
      "retirement-of-another",
    );
    // No wind was bought: what was retired of it counts for nothing.
    expect(await claim(retirement(FOR_DAY, wh, { source: "Wind" }))).to.deep.equal([
      "slot-differs",
    ]);
    expect(await broken({}, historyOf({ ...history, retirements: [] }))).to.include(
      "retirement-unknown",
    );
  });

  it("another chain, other contracts, another period, another household", async () => {
    expect(await broken({ chainId: 1 })).to.include("chain");
    expect(await broken({ contracts: { ...CHAIN.contracts, energy: JANE } })).to.include("chain");
    expect(await broken({ slotSeconds: 3600 })).to.include("period");
    expect(await broken({ microgrid: 2 })).to.include("period");
    expect(await broken({ lastSlot: statement.lastSlot + 1 })).to.deep.equal(["id"]);
    expect(await broken({ household: BEN })).to.deep.equal(["id"]);
    const bens = { household: BEN, id: deliveryId({ ...statement, household: BEN }) };
    expect(await broken(bens)).to.include.members([
      "meter-of-another",
      "purchase-of-another",
      "retirement-of-another-statement",
    ]);
    expect(BENS_METER).not.to.equal(HANNAS_METER);
  });

  it("any other energy anywhere in the file", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.bigInt({ min: 1n, max: 1000n }), async (at, addWh) => {
        const text = deliveryToJson(statement);
        const places = [...text.matchAll(/"(wh|\w+Wh)": "(\d+)"/g)];
        const match = places[at % places.length];
        if (match === undefined) throw new Error("The file has no energy.");
        const [whole, name, wh = "0"] = match;
        const changed = `${text.slice(0, match.index)}"${name}": "${BigInt(wh) + addWh}"${text.slice(match.index + whole.length)}`;
        const read = deliveryFromJson(changed, "changed.json");
        expect(await checkDelivery(read, history)).not.to.have.lengthOf(0);
      }),
      { numRuns: process.env.WATTLINE_DEEP === "1" ? 1000 : 60 },
    );
  });
});
