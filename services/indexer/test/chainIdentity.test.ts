import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { keccak256, toHex } from "viem";
import { freePort } from "../../../scripts/testing/ports.ts";
import { identify } from "../chainIdentity.ts";
import type { Settings } from "../settings.ts";

describe("The indexer's tables belong to one chain", () => {
  let server: Server;
  let port = 0;
  let folder: string;
  /** A restarted chain has other hashes from some block on. */
  let chain = { name: "first", forksAt: 0, latest: 100, answers: true };

  before(async () => {
    port = await freePort();
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const { id, params } = JSON.parse(body);
        const number = params[0] === "latest" ? chain.latest : Number(params[0]);
        const name = number < chain.forksAt ? "first" : chain.name;
        const result =
          number > chain.latest
            ? null
            : { number: toHex(number), hash: keccak256(toHex(`${name} ${number}`)) };
        response.statusCode = chain.answers ? 200 : 500;
        response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
      });
    });
    await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  });
  after(() => server.close());
  beforeEach(() => {
    chain = { name: "first", forksAt: 0, latest: 100, answers: true };
    folder = mkdtempSync(path.join(tmpdir(), "wattline-identity-"));
    mkdirSync(path.join(folder, "pglite"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const settings = (marketplace = `0x${"1".repeat(40)}` as const): Settings => ({
    deploymentFile: "",
    deployment: {
      chainId: 31337,
      marketplace,
      microgrids: marketplace,
      meters: marketplace,
      energy: marketplace,
      board: marketplace,
      fromBlock: 0,
    },
    rpcUrl: `http://127.0.0.1:${port}`,
    host: "127.0.0.1",
    port: 1,
    dataFolder: folder,
    databaseUrl: undefined,
    isDevelopment: true,
  });
  async function identified(given = settings()): Promise<string> {
    const { schema, remember } = await identify(given);
    await remember();
    return schema;
  }
  const keepsDatabase = () => existsSync(path.join(folder, "pglite"));

  it("and are kept while it goes on", async () => {
    const schema = await identified();
    mkdirSync(path.join(folder, "pglite"));
    chain.latest = 150;
    expect(await identified()).to.equal(schema);
    expect(keepsDatabase()).to.equal(true);
  });

  it("are kept after a reorganisation of blocks that were not final", async () => {
    const schema = await identified();
    chain = { ...chain, name: "second", forksAt: 75 };
    expect(await identified()).to.equal(schema);
  });

  it("are new after a chain was restarted, even if its first blocks are the same", async () => {
    const schema = await identified();
    mkdirSync(path.join(folder, "pglite"));
    chain = { ...chain, name: "second", forksAt: 60 };
    expect(await identified()).not.to.equal(schema);
    expect(keepsDatabase()).to.equal(false);
  });

  it("are new for another deployment", async () => {
    const schema = await identified();
    expect(await identified(settings(`0x${"2".repeat(40)}`))).not.to.equal(schema);
  });

  it("are kept when the node does not answer", async () => {
    const schema = await identified();
    mkdirSync(path.join(folder, "pglite"));
    chain.answers = false;
    let failure: unknown;
    await identify(settings()).catch((error: unknown) => {
      failure = error;
    });
    expect(failure).to.be.instanceOf(Error);
    expect(keepsDatabase()).to.equal(true);
    chain.answers = true;
    expect(await identified()).to.equal(schema);
  });
});
