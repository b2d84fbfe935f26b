import { clearSigningFiles } from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { TEST_MS } from "./support/limits.ts";
import { serveApp } from "./support/stack.ts";

const at = (byte: string): `0x${string}` => `0x${byte.repeat(20)}`;

const network = {
  deployment: {
    ...{ chainId: 31_337, fromBlock: 0, marketplace: at("11"), meters: at("22") },
    ...{ microgrids: at("66"), energy: at("33"), board: at("44") },
  },
  name: "Test chain",
  rpcUrl: "http://127.0.0.1:1",
  currency: {
    address: at("55"),
    symbol: "tEUR",
    decimals: 6,
    name: "Test Euro",
    microgrids: [1, 2],
  },
};

describe("What wallets show before signing", function () {
  this.timeout(TEST_MS);
  let app: Awaited<ReturnType<typeof serveApp>>;

  before(async () => {
    app = await serveApp(network);
  });
  after(() => app.closeApp());

  it("is served by the app for its contracts", async () => {
    const { deployment, currency } = network;
    const base = `${app.url}/.well-known/erc7730`;
    const { files } = await (await fetch(`${base}/index.json`)).json();
    const made = clearSigningFiles(deployment, currency);
    expect(files).to.have.members([...made.keys()].map((name) => `31337/${name}`));
    for (const [name, file] of made) {
      const response = await fetch(`${base}/31337/${name}`);
      expect(response.headers.get("content-type")).to.equal("application/json");
      expect(await response.json()).to.deep.equal(JSON.parse(JSON.stringify(file)));
    }
    expect((await fetch(`${base}/1/eip712-marketplace.json`)).status).to.equal(404);
  });
});
