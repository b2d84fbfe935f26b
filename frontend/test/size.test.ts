import { expect } from "chai";
import { BUDGET_BYTES, totalOf, weighFirstPage } from "../scripts/firstPage.ts";
import { builtApp } from "./support/build.ts";

describe("The first page", () => {
  it("is no larger than its budget", async () => {
    const files = weighFirstPage(await builtApp());
    expect(totalOf(files)).to.be.greaterThan(100_000).and.at.most(BUDGET_BYTES);
  });

  it("contains no charts, long tables or other pages", async () => {
    const files = weighFirstPage(await builtApp()).map(({ file }) => file);
    expect(
      files.filter((file) => /Chart|Table|(Energy|Microgrid|Audit|Dialog)/.test(file)),
    ).to.deep.equal([]);
  });
});
