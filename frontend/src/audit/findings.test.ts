import { readFileSync } from "node:fs";
import path from "node:path";
import { MESSAGES } from "@wattline/sdk";
import { expect } from "chai";

const LOCALES = path.join(import.meta.dirname, "locales");

/** A sentence with empty placeholders; the page formats energy with its unit. */
const gapless = (text: string): string => text.replaceAll(/\{\w+\}( Wh)?/g, "{}");

/** The sentences of a catalog with their translations. */
const sentencesIn = (locale: string): Map<string, string> =>
  new Map(
    [
      ...readFileSync(path.join(LOCALES, `${locale}.po`), "utf8").matchAll(
        /^msgid (".*")\nmsgstr (".*")$/gm,
      ),
    ].map(([, id, text]) => [gapless(JSON.parse(id ?? '""')), JSON.parse(text ?? '""')]),
  );

describe("What an audit finds", () => {
  it("is reported by the page with the report's sentence, and in German with the same values", () => {
    const [english, german] = [sentencesIn("en"), sentencesIn("de")];
    const gapsIn = (text: string) => text.match(/\{\w+\}/g)?.length ?? 0;
    for (const [code, template] of Object.entries(MESSAGES)) {
      expect(english, code).to.include.keys(gapless(template));
      const text = german.get(gapless(template)) ?? "";
      expect(text, code).not.to.equal("");
      expect(gapsIn(text), code).to.equal(gapsIn(template));
    }
  });
});
