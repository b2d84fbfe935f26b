import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";

const run = promisify(execFile);

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(path.join(root, "docs", "SDK.md"), "utf8");

/** Every example with the heading that it stands under. */
const examples = page.split(/^#+ /m).flatMap((section) => {
  const heading = section.split("\n", 1)[0] ?? "";
  return [...section.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => ({ heading, code }));
});

describe("The examples of docs/SDK.md", () => {
  let folder = "";
  before(() => {
    // Within the project, where the examples find the sdk.
    mkdirSync(path.join(root, ".wattline"), { recursive: true });
    folder = mkdtempSync(path.join(root, ".wattline", "examples-"));
    for (const [index, { code }] of examples.entries()) writeFileSync(fileOf(index), code);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const fileOf = (index: number): string => path.join(folder, `${index}.ts`);

  it("are there", () => expect(examples.length).to.be.at.least(8));

  for (const [index, { heading }] of examples.entries()) {
    it(`run: ${heading}`, async () => {
      await import(pathToFileURL(fileOf(index)).href);
    });
  }

  it("have types that are right", async () => {
    const settings = { extends: "../../tsconfig.json", include: ["*.ts"] };
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(settings));
    const compiler = path.join(
      path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
      "bin/tsc",
    );
    await run(process.execPath, [compiler, "--project", folder]).catch((error: unknown) => {
      throw error instanceof Error && "stdout" in error ? new Error(String(error.stdout)) : error;
    });
  });
});
