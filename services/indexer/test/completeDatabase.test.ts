import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { freePort } from "../../../scripts/testing/ports.ts";
import { deleteIncompleteDatabase, markDatabaseComplete } from "../completeDatabase.ts";

describe("An embedded database", () => {
  let dataFolder: string;
  let status = 503;
  let port = 0;
  const server = createServer((_, response) => response.writeHead(status).end());

  before(async () => {
    port = await freePort();
    await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  });
  after((done) => void server.close(done));
  beforeEach(() => {
    dataFolder = mkdtempSync(path.join(tmpdir(), "wattline-founding-"));
    mkdirSync(path.join(dataFolder, "pglite"));
    writeFileSync(path.join(dataFolder, "pglite", "PG_VERSION"), "17");
  });
  afterEach(() => rmSync(dataFolder, { recursive: true }));

  const place = () => ({ dataFolder, host: "127.0.0.1", port });
  const isThere = () => existsSync(path.join(dataFolder, "pglite", "PG_VERSION"));

  it("that was killed while it was created is created again", async () => {
    status = 503;
    await markDatabaseComplete(place());
    deleteIncompleteDatabase(place());
    expect(isThere()).to.equal(false);
  });

  it("that was complete is kept", async () => {
    status = 200;
    await markDatabaseComplete(place());
    deleteIncompleteDatabase(place());
    expect(isThere()).to.equal(true);
  });
});
