import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { StreamOptions } from "../src/client.ts";
import type { BookOrder } from "../src/wire.ts";
import { type LocalNode, startAnvil } from "./support/node.ts";
import { freshFolder, openRelay, type TestRelay } from "./support/relays.ts";
import { until } from "./support/until.ts";
import { createWorld, EURO, localAccount, privateKeyOf, type World } from "./support/world.ts";

describe("The stream", function () {
  this.timeout(60_000);
  const bob = localAccount(3);
  let node: LocalNode;
  let world: World;
  let relay: TestRelay;

  before(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    await world.fund(bob, 10n * EURO);
    relay = await openRelay(world);
  });
  after(async () => {
    await relay?.stop();
    await node?.stop();
  });

  async function post(count: number): Promise<string[]> {
    const orders = Array.from({ length: count }, () => world.order(bob.address));
    const signed = await Promise.all(orders.map((order) => world.sign(privateKeyOf(bob), order)));
    const results = await relay.client.post(signed);
    return results.map(({ hash }) => hash ?? "");
  }

  /** Reads a stream in the background. */
  async function listen(options: StreamOptions = {}, at = relay) {
    const stop = new AbortController();
    const events: BookOrder[] = [];
    let open = false;
    const reading = (async () => {
      const signal = stop.signal;
      const stream = at.client.stream({ ...options, signal }, () => {
        open = true;
      });
      for await (const order of stream) events.push(order);
    })().catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    await until("the stream is open", () => open);
    return {
      events,
      async close() {
        stop.abort();
        await reading;
      },
    };
  }

  const hashesOf = (events: readonly BookOrder[]) => events.map(({ hash }) => hash);

  it("sends new orders and every change", async () => {
    const stream = await listen();
    const [hash = ""] = await post(1);
    await until("the order arrives", () => stream.events.length === 1);
    expect(stream.events[0]?.hash).to.equal(hash);
    await world.market(bob, "cancel", [[BigInt(stream.events[0]?.order.nonce ?? 0)]]);
    await until("the cancellation arrives", () => stream.events.length === 2);
    expect(stream.events[1]?.state).to.equal("cancelled");
    await stream.close();
  });

  it("resumes after an id: nothing is missed, nothing comes twice", async () => {
    const first = await listen();
    const before = await post(5);
    await until("five orders arrive", () => first.events.length === 5);
    await first.close();
    const seen = first.events[2]?.updatedSequence ?? 0;
    const missed = await post(700);
    const second = await listen({ from: seen });
    const live = await post(3);
    const expected = [...before.slice(3), ...missed, ...live];
    await until("the rest arrives", () => second.events.length >= expected.length);
    expect(hashesOf(second.events)).to.deep.equal(expected);
    const sequences = second.events.map(({ updatedSequence }) => updatedSequence);
    expect(sequences).to.deep.equal(sequences.toSorted((a, b) => a - b));
    await second.close();
  });

  it("resumes from what is stored when it is not at hand any more", async () => {
    const storage = { folder: await freshFolder(world) };
    const first = await openRelay(world, { storage });
    const orders = Array.from({ length: 800 }, () => world.order(bob.address));
    await first.client.post(await world.signBulk(privateKeyOf(bob), orders));
    const hashes = orders.map((order) => world.hashOf(order));
    const seen = await first.client.order(hashes[2] ?? "0x");
    await first.stop();

    const second = await openRelay(world, { storage });
    const stream = await listen({ from: seen?.updatedSequence ?? 0 }, second);
    const order = world.order(bob.address);
    await second.client.post([await world.sign(bob, order)]);
    const expected = [...hashes.slice(3), world.hashOf(order)];
    await until("the rest arrives", () => hashesOf(stream.events).includes(world.hashOf(order)));
    expect(hashesOf(stream.events)).to.deep.equal(expected);
    await stream.close();
    await second.stop();
  });

  it("understands Last-Event-ID as browsers send it", async () => {
    const [, second = ""] = await post(2);
    const from = (await relay.client.order(`0x${second.slice(2)}`))?.updatedSequence ?? 0;
    const stop = new AbortController();
    const response = await fetch(`${relay.url}/stream`, {
      headers: { "last-event-id": String(from - 1) },
      signal: stop.signal,
    });
    expect(response.headers.get("content-type")).to.match(/^text\/event-stream/);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes(`id: ${from}`)) text += (await reader?.read())?.value ?? "";
    expect(text).to.include(`event: order\ndata: {`).and.include(second);
    stop.abort();
  });

  it("starts over for a reader of a former book, and with the whole book from 0", async () => {
    const book = await relay.client.orders({ state: "all", limit: 500 });
    for (const from of [0, 1e9]) {
      const stream = await listen({ from });
      await until("the book arrives", () => stream.events.length >= book.orders.length);
      expect(hashesOf(stream.events)).to.include.members(hashesOf(book.orders));
      await stream.close();
    }
  });

  it("carries one microgrid when asked for one", async () => {
    const mine = await listen({ microgrid: 1 });
    const other = await listen({ microgrid: 2 });
    await post(1);
    await until("the order arrives", () => mine.events.length === 1);
    expect(other.events).to.deep.equal([]);
    await mine.close();
    await other.close();
  });

  it("refuses one address too many streams, and counts those that end", async () => {
    const small = await openRelay(world, { limits: { streamsPerAddress: 2 } });
    const stops = [new AbortController(), new AbortController()];
    for (const { signal } of stops) await fetch(`${small.url}/stream`, { signal });
    const refused = await fetch(`${small.url}/stream`);
    expect(refused.status).to.equal(429);
    expect(refused.headers.get("retry-after")).to.equal("1");
    for (const stop of stops) stop.abort();
    await until("there is room again", async () => {
      const stop = new AbortController();
      const { status } = await fetch(`${small.url}/stream`, { signal: stop.signal });
      stop.abort();
      return status === 200;
    });
    await small.stop();
  });
});
