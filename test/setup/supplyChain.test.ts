/** What is installed is what was chosen: every package is known by its contents, and all of them are listed. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { describe, it } from "mocha";

const ROOT = path.resolve(import.meta.dirname, "../..");

interface Locked {
  readonly version?: string;
  /** Of a package that is installed under another name. */
  readonly name?: string;
  readonly integrity?: string;
  /** Of the project itself. */
  readonly link?: boolean;
  /** Comes within another package, by whose hash it is known. */
  readonly inBundle?: boolean;
  readonly resolved?: string;
}

const { packages }: { packages: Record<string, Locked> } = JSON.parse(
  readFileSync(path.join(ROOT, "package-lock.json"), "utf8"),
);
const installed = Object.entries(packages).filter(
  ([place, { link }]) => place.includes("node_modules/") && !link,
);

describe("Packages", function () {
  this.timeout(120_000);

  it("are known by the hash of their contents, on every platform, and come from no named host", () => {
    for (const [place, { integrity, inBundle, resolved }] of installed) {
      if (!inBundle) expect(integrity, place).to.match(/^sha512-[A-Za-z0-9+/]{86}==$/);
      expect(resolved, place).to.equal(undefined);
    }
  });

  it("are all in the bill of materials, with their hashes", async () => {
    const { stdout } = await promisify(execFile)("npm", ["run", "-s", "sbom"], {
      cwd: ROOT,
      maxBuffer: 1e8,
    });
    const { bomFormat, components } = JSON.parse(stdout);
    expect(bomFormat).to.equal("CycloneDX");
    const listed = new Map<string, { hashes?: unknown[] }>(
      components.map((each: { name: string; version: string; hashes?: unknown[] }) => [
        `${each.name}@${each.version}`,
        each,
      ]),
    );
    for (const [place, { name, version, inBundle }] of installed) {
      // A package that is installed under another name is listed under either.
      const names = [place.split("node_modules/").at(-1), name];
      const found = names.map((each) => listed.get(`${each}@${version}`)).find(Boolean);
      expect(found, place).not.to.equal(undefined);
      if (!inBundle) expect(found?.hashes, place).not.to.equal(undefined);
    }
  });
});
