import { NO_GAINS, packReading, unpackProfile } from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { heldBySlot, heldWithin, takeFrom } from "./balances/retire.ts";
import { parseCertificateId } from "./certificate/id.ts";
import { contentOf, keyOf, parseReadings, ReadingError } from "./meters/signedReading.ts";
import { inCents, total } from "./periods.ts";

const METER = "0x00000000000000000000000000000000000000A1";
const SIGNATURE = `0x${"ab".repeat(65)}`;

const EURO_DECIMALS = 6;
const CENT_MILLIS = 10n ** 7n;
const millis = fc.bigInt({ min: 0n, max: 10n ** 9n });

describe("A household's gains in cents", () => {
  const days = fc.array(
    fc.record({ received: millis, feedIn: millis, bond: millis, paid: millis, retail: millis }),
    { minLength: 1, maxLength: 31 },
  );

  it("add up from row to row and from column to column, as they are shown", () => {
    fc.assert(
      fc.property(days, (found) => {
        const exact = found.map(({ received, feedIn, bond, paid, retail }) => ({
          ...NO_GAINS,
          receivedMillis: received,
          feedInValueMillis: feedIn,
          bondPaidMillis: bond,
          earnedMillis: received - feedIn - bond,
          paidMillis: paid,
          retailCostMillis: retail,
          savedMillis: retail - paid,
        }));
        const shown = inCents(exact, EURO_DECIMALS);
        for (const row of [...shown, total(shown)]) {
          expect(row.earnedMillis).to.equal(
            row.receivedMillis - row.feedInValueMillis - row.bondPaidMillis,
          );
          expect(row.savedMillis).to.equal(row.retailCostMillis - row.paidMillis);
          for (const value of [row.earnedMillis, row.feedInValueMillis, row.savedMillis]) {
            expect(value % CENT_MILLIS).to.equal(0n);
          }
        }
        // The month is the same, whether its days are shown or only itself.
        const [month] = inCents([total(exact)], EURO_DECIMALS);
        expect(total(shown)).to.deep.equal(month);
      }),
    );
  });
});

describe("A household's input", () => {
  const word = packReading(
    new Map([
      [16, 300n],
      [17, 0n],
      [19, 200n],
    ]),
  );
  const flat = {
    meter: METER,
    firstBlock: word.firstBlock,
    exported: word.words.map(String),
    signature: SIGNATURE,
  };

  it("parses signed readings in each of their shapes", () => {
    const { signature, ...reading } = flat;
    for (const shape of [
      flat,
      { reading, signature },
      [flat],
      { readings: [{ reading, signature }] },
      { readings: [{ ...flat, owner: METER }] },
      { readings: [{ ...flat, exported: undefined, imported: flat.exported }, flat] },
    ]) {
      const [one] = parseReadings(JSON.stringify(shape));
      expect(one?.reading.exported).to.deep.equal(word.words);
      expect(one && contentOf(one)).to.deep.equal({
        firstSlot: 16,
        lastSlot: 19,
        exportedWh: 500n,
      });
    }
  });

  it("names what is wrong with a reading", () => {
    for (const [text, fault] of [
      ["{", /not JSON/],
      [JSON.stringify({ ...flat, meter: "me" }), /meter: not an address/],
      [JSON.stringify({ ...flat, exported: [String(2n ** 256n)] }), /exported\.0: not a word/],
      [JSON.stringify({ ...flat, exported: ["1.5"] }), /exported\.0/],
      [JSON.stringify({ ...flat, firstBlock: -1 }), /firstBlock/],
      [JSON.stringify([flat, { ...flat, signature: 7 }]), /Reading 2 .*signature/],
    ] as const) {
      expect(() => parseReadings(text), text).to.throw(ReadingError, fault);
    }
  });

  it("distinguishes readings that share a signature", () => {
    const [one] = parseReadings(JSON.stringify(flat));
    const [other] = parseReadings(JSON.stringify({ ...flat, firstBlock: flat.firstBlock + 1 }));
    expect(one && keyOf(one)).not.to.equal(other && keyOf(other));
  });

  it("takes energy from the earliest slots of a period, and never more than they hold", () => {
    const holdings = [
      { microgrid: 1, source: "Solar", block: 3, word: 70n << 32n, energyWh: 70n },
      { microgrid: 1, source: "Solar", block: 2, word: 50n | (60n << 224n), energyWh: 110n },
      { microgrid: 2, source: "Solar", block: 2, word: 999n, energyWh: 999n },
      { microgrid: 1, source: "Wind", block: 2, word: 999n, energyWh: 999n },
    ] as const;
    const held = heldBySlot(holdings, 1, "Solar");
    expect([...held]).to.deep.equal([
      [16, 50n],
      [23, 60n],
      [25, 70n],
    ]);
    const period = { firstSlot: 17, lastSlot: 25 };
    expect(heldWithin(held, period)).to.equal(130n);
    const taken = takeFrom(held, period, 100n);
    expect(taken && [...unpackProfile(taken)]).to.deep.equal([
      [23, 60n],
      [25, 40n],
    ]);
    expect(takeFrom(held, period, 131n)).to.equal(undefined);
    expect(takeFrom(held, period, 0n)).to.equal(undefined);
  });

  it("identifies a certificate by its transaction and log index", () => {
    const hash = `0x${"aB".repeat(32)}`;
    expect(parseCertificateId(`${hash}-7`)).to.deep.equal({
      hash: hash.toLowerCase(),
      logIndex: 7,
    });
    for (const id of ["", hash, `${hash}-`, `${hash}-x`, `0x12-3`, `${hash}-7-8`]) {
      expect(parseCertificateId(id), id).to.equal(undefined);
    }
  });
});
