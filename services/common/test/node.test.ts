import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import fc from "fast-check";
import { afterEach, describe, it } from "mocha";
import { createPublicClient } from "viem";
import { freePort } from "../../../scripts/testing/ports.ts";
import { type Misbehaviour, misbehavingNode } from "../../../test/support/misbehavingNode.ts";
import { kindOf, retryAfterOf } from "../src/node/failures.ts";
import {
  NodeError,
  type NodePause,
  type NodeSettings,
  nodeAt,
  nodeTransport,
} from "../src/node/index.ts";

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

const QUICK: NodeSettings = { firstPauseMs: 1, mostWaitMs: 2_000 };

describe("How a node is asked", () => {
  let closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing) await close();
    closing = [];
  });

  /** A server of JSON-RPC that says to everything what it was asked. */
  async function serve(
    handle: (response: ServerResponse, calls: readonly Call[], isBatch: boolean) => boolean = () =>
      false,
  ): Promise<string> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const sent: Call | Call[] = JSON.parse(Buffer.concat(chunks).toString());
      const calls = [sent].flat();
      if (handle(response, calls, Array.isArray(sent))) return;
      const answers = calls.map(({ id, method, params }) => ({
        jsonrpc: "2.0",
        id,
        result: { method, params },
      }));
      response.end(JSON.stringify(Array.isArray(sent) ? answers : answers[0]));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(
      () =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(() => resolve());
        }),
    );
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function misbehaving(misbehaviour: Misbehaviour) {
    const node = await misbehavingNode(await serve(), misbehaviour);
    closing.push(node.close);
    return node;
  }

  const askMany = (url: string, count: number, settings: NodeSettings = QUICK) => {
    const node = nodeAt(url, settings);
    return Promise.all(Array.from({ length: count }, (_, index) => node.ask("m", [index])));
  };

  const expected = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ method: "m", params: [index] }));

  const failureOf = (asking: Promise<unknown>): Promise<NodeError> =>
    asking.then(
      () => {
        throw new Error("It did not fail.");
      },
      (error: unknown) => {
        if (error instanceof NodeError) return error;
        throw error;
      },
    );

  it("sends what is asked at one moment together", async () => {
    const node = await misbehaving({});
    expect(await askMany(node.url, 60)).to.deep.equal(expected(60));
    expect(node.batches.largest).to.equal(50);
  });

  for (const batchRefusal of ["status", "error", "each"] as const) {
    for (const batchesUpTo of [10, 3, 1]) {
      it(`sends smaller batches where a node takes ${batchesUpTo} at most, and says so by ${batchRefusal}`, async () => {
        const node = await misbehaving({ batchesUpTo, batchRefusal });
        expect(await askMany(node.url, 60)).to.deep.equal(expected(60));
        expect(node.batches.largest).to.be.within(1, batchesUpTo);
        expect(node.batches.refused).to.be.lessThan(30);
      });
    }
  }

  it("does not try a batch again that was refused for its size", async () => {
    const node = await misbehaving({ batchesUpTo: 3 });
    const asking = nodeAt(node.url, QUICK);
    const some = () => Promise.all([1, 2, 3, 4, 5, 6].map((each) => asking.ask("m", [each])));
    await some();
    const { refused } = node.batches;
    await some();
    expect(node.batches.refused).to.equal(refused);
  });

  it("asks again for what an answer to a batch leaves out", async () => {
    let isFirst = true;
    const url = await serve((response, calls, isBatch) => {
      if (!isBatch || !isFirst) return false;
      isFirst = false;
      const [{ id, method, params } = { id: 0, method: "", params: [] }] = calls;
      response.end(JSON.stringify([{ jsonrpc: "2.0", id, result: { method, params } }]));
      return true;
    });
    expect(await askMany(url, 9)).to.deep.equal(expected(9));
  });

  it("waits out a rate limit, whichever requests it meets", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 7 }),
        fc.integer({ min: 1, max: 70 }),
        async (limitsEvery, count) => {
          const node = await misbehaving({ limitsEvery });
          expect(await askMany(node.url, count)).to.deep.equal(expected(count));
        },
      ),
      { numRuns: 15 },
    );
  });

  it("waits as long as the node asks, with pauses that grow where it does not say", async () => {
    const pauses: NodePause[] = [];
    const onPause = (pause: NodePause) => pauses.push(pause);
    const silent = await misbehaving({ failsFirst: { times: 3, status: 429 } });
    await askMany(silent.url, 1, { ...QUICK, onPause });
    expect(pauses.map(({ ms }) => ms)).to.deep.equal([1, 2, 4]);
    pauses.splice(0);
    const clear = await misbehaving({
      failsFirst: { times: 1, status: 503 },
      retryAfterSeconds: 0.05,
    });
    await askMany(clear.url, 1, { ...QUICK, onPause });
    expect(pauses.map(({ ms }) => ms)).to.deep.equal([50]);
    expect(pauses[0]?.kind).to.equal("limited");
  });

  it("says how long it has waited when a rate limit does not end", async () => {
    const node = await misbehaving({ limitsEvery: 1 });
    const error = await failureOf(
      nodeAt(node.url, { firstPauseMs: 1, mostWaitMs: 30 }).ask("m", []),
    );
    expect(error.kind).to.equal("limited");
    expect(error.message).to.match(/fails m\(\[\]\) after 0 s of waiting: limit exceeded/);
    const dear = await misbehaving({ limitsEvery: 1, retryAfterSeconds: 3600 });
    const long = await failureOf(nodeAt(dear.url, QUICK).ask("m", []));
    expect(long.message).to.contain("asks for a pause of 3600 s");
  });

  it("does not ask again for what can't change", async () => {
    for (const [kind, code, message, data] of [
      ["reverted", 3, "execution reverted", "0x"],
      ["forgotten", -32_000, "missing trie node 00 (path ) state is not available", undefined],
      ["refused", -32_601, "the method does not exist", undefined],
      ["tooLarge", -32_005, "query returned more than 10000 results", undefined],
    ] as const) {
      let asked = 0;
      const url = await serve((response, [call]) => {
        asked++;
        const error = { code, message, data };
        response.end(JSON.stringify({ jsonrpc: "2.0", id: call?.id, error }));
        return true;
      });
      expect((await failureOf(nodeAt(url, QUICK).ask("m", []))).kind).to.equal(kind);
      expect(asked, message).to.equal(1);
    }
  });

  it("passes over one answer of a broken gateway, and names one that stays broken", async () => {
    const once = await misbehaving({ failsFirst: { times: 1, status: 502 } });
    expect(await askMany(once.url, 20)).to.deep.equal(expected(20));
    const always = await misbehaving({ failsFirst: { times: 1_000, status: 502 } });
    const error = await failureOf(nodeAt(always.url, QUICK).ask("m", []));
    expect(error.kind).to.equal("failing");
    expect(error.message).to.match(/after 5 tries: HTTP 502/);
  });

  it("tells a node that can't be reached from one that breaks off, and tries both", async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const gone = await failureOf(nodeAt(nobody, QUICK).ask("m", [], 1));
    expect(gone.kind).to.equal("unreachable");
    expect(gone.message).to.match(/after 5 tries: .*ECONNREFUSED/);
    let asked = 0;
    const url = await serve((response) => {
      asked++;
      response.writeHead(200, { "content-length": "1000" });
      response.write("{", () => response.socket?.destroy());
      return true;
    });
    expect((await failureOf(nodeAt(url, QUICK).ask("m", [], 2))).kind).to.equal("failing");
    expect(asked).to.equal(2);
  });

  it("stops when it is told to", async () => {
    const node = await misbehaving({ limitsEvery: 1 });
    const stop = new AbortController();
    const asking = nodeAt(node.url, { signal: stop.signal, firstPauseMs: 60_000 }).ask("m", []);
    setTimeout(() => stop.abort(new Error("Enough.")), 20);
    expect(await asking.catch((error: Error) => error.message)).to.equal("Enough.");
  });

  it("lets viem decode a revert", async () => {
    const url = await serve((response, [call]) => {
      const error = { code: 3, message: "execution reverted: no", data: "0x08c379a0" };
      response.end(JSON.stringify({ jsonrpc: "2.0", id: call?.id, error }));
      return true;
    });
    const client = createPublicClient({ transport: nodeTransport(url, QUICK) });
    const error = await client
      .call({ to: "0x00000000000000000000000000000000000000A1" })
      .catch((thrown: Error) => thrown);
    expect(String(error)).to.contain("execution reverted");
  });

  it("tells a revert from every other failure", () => {
    const kinds: [string, number, string, unknown?][] = [
      ["reverted", -32_000, "execution reverted"],
      [
        "reverted",
        -32_603,
        "VM Exception while processing transaction: reverted with custom error",
      ],
      ["reverted", -32_015, "VM execution error.", "Reverted 0x08c379a00000"],
      ["limited", -32_005, "daily request count exceeded, request rate limited"],
      ["limited", 429, "Your app has exceeded its compute units per second capacity"],
      ["limited", -32_000, "Too Many Requests"],
      ["behind", -32_000, "header not found"],
      ["behind", -32_602, "BlockOutOfRangeError: block height is 13 but requested was 65535"],
      ["forgotten", -32_602, "BlockOutOfRangeError: block height is 90 but requested was 13"],
      ["forgotten", -32_000, "historical state 5a3f is not available"],
      ["forgotten", -32_002, "No state available for block 12"],
      ["refused", -32_602, "invalid params"],
      ["tooLarge", -32_602, "query exceeds max block range 1000"],
      ["tooLarge", -32_614, "eth_getLogs is limited to a 10,000 range"],
      ["tooLarge", -32_602, "Log response size exceeded. You can make eth_getLogs requests with …"],
      ["tooLarge", -32_000, "requested too many blocks from 1 to 9000, maximum is set to 2048"],
      ["tooLarge", -32_000, "logs matched by query exceeds limit of 10000"],
      ["tooLarge", 35, "ranges over 10000 blocks are not supported on freetier"],
      ["limited", -32_005, "limited to 10 requests per second: too many requests"],
      ["failing", -32_603, "Internal error"],
      ["failing", -32_000, "out of gas"],
    ];
    for (const [kind, code, message, data] of kinds) {
      expect(kindOf({ code, message, data }), message).to.equal(kind);
    }
  });

  it("reads a pause in seconds, as a date, or from an error's data", () => {
    const now = Date.UTC(2026, 10, 28);
    expect(retryAfterOf("7", undefined, now)).to.equal(7_000);
    expect(retryAfterOf(new Date(now + 5_000).toUTCString(), undefined, now)).to.equal(5_000);
    expect(retryAfterOf(null, { rate: { backoff_seconds: 30 } }, now)).to.equal(30_000);
    expect(retryAfterOf(null, "0x", now)).to.equal(undefined);
    expect(retryAfterOf("soon", undefined, now)).to.equal(undefined);
  });
});
