import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { describe, it } from "mocha";
import { isAddress } from "viem";
import type { Field } from "../src/clearSigning/file.ts";
import { CURRENCY_CALLS } from "../src/clearSigning/tokenCalls.ts";
import { clearSigningFiles } from "../src/clearSigning.ts";
import { SOURCES, sourceMask } from "../src/energyId.ts";
import { callParameters, leavesOf, messageMembers, typeAt } from "./support/signedTypes.ts";
import { flatFields, pathsOf } from "./support/wallet.ts";
import { deployment, EURO, files } from "./support/wattline.ts";

/** Which types of values a format is for, by the standard. */
const TYPES_OF: Readonly<Record<Field["format"], RegExp>> = {
  raw: /./,
  addressName: /^address$/,
  tokenTicker: /^address$/,
  duration: /^uint\d+$/,
  date: /^uint\d+$/,
  unit: /^u?int\d+$/,
  enum: /^uint\d+$/,
  tokenAmount: /^uint\d+$/,
  calldata: /^bytes$/,
};

describe("The clear-signing files", () => {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  ajv.addFormat("eip155", { type: "number", validate: (id) => Number.isSafeInteger(id) && id > 0 });
  ajv.addFormat("eip55", (text) => isAddress(text));
  ajv.addFormat("uri-reference", (text) => URL.canParse(text, "https://example.org"));
  ajv.addFormat("uri", (text) => URL.canParse(text));
  ajv.addFormat("date-time", (text) => !Number.isNaN(Date.parse(text)));
  const validate = ajv.compile(
    JSON.parse(
      readFileSync(path.join(import.meta.dirname, "fixtures/erc7730-v2.0.0.schema.json"), "utf8"),
    ),
  );

  for (const [name, file] of files) {
    const isCall = "contract" in file.context;
    const formats = Object.entries(file.display.formats).map(([key, format]) => ({
      key,
      format,
      members: isCall ? callParameters(key) : messageMembers(key),
    }));

    describe(name, () => {
      it("is valid by the standard's schema", () => {
        expect(
          validate(JSON.parse(JSON.stringify(file))),
          ajv.errorsText(validate.errors),
        ).to.equal(true);
      });

      it("fails the schema when it is broken", () => {
        const [key = ""] = Object.keys(file.display.formats);
        for (const broken of [
          { ...file, display: { formats: { [key]: { intent: "", fields: [] } } } },
          {
            ...file,
            display: { formats: { [key]: { intent: "x", fields: [{ format: "kWh" }] } } },
          },
          { ...file, metadata: { ...file.metadata, enums: { side: { 0: 1 } } } },
        ]) {
          expect(validate(broken)).to.equal(false);
        }
      });

      it("leads every path to a value of a fitting type", () => {
        for (const { key, format, members } of formats) {
          for (const field of flatFields(format)) {
            const type = typeAt(members, field.path);
            expect(type, `${key}: ${field.path}`).to.match(TYPES_OF[field.format]);
            if (field.format !== "tokenAmount") continue;
            const { token, tokenPath } = field.params;
            if (token) expect(typeAt(members, token.keyPath), field.path).to.match(/^uint32$/);
            else if (tokenPath !== "@.to") {
              expect(typeAt(members, tokenPath ?? ""), field.path).to.equal("address");
            }
          }
        }
      });

      it("leaves no value out, but what it hides on purpose", () => {
        for (const { key, format, members } of formats) {
          const paths = flatFields(format).map((field) => field.path.replace(/\.\[\d+:\d+\]$/, ""));
          expect(new Set(paths), key).to.deep.equal(new Set(leavesOf(members)));
        }
      });

      it("mentions only values that are always shown", () => {
        for (const { key, format } of formats) {
          for (const each of pathsOf(format.interpolatedIntent ?? "")) {
            const field = flatFields(format).find(({ path }) => path === each);
            expect(field, `${key}: {${each}}`).to.be.an("object");
            expect(field?.visible ?? "always", `${key}: {${each}}`).to.equal("always");
          }
        }
      });

      it("has the words that it refers to, and no others", () => {
        const used = new Set<string>();
        for (const { format } of formats) {
          for (const field of flatFields(format)) {
            if (field.format === "enum") used.add(field.params.$ref);
          }
        }
        const known = Object.keys(file.metadata.enums ?? {});
        expect(new Set(known.map((each) => `$.metadata.enums.${each}`))).to.deep.equal(used);
      });
    });
  }

  it("have a word for every set of sources", () => {
    const { sources = {} } = files.get("eip712-marketplace.json")?.metadata.enums ?? {};
    const masks = Array.from({ length: 2 ** SOURCES.length - 1 }, (_, i) => `${i + 1}`);
    expect(Object.keys(sources)).to.deep.equal(masks);
    expect(sources[sourceMask("Wind")]).to.equal("Wind");
    expect(sources[sourceMask("Solar", "Wind", "Grid")]).to.equal("Solar, Wind or Grid");
    expect(sources[sourceMask(...SOURCES)]).to.equal("Any source");
    expect(new Set(Object.values(sources)).size).to.equal(masks.length);
  });

  it("name each microgrid that trades in the currency, and its symbol", () => {
    const known = clearSigningFiles(
      { ...deployment, chainId: 1 },
      { address: EURO, symbol: "EURC", decimals: 2, microgrids: [4, 9] },
    );
    expect(known.get("eip712-marketplace.json")?.metadata.maps?.currency.values).to.deep.equal({
      4: EURO,
      9: EURO,
    });
    const { token } = known.get("calldata-currency.json")?.metadata ?? {};
    expect(token).to.deep.equal({ name: "EURC", ticker: "EURC", decimals: 2 });
    expect(known.get("calldata-currency.json")?.display.formats).to.equal(CURRENCY_CALLS);
  });
});
