import { i18n } from "@lingui/core";
import { expect } from "chai";
import {
  formatEnergy,
  formatExactly,
  formatMillis,
  formatMoney,
  formatPower,
  formatPrice,
  formatShare,
  formatUtc,
} from "./format.ts";

const EURO = { symbol: "EUR", decimals: 6 };
const EXACT = { maximumFractionDigits: 18 };

/** Intl separates amounts and units by non-breaking spaces. */
const plain = (text: string): string => text.replaceAll(/\s/g, " ");

describe("Money and energy as text", () => {
  beforeEach(() => i18n.loadAndActivate({ locale: "en", messages: {} }));

  it("writes money exactly, also beyond the safe integers", () => {
    const amount = 9_007_199_254_740_993_000_001n;
    expect(formatMoney(amount, EURO, EXACT)).to.equal("€9,007,199,254,740,993.000001");
    expect(formatMoney(-amount, EURO, EXACT)).to.equal("-€9,007,199,254,740,993.000001");
  });

  it("shows cents, less than a cent as such, and more digits where they are asked for", () => {
    expect(formatMoney(12_340_000n, EURO)).to.equal("€12.34");
    expect(formatMoney(0n, EURO)).to.equal("€0.00");
    expect(formatMoney(1_700n, EURO)).to.equal("<€0.01");
    expect(formatMoney(-1_700n, EURO)).to.equal(">-€0.01");
    expect(formatExactly(6_381n, EURO)).to.equal("€0.006381");
    expect(formatExactly(12_340_000n, EURO)).to.equal("€12.34");
    expect(formatMoney(5n, { symbol: "WEI", decimals: 0 })).to.equal("5.00 WEI");
  });

  it("rounds thousandths of a base unit to cents at the very end", () => {
    expect(formatMillis(12_344_999_999n, EURO)).to.equal("€12.34");
    expect(formatMillis(12_345_000_000n, EURO)).to.equal("€12.35");
    expect(formatMillis(1_700_000n, EURO)).to.equal("<€0.01");
    expect(formatMillis(1_005n, { symbol: "WEI", decimals: 0 })).to.equal("1.01 WEI");
  });

  it("writes energy in the most readable unit", () => {
    expect(formatEnergy(850n)).to.equal("850 Wh");
    expect(formatEnergy(12_500n)).to.equal("12.5 kWh");
    expect(formatEnergy(3_400_000n)).to.equal("3.4 MWh");
    expect(formatEnergy(-1_000n)).to.equal("-1 kWh");
  });

  it("writes as power what is made in a slot", () => {
    expect(formatPower(600n, 900)).to.equal("2.4 kW");
    expect(formatPower(50n, 300)).to.equal("600 W");
    expect(formatPower(0n, 3_600)).to.equal("0 W");
  });

  it("writes in the page's language", () => {
    i18n.loadAndActivate({ locale: "de", messages: {} });
    expect(plain(formatMoney(1_234_560_000n, EURO))).to.equal("1.234,56 €");
    expect(plain(formatPrice(170_000n, EURO))).to.equal("0,17 €/kWh");
    expect(plain(formatEnergy(12_500n))).to.equal("12,5 kWh");
    expect(plain(formatShare(1n, 8n))).to.equal("12,5 %");
  });

  it("writes UTC the same for every reader", () => {
    expect(formatUtc(1_781_000_000)).to.equal("2026-06-09 10:13 UTC");
  });
});
