import { i18n } from "@lingui/core";
import { expect } from "chai";
import fc from "fast-check";
import { amountFault, parseAmount, typedAmount } from "./parse.ts";

const speak = (locale: string) => i18n.loadAndActivate({ locale, messages: {} });
const DECIMALS = 6;
const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });

/** What each text says, in euro; null where it is asked what is meant, undefined where it is no amount. */
const TEXTS: Readonly<Record<string, Readonly<Record<string, number | null | undefined>>>> = {
  en: {
    "0.17": 0.17,
    "0,17": 0.17,
    " 12 ": 12,
    "1,000": null,
    "12,345": null,
    "1.000": 1,
    "0,170": 0.17,
    "1234,567": 1234.567,
    "1,000.50": 1000.5,
    "1.000,50": 1000.5,
    "1,000,000": 1_000_000,
    "1 000,5": 1000.5,
    "1'000.5": 1000.5,
    "": undefined,
    "-1": undefined,
    "1e3": undefined,
    "1.2.3": undefined,
    "1,00,000": undefined,
    "1,000,000,00": undefined,
    "0,000,000": undefined,
    "0.0000001": undefined,
    "0x10": undefined,
    ".5": undefined,
    "١٢": undefined,
  },
  de: {
    "1.000": null,
    "12.345": null,
    "1,000": 1,
    "0,17": 0.17,
    "0.17": 0.17,
    "0.170": 0.17,
    "1.000,50": 1000.5,
    "1,000.50": 1000.5,
    "1.000.000": 1_000_000,
    "1\u202f000,50": 1000.5,
    "12.50": 12.5,
  },
};

describe("Amounts as people type them", () => {
  for (const [locale, texts] of Object.entries(TEXTS)) {
    it(`are read, refused or asked about, and never guessed (${locale})`, () => {
      speak(locale);
      for (const [text, euro] of Object.entries(texts)) {
        const units =
          euro === null || euro === undefined ? undefined : BigInt(Math.round(euro * 1e6));
        expect(parseAmount(text, DECIMALS), text).to.equal(units);
        const words = amountFault(text, "no amount");
        if (euro === null) expect(words, text).not.to.equal("no amount");
        else expect(words, text).to.equal("no amount");
      }
    });

    it(`are taken back as they are put into a field (${locale})`, () => {
      speak(locale);
      fc.assert(
        fc.property(amount, (value) => {
          expect(parseAmount(typedAmount(value, DECIMALS), DECIMALS)).to.equal(value);
        }),
      );
    });

    it(`mean what the language means by them, or are asked about (${locale})`, () => {
      speak(locale);
      const format = new Intl.NumberFormat(locale, { maximumFractionDigits: DECIMALS });
      fc.assert(
        fc.property(amount, (value) => {
          const [whole, fraction] = [value / 1_000_000n, value % 1_000_000n];
          const decimal = `${whole}.${String(fraction).padStart(DECIMALS, "0")}`;
          const text = format.format(decimal as Intl.StringNumericLiteral);
          expect(parseAmount(text, DECIMALS), text).to.be.oneOf([value, undefined]);
        }),
      );
    });
  }
});
