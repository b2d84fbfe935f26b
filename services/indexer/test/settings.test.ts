import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { readSettings, SettingsError } from "../settings.ts";

const address = (digit: number) => `0x${String(digit).repeat(40)}`;
const DEPLOYMENT = {
  chainId: 31337,
  marketplace: address(1),
  microgrids: address(6),
  meters: address(2),
  energy: address(3),
  board: address(4),
  fromBlock: 5,
};

describe("The indexer's settings", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-settings-"));
  after(() => rmSync(folder, { recursive: true }));

  function environment(deployment: unknown, more: Record<string, string> = {}) {
    const file = path.join(folder, "deployment.json");
    writeFileSync(file, typeof deployment === "string" ? deployment : JSON.stringify(deployment));
    return { WATTLINE_DEPLOYMENT: file, WATTLINE_RPC_URL: "http://127.0.0.1:8545", ...more };
  }

  it("are PGlite and port 8569 on the loopback by default", () => {
    const settings = readSettings(environment(DEPLOYMENT));
    expect(settings).to.include({ host: "127.0.0.1", port: 8569, databaseUrl: undefined });
    expect(settings.isDevelopment).to.equal(true);
    expect(settings.deployment).to.deep.equal(DEPLOYMENT);
  });

  for (const [what, broken, name] of [
    ["no node", { ...environment(DEPLOYMENT), WATTLINE_RPC_URL: "" }, "WATTLINE_RPC_URL"],
    [
      "an invalid node address",
      environment(DEPLOYMENT, { WATTLINE_RPC_URL: "here" }),
      "WATTLINE_RPC_URL",
    ],
    ["a port out of range", environment(DEPLOYMENT, { WATTLINE_PORT: "65536" }), "65536"],
    ["a file that is missing", { WATTLINE_DEPLOYMENT: "/none.json" }, "/none.json"],
  ] as const) {
    it(`name the invalid setting: ${what}`, () => {
      expect(() => readSettings(broken)).to.throw(SettingsError, name);
    });
  }

  for (const [what, deployment] of [
    ["no JSON", "{"],
    ["no object", "null"],
    ["an invalid address", { ...DEPLOYMENT, meters: "0x12" }],
    ["a block that is not a number", { ...DEPLOYMENT, fromBlock: "5" }],
    ["a missing member", { ...DEPLOYMENT, board: undefined }],
  ] as const) {
    it(`refuse a deployment with ${what}`, () => {
      expect(() => readSettings(environment(deployment))).to.throw(
        SettingsError,
        "deployment.json is no deployment",
      );
    });
  }
});
