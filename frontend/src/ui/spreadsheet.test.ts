import { i18n } from "@lingui/core";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { amountCell, spreadsheetCsv } from "./spreadsheet.ts";

describe("Tables for people's spreadsheets", () => {
  afterEach(() => i18n.loadAndActivate({ locale: "en", messages: {} }));
  const inLanguage = (locale: string) => i18n.loadAndActivate({ locale, messages: {} });
  const read = (csv: string, delimiter: string): string[][] =>
    parse(csv, { bom: true, delimiter, relax_column_count: true });

  it("takes the reader's decimal mark, and another character between cells", () => {
    const rows = [
      ["kWh", "a,b;c"],
      [amountCell(1_234_567n, 3), amountCell(-5n, 3)],
    ];
    inLanguage("en");
    expect(spreadsheetCsv(rows)).to.equal('\uFEFFkWh,"a,b;c"\r\n1234.567,-0.005\r\n');
    inLanguage("de");
    expect(spreadsheetCsv(rows)).to.equal('\uFEFFkWh;"a,b;c"\r\n1234,567;-0,005\r\n');
  });

  it("writes local times that a spreadsheet takes for times", () => {
    inLanguage("de");
    const noon = new Date(2026, 5, 21, 12, 0, 5).getTime() / 1000;
    expect(spreadsheetCsv([[{ unixSeconds: noon }]])).to.contain("2026-06-21 12:00:05");
  });

  it("leaves no formula, and no number changed", () => {
    inLanguage("en");
    for (const text of ["=1+1", "+49 1", "-x", "@SUM(A1)", "\t=1"]) {
      expect(read(spreadsheetCsv([[text, "."]]), ",")[0]?.[0]).to.equal(`'${text}`);
    }
    expect(read(spreadsheetCsv([[amountCell(-1n, 0)]]), ",")[0]?.[0]).to.equal("-1");
  });

  it("is read back as it was written, whatever the words and amounts", () => {
    const word = fc
      .string({ minLength: 1 })
      .filter((text) => !/^[=+\-@\t\r＝＋－＠\uFEFF]/.test(text));
    fc.assert(
      fc.property(
        fc.constantFrom("en", "de"),
        fc.array(fc.tuple(word, fc.bigInt(-(2n ** 100n), 2n ** 100n)), { minLength: 1 }),
        (locale, pairs) => {
          inLanguage(locale);
          const rows = pairs.map(([text, amount]) => [text, amountCell(amount, 6)]);
          const delimiter = locale === "en" ? "," : ";";
          const back = read(spreadsheetCsv(rows), delimiter).map(([text, amount = ""]) => [
            text,
            amount.replace(",", "."),
          ]);
          expect(back.map(([text]) => text)).to.deep.equal(pairs.map(([text]) => text));
          const exact = back.map(([, amount = ""]) => {
            const [whole = "", part = ""] = amount.split(".");
            return BigInt(`${whole}${part.padEnd(6, "0")}`);
          });
          expect(exact).to.deep.equal(pairs.map(([, amount]) => amount));
        },
      ),
    );
  });
});
