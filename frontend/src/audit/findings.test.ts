import { readFileSync } from "node:fs";
import path from "node:path";
import { MESSAGES } from "@wattline/sdk";
import { expect } from "chai";

const LOCALES = path.join(import.meta.dirname, "locales");

/** A sentence without its gaps; the page writes an energy with its unit. */
const gapless = (text: string): string => text.replaceAll(/\{\w+\}( Wh)?/g, "{}");

/** The sentences of a catalog, and what each is in its language. */
const sentencesIn = (locale: string): Map<string, string> =>
  new Map(
    [
      ...readFileSync(path.join(LOCALES, `${locale}.po`), "utf8").matchAll(
        /^msgid (".*")\nmsgstr (".*")$/gm,
      ),
    ].map(([, id, text]) => [gapless(JSON.parse(id ?? '""')), JSON.parse(text ?? '""')]),
  );

describe("What an audit finds", () => {
  it("is told by the page in the report's words, and in German in as many gaps", () => {
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
