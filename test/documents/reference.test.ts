import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { natSpecOf } from "../../scripts/reference/natSpec.ts";
import { REFERENCE, referenceText } from "../../scripts/reference/reference.ts";

describe("The reference of the contracts", function () {
  this.timeout(180_000);

  it("is that of the interfaces: run `npm run reference` after a change of them", () => {
    const file = path.resolve(import.meta.dirname, "../..", REFERENCE);
    expect(readFileSync(file, "utf8")).to.equal(referenceText());
  });

  it("has each tag of a comment", () => {
    const text =
      " @title A door\n@notice Opens\n it.\n @dev See {IDoor-close}.\n@param key What\n opens\n@return whether";
    expect(natSpecOf(text)).to.deep.equal({
      title: "A door",
      notice: "Opens it.",
      dev: "See `IDoor.close`.",
      params: new Map([["key", "What opens"]]),
      returns: "whether",
    });
    expect(natSpecOf(" Just words").notice).to.equal("Just words");
  });
});
