import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { giveUpVanishedBlocks } from "../vanishedBlocks.ts";

describe("What is asked of a block that a reorganisation took away", () => {
  let server: Server;
  let answer: string;
  let undo: () => void;

  before(async () => {
    server = createServer((_, response) => response.end(answer));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    undo = giveUpVanishedBlocks();
  });
  after(() => {
    undo();
    server.close();
  });

  const asked = async (says: object) => {
    answer = JSON.stringify(says);
    const { port } = server.address() as AddressInfo;
    const response = await fetch(new Request(`http://127.0.0.1:${port}`, { method: "POST" }));
    return [response.status, await response.text()];
  };
  const refused = (message: string) => ({
    jsonrpc: "2.0",
    id: 1,
    error: { code: -32000, message },
  });

  it("is not found", async () => {
    for (const words of ["unknown block", "Block not found", "header not found"]) {
      expect(await asked(refused(words))).to.deep.equal([404, JSON.stringify(refused(words))]);
    }
  });

  it("is told from what a node refuses for now, and from answers, which are passed on as they are", async () => {
    const logs = { jsonrpc: "2.0", id: 1, result: [{ data: "0x" }] };
    const long = { jsonrpc: "2.0", id: 1, result: "unknown block ".repeat(1_000) };
    for (const says of [refused("too many requests"), logs, long, []]) {
      expect(await asked(says)).to.deep.equal([200, JSON.stringify(says)]);
    }
  });
});
