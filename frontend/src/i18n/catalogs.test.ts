import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";

const SOURCE = path.resolve("frontend/src");

/** What the catalogs of a language make of each message with its context, and which catalogs say so. */
function translationsIn(locale: string): Map<string, Map<string, string[]>> {
  const found = new Map<string, Map<string, string[]>>();
  for (const file of globSync(`**/locales/${locale}.po`, { cwd: SOURCE })) {
    for (const entry of readFileSync(path.join(SOURCE, file), "utf8").split("\n\n")) {
      const textOf = (keyword: string): string =>
        new RegExp(`^${keyword} ((?:".*"\\n?)+)`, "m")
          .exec(entry)?.[1]
          ?.replaceAll(/"\n"|^"|"\n?$/g, "") ?? "";
      const message = textOf("msgid");
      if (message === "") continue;
      const key = [textOf("msgctxt"), message].join(" | ");
      const texts = found.get(key) ?? new Map<string, string[]>();
      found.set(key, texts.set(textOf("msgstr"), [...(texts.get(textOf("msgstr")) ?? []), file]));
    }
  }
  return found;
}

describe("The catalogs of words", () => {
  // All of them are loaded into one: the last one that is loaded would decide.
  it("have one German text for each message, whichever page is opened first", () => {
    const translations = translationsIn("de");
    expect(translations.size).to.be.greaterThan(1_000);
    const ambiguous = [...translations].filter(([, texts]) => texts.size > 1);
    expect(ambiguous.map(([message, texts]) => [message, ...texts.keys()])).to.deep.equal([]);
  });

  it("lack no German text", () => {
    const missing = [...translationsIn("de")].filter(([, texts]) => texts.has(""));
    expect(missing.map(([message]) => message)).to.deep.equal([]);
  });
});
