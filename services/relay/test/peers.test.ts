import { createServer } from "node:http";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { freePort } from "../../../scripts/testing/ports.ts";
import { type LocalNode, startAnvil } from "./support/node.ts";
import { bookOf, freshFolder, openRelay, type TestRelay } from "./support/relays.ts";
import { until } from "./support/until.ts";
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
    const event = { ...signed, hash: world.hashOf(order), updatedSequence: 2, state: "live" };
    liar.say({ ...forged, hash: "0x00", updatedSequence: 1, state: "live" });
    liar.say({ ...event, withdrawal: await world.signWithdrawal(bob, world.hashOf(order)) });
    const found = await until("the signed order arrives", () =>
      relay.client.order(world.hashOf(order)),
    );
    expect(found.state).to.equal("live");
    await until("the false withdrawal is reported", () => relay.reports.length > 0);
    expect((await bookOf(relay.client)).size).to.equal(1);
    await liar.stop();
  });
});

/** A relay that answers what the test sets. */
async function liarAt(port: number) {
  const said: string[] = [];
  const listeners = new Set<(text: string) => void>();
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const text of said) response.write(text);
    listeners.add((text) => response.write(text));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}`,
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
