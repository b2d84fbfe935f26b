import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer, request as requestByTls } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SignedOrderJson } from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { type LocalNode, startAnvil } from "./support/node.ts";
import { openRelay, type TestRelay } from "./support/relays.ts";
import { createWorld, EURO, localAccount, privateKeyOf, type World } from "./support/world.ts";

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

describe("A flood", function () {
  this.timeout(240_000);
  const bob = localAccount(3);
  let node: LocalNode;
  let world: World;
  let relay: TestRelay;

  before(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    await world.fund(bob, 10n * EURO);
    relay = await openRelay(world, {
      limits: { requests: { burst: 60, perSecond: 1 }, waitingPerAddress: 8 },
    });
  });
  after(async () => {
    await relay?.stop();
    await node?.stop();
  });

  /** Somebody with an address of their own on this machine. */
  function neighbour(address: string, url = relay.url) {
    const agent = new Agent({ localAddress: address, keepAlive: true, maxSockets: 200 });
    const ask = (
      method: string,
      path: string,
      headers: Readonly<Record<string, string>> = {},
      body?: string,
    ): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const sent = request(`${url}${path}`, { agent, method, headers }, (response) => {
          response.resume();
          response.once("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              retryAfter: response.headers["retry-after"],
            }),
          );
        });
        sent.once("error", reject);
        sent.end(body);
      });
    return {
      get: (path: string, headers?: Readonly<Record<string, string>>) => ask("GET", path, headers),
      post: (orders: readonly SignedOrderJson[]) =>
        ask("POST", "/orders", { "content-type": "application/json" }, JSON.stringify({ orders })),
      leave: () => agent.destroy(),
    };
  }

  it("of requests is refused with 429, and nobody else's are", async () => {
    const [flooder, other] = [neighbour("127.0.0.2"), neighbour("127.0.0.3")];
    const flood = Promise.all(Array.from({ length: 200 }, () => flooder.get("/orders")));
    const others = await Promise.all(Array.from({ length: 20 }, () => other.get("/orders")));
    const answers = await flood;
    expect(others.every(({ status }) => status === 200)).to.equal(true);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).to.be.greaterThan(100);
    expect(refused.every(({ retryAfter }) => Number(retryAfter) >= 1)).to.equal(true);
    flooder.leave();
    other.leave();
  });

  it("of documents that cost much to check slows the flooder alone", async () => {
    const [flooder, other] = [neighbour("127.0.0.4"), neighbour("127.0.0.5")];
    // None is signed by who should: for each, the chain has to be asked for delegates and wallets.
    const stranger = privateKeyOf(localAccount(9));
    const documents = await Promise.all(
      Array.from({ length: 30 }, () =>
        Promise.all(
          Array.from({ length: 30 }, () => world.sign(stranger, world.order(bob.address))),
        ),
      ),
    );
    const good = [await world.sign(bob, world.order(bob.address))];
    const finished: string[] = [];
    const flood = documents.map(async (document) => {
      const answer = await flooder.post(document);
      finished.push("flood");
      return answer;
    });
    const answer = await other.post(good).finally(() => finished.push("other"));
    expect(answer.status).to.equal(200);
    const answers = await Promise.all(flood);
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([400, 429]));
    // The flooder's documents that were let in were checked one by one; the other's did not wait for all of them.
    const checked = answers.filter(({ status }) => status === 400).length;
    const before = finished.indexOf("other");
    const refused = answers.length - checked;
    expect(before - refused).to.be.lessThan(checked);
    expect((await relay.client.orders({ maker: bob.address })).orders.length).to.equal(1);
    flooder.leave();
    other.leave();
  });

  it("that comes through a proxy with TLS is told from others who come through it", async () => {
    const [burst, perSecond] = [30, 1];
    const limits = { requests: { burst, perSecond } };
    const behind = await openRelay(world, { limits, trustedProxies: ["127.0.0.1"] });
    const proxy = await openProxy(behind.url);
    try {
      const flooded = await Promise.all(
        // Whoever adds to the header is told by what the proxy has seen.
        Array.from({ length: 3 * burst }, (_, i) => proxy.get("127.0.0.6", `192.0.2.${i}`)),
      );
      expect(flooded).to.include.members([200, 429]);
      expect(await proxy.get("127.0.0.7")).to.equal(200);
      // Who is no proxy is not believed.
      const liar = neighbour("127.0.0.8", behind.url);
      const lies = await Promise.all(
        Array.from({ length: 3 * burst }, (_, i) =>
          liar.get("/health", { "x-forwarded-for": `192.0.2.${i}` }),
        ),
      );
      liar.leave();
      expect(lies.map(({ status }) => status)).to.include(429);
    } finally {
      proxy.close();
      await behind.stop();
    }
  });
});

/** A reverse proxy that takes TLS and passes on, as nginx does with `$proxy_add_x_forwarded_for`. */
async function openProxy(target: string) {
  const folder = path.join(tmpdir(), `wattline-proxy-${process.pid}`);
  const [key, cert] = [`${folder}.key`, `${folder}.crt`];
  execFileSync(
    "openssl",
    // A certificate for this test alone.
    [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1".split(" "),
      ...["-subj", "/CN=localhost", "-keyout", key, "-out", cert],
    ],
    { stdio: "ignore" },
  );
  const server = createServer(
    { key: readFileSync(key), cert: readFileSync(cert) },
    ({ url = "/", headers, socket }, response) => {
      const hops = [headers["x-forwarded-for"], socket.remoteAddress].filter(Boolean).join(", ");
      const options = { headers: { ...headers, "x-forwarded-for": hops } };
      request(`${target}${url}`, options, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }).end();
    },
  );
  for (const file of [key, cert]) rmSync(file);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    /** Asks from an address of this machine. @returns the status */
    get: (localAddress: string, forwardedFor?: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
        requestByTls(
          {
            ...{ host: "127.0.0.1", port, path: "/health", localAddress, headers },
            rejectUnauthorized: false,
          },
          (response) => {
            response.resume();
            response.once("end", () => resolve(response.statusCode ?? 0));
          },
        )
          .once("error", reject)
          .end();
      }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
