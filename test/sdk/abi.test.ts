import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { abiFiles } from "../../scripts/abis/files.ts";

describe("The sdk's ABIs", () => {
  it("are those of the build: run `npm run abis` after a change of the contracts", async () => {
    const files = await abiFiles();
    expect(files.size).to.be.greaterThan(0);
    for (const [file, text] of files) {
      expect(readFileSync(path.join(import.meta.dirname, "../..", file), "utf8"), file).to.equal(
        text,
      );
    }
  });
});
