import { createServer, type ServerResponse } from "node:http";
import {
  hashOrder,
  ORDER_TYPES,
  type Order,
  orderFromJson,
  type SignedOrderJson,
  signedOrderToJson,
} from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { freePort } from "../../../scripts/testing/ports.ts";
import { until } from "../../../scripts/testing/until.ts";
import { type LocalNode, startAnvil } from "./support/node.ts";
import { bookOf, freshFolder, openRelay, type TestRelay } from "./support/relays.ts";
import { createWorld, EURO, localAccount, privateKeyOf, type World } from "./support/world.ts";

describe("Two relays that follow each other", function () {
  this.timeout(180_000);
  const bob = localAccount(3);
  let node: LocalNode;
  let world: World;
  const running = new Set<TestRelay>();

  before(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    await world.fund(bob, 10n * EURO);
  });
  after(async () => {
    for (const relay of running) await relay.stop();
    await node?.stop();
  });

  const sign = (count: number) =>
    world.signBulk(
      privateKeyOf(bob),
      Array.from({ length: count }, () => world.order(bob.address)),
    );

  async function converge(a: TestRelay, b: TestRelay): Promise<number> {
    return until("the books are the same", async () => {
      const [ours, theirs] = [await bookOf(a.client), await bookOf(b.client)];
      if (JSON.stringify([...ours]) !== JSON.stringify([...theirs])) return undefined;
      return ours.size;
    });
  }

  it("end with the same book, withdrawals included, also after one was away", async () => {
    const [portA, portB] = [await freePort(), await freePort()];
    const [urlA, urlB] = [portA, portB].map((port) => `http://127.0.0.1:${port}`);
    const storageB = { folder: await freshFolder(world) };
    const openA = () => openRelay(world, { port: portA, peers: [urlB ?? ""] });
    const openB = () => openRelay(world, { port: portB, peers: [urlA ?? ""], storage: storageB });
    const a = await openA();
    running.add(a);
    let b = await openB();
    running.add(b);

    const [first = [], second = []] = [await sign(40), await sign(30)];
    const [posted] = await Promise.all([a.client.post(first), b.client.post(second)]);
    expect(await converge(a, b)).to.equal(70);

    const hash = posted[0]?.hash;
    if (hash === undefined) throw new Error("The order has no hash.");
    await b.client.withdraw(hash, await world.signWithdrawal(bob, hash));
    await until("the withdrawal arrives", async () => {
      return (await a.client.order(hash))?.state === "cancelled";
    });

    await b.stop();
    running.delete(b);
    await a.client.post(await sign(25));
    const other = posted[1]?.hash;
    if (other === undefined) throw new Error("The order has no hash.");
    await a.client.withdraw(other, await world.signWithdrawal(bob, other));
    b = await openB();
    running.add(b);
    expect(await converge(a, b)).to.equal(95);
    expect((await b.client.order(other))?.state).to.equal("cancelled");

    // What one has only now seen to be nothing, the other sees as well.
    await world.market(bob, "cancelAll", [world.euro]);
    await until("all are cancelled", async () => {
      const states = [...(await bookOf(b.client)).values()].map(({ state }) => state);
      return states.every((state) => state === "cancelled");
    });
    expect(await converge(a, b)).to.equal(95);
  });

  it("believe nothing that is not signed", async () => {
    const liar = await liarAt(await freePort());
    const relay = await openRelay(world, { peers: [liar.url] });
    running.add(relay);
    const carol = localAccount(5);
    await world.fund(carol, EURO);
    const order = world.order(carol.address);
    await relay.caughtUp();
    const signed = await world.sign(carol, order);
    const forged = await world.sign(bob, world.order(carol.address));
    const event = { ...signed, hash: hashIn(signed), updatedSequence: 2, state: "live" };
    liar.say({ ...forged, hash: hashIn(forged), updatedSequence: 1, state: "live" });
    liar.say({ ...event, withdrawal: await world.signWithdrawal(bob, world.hashOf(order)) });
    const found = await until("the signed order arrives", () =>
      relay.client.order(world.hashOf(order)),
    );
    expect(found.state).to.equal("live");
    await until("the false withdrawal is reported", () => relay.reports.length > 0);
    expect((await bookOf(relay.client)).size).to.equal(1);
    await liar.stop();
  });

  it("leave one that lies, come back to it after a while, and stay with the honest one", async () => {
    const carol = localAccount(6);
    await world.fund(carol, 10n * EURO);
    const signed = async (overrides: Partial<Order> = {}) =>
      world.sign(carol, world.order(carol.address, overrides));
    const liars = await Promise.all(LIES.map(async () => liarAt(await freePort())));
    const [elsewhere, forger, babbler, doubtful] = liars;
    const honest = await openRelay(world);
    running.add(honest);
    const follower = await openRelay(world, {
      peers: [honest.url, ...liars.map(({ url }) => url)],
      absenceMs: 400,
    });
    running.add(follower);

    const claim = { state: "live", signer: "maker" } as const;
    const domain = { ...world.domain, chainId: 1 };
    const order = world.order(carol.address);
    const message = { ...order };
    const signature = await carol.signTypedData({
      ...{ domain, types: ORDER_TYPES, primaryType: "Order", message },
    });
    const foreign = signedOrderToJson({ order, signature });
    elsewhere?.say({ ...foreign, hash: hashOrder(domain, order), updatedSequence: 1, ...claim });
    const forged = await world.sign(bob, world.order(carol.address));
    forger?.say({ ...forged, hash: hashIn(forged), updatedSequence: 1, ...claim });
    babbler?.say({ hash: "0x00", order: { maker: "me" }, updatedSequence: 1, ...claim });
    for (let i = 1; i <= 25; i++) {
      const one = await world.sign(bob, world.order(carol.address));
      const by = { ...claim, signer: "delegate" };
      doubtful?.say({ ...one, hash: hashIn(one), updatedSequence: i, ...by });
    }
    for (const [i, liar] of liars.entries()) {
      const lie = LIES[i] ?? expect.fail();
      const said = () => follower.reports.filter((line) => line.startsWith(`${liar.url} lies: `));
      await until(`it has come back to ${lie}`, () => said().length >= 2);
      const [first, second] = said();
      expect(first).to.contain(lie).and.to.contain("left alone for 1 s");
      expect(second).to.contain(lie);
      await until("it hangs up", () => liar.connections.every((each) => each.destroyed));
    }
    await until("the pause has grown", () =>
      liars.every(({ url }) =>
        follower.reports.some((line) => line.startsWith(url) && line.includes("for 2 s")),
      ),
    );
    const metrics = await until("it follows the honest one", async () => {
      const text = await (await fetch(`${follower.url}/metrics`)).text();
      return text.includes(`peer_connected{peer="${honest.url}"} 1`) ? text : undefined;
    });
    for (const { url } of liars) {
      const [, lies] = new RegExp(`peer_lies_total{peer="${url}"} (\\d+)`).exec(metrics) ?? [];
      expect(Number(lies)).to.be.at.least(2);
    }
    expect(metrics).to.contain(`peer_lies_total{peer="${honest.url}"} 0`);

    const truth = await signed();
    forger?.repent();
    forger?.say({ ...truth, hash: hashIn(truth), updatedSequence: 2, ...claim });
    await honest.client.post([await signed(), await signed()]);
    await until(
      "what is true arrives, whoever says it",
      async () => (await bookOf(follower.client)).size === 3,
    );
    await Promise.all(liars.map((liar) => liar.stop()));
  });

  const hashIn = ({ order }: SignedOrderJson) => world.hashOf(orderFromJson(order));
});

/** What is said of each of four relays that lie. */
const LIES = [
  "is no order of this market",
  "is not signed by its maker",
  "is malformed",
  "and so were many before",
] as const;

/** A relay that answers what the test sets. */
async function liarAt(port: number) {
  const said: string[] = [];
  const listeners = new Set<(text: string) => void>();
  const connections: ServerResponse[] = [];
  const server = createServer((_, response) => {
    connections.push(response);
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const text of said) response.write(text);
    listeners.add((text) => response.write(text));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    connections,
    /** Says no more what it has said. */
    repent: () => void said.splice(0),
    say(event: { updatedSequence: number; [member: string]: unknown }) {
      const text = `event: order\ndata: ${JSON.stringify(event)}\nid: ${event.updatedSequence}\n\n`;
      said.push(text);
      for (const listener of listeners) listener(text);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
