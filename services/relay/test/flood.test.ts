import { Agent, request } from "node:http";
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
  this.timeout(60_000);
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
  function neighbour(address: string) {
    const agent = new Agent({ localAddress: address, keepAlive: true, maxSockets: 200 });
    const ask = (method: string, path: string, body?: string): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const headers = body === undefined ? {} : { "content-type": "application/json" };
        const sent = request(`${relay.url}${path}`, { agent, method, headers }, (response) => {
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
      get: (path: string) => ask("GET", path),
      post: (orders: readonly SignedOrderJson[]) =>
        ask("POST", "/orders", JSON.stringify({ orders })),
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
});
