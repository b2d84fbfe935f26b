import { globSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";

const ROOT = path.resolve(import.meta.dirname, "../..");
const GUIDES = path.join(ROOT, "docs/guides");

describe("Pictures of the guides", () => {
  const textsOf = (pattern: string): string =>
    globSync(pattern, { cwd: ROOT })
      .map((file) => readFileSync(path.join(ROOT, file), "utf8"))
      .join("\n");
  const shown = [...textsOf("docs/guides/*.md").matchAll(/!\[[^\]]+\]\(pictures\/([^)]+)\)/g)].map(
    ([, name]) => name,
  );
  const kept = readdirSync(path.join(GUIDES, "pictures"));

  it("are there, and each is shown", () => {
    expect(shown).not.to.be.empty;
    expect(kept.toSorted()).to.deep.equal([...new Set(shown)].toSorted());
  });

  it("are taken by the tests of the pages", () => {
    const taken = new Set(
      [
        ...textsOf("frontend/test/*.test.ts").matchAll(/takeScreenshots\([^"`]*"([^"]+)"\)/g),
      ].flatMap(([, name]) => [`${name}-desktop.png`, `${name}-phone.png`]),
    );
    expect(kept.filter((name) => !taken.has(name))).to.deep.equal([]);
  });
});
