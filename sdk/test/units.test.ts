import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  formatAmount,
  formatKwh,
  formatMillis,
  formatMoney,
  formatWh,
  parseAmount,
  parseEnergyWh,
  parseMoney,
} from "../src/units.ts";

describe("Reading amounts", () => {
  it("takes energy in kWh or Wh", () => {
    for (const [text, wh] of [
      ["2.5", 2500n],
      ["2.5 kWh", 2500n],
      [" 0.001kWh ", 1n],
      ["250 Wh", 250n],
      ["0", 0n],
      ["900719925474099312345", 900719925474099312345000n],
    ] as const) {
      expect(parseEnergyWh(text), text).to.equal(wh);
    }
  });

  it("takes the decimal sign of the reader's language and no other", () => {
    expect(parseMoney("0,17", 6, "de")).to.equal(170_000n);
    expect(() => parseMoney("0.17", 6, "de")).to.throw(RangeError, 'such as 1,5, not "0.17"');
    expect(() => parseMoney("0,17", 6)).to.throw(RangeError, 'such as 1.5, not "0,17"');
  });

  it("refuses what is not an amount, and gives an example", () => {
    for (const text of [
      "",
      " ",
      "-1",
      "+1",
      "1e3",
      "0x10",
      "1.",
      ".5",
      "1.2.3",
      "1 000",
      "1,000",
      "NaN",
      "kWh",
    ]) {
      expect(() => parseMoney(text, 6), `"${text}"`).to.throw(RangeError, text.trim());
      expect(() => parseEnergyWh(text), `"${text}"`).to.throw(RangeError);
    }
    expect(() => parseEnergyWh("2.5 MWh")).to.throw(RangeError, "2.5 MWh");
  });

  it("refuses what is finer than the unit rather than rounding it", () => {
    expect(() => parseEnergyWh("0.0001")).to.throw(RangeError, "at most 3 decimals");
    expect(() => parseEnergyWh("0.5 Wh")).to.throw(RangeError, "at most 0 decimals");
    expect(() => parseMoney("0.1234567", 6)).to.throw(RangeError, "at most 6 decimals");
  });
});

describe("Writing amounts", () => {
  it("shows all that is there, or rounds half away from zero", () => {
    expect(formatKwh(2500n)).to.equal("2.5 kWh");
    expect(formatKwh(2450n, { shown: 1 })).to.equal("2.5 kWh");
    expect(formatKwh(-2450n, { shown: 1 })).to.equal("-2.5 kWh");
    expect(formatKwh(2000n, { shown: 2 })).to.equal("2.00 kWh");
    expect(formatWh(2500n)).to.equal("2500 Wh");
    expect(formatMoney(170_000n, { decimals: 6 })).to.equal("0.17");
    expect(formatMoney(170_000n, { decimals: 6, symbol: "tEUR" }, { shown: 2 })).to.equal(
      "0.17 tEUR",
    );
    expect(formatMoney(5n, { decimals: 0 }, { shown: 2 })).to.equal("5.00");
  });

  it("rounds thousandths of a base unit where they are shown, and only there", () => {
    expect(formatMillis(425_000_001n, { decimals: 6 })).to.equal("0.425000001");
    expect(formatMillis(425_000_000n, { decimals: 6, symbol: "tEUR" }, { shown: 2 })).to.equal(
      "0.43 tEUR",
    );
    expect(formatMillis(1n, { decimals: 0 })).to.equal("0.001");
  });

  it("shows no minus sign before zero", () => {
    expect(formatAmount(-4n, 3, { shown: 2 })).to.equal("0.00");
  });

  it("writes in the reader's language, exactly however large", () => {
    const wh = 123_456_789_012_345_678_901_234n;
    expect(formatKwh(wh, { locale: "de" })).to.equal("123.456.789.012.345.678.901,234 kWh");
    expect(formatKwh(wh, { locale: "en" })).to.equal("123,456,789,012,345,678,901.234 kWh");
  });

  it("is read back unchanged", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n }), fc.nat(18), (value, decimals) => {
        expect(parseAmount(formatAmount(value, decimals), decimals)).to.equal(value);
      }),
    );
  });
});
