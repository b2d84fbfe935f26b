import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { until } from "../../../scripts/testing/until.ts";
import { RelayClient, type StreamEvent, type StreamOptions } from "../src/client.ts";
import { type LocalNode, startAnvil } from "./support/node.ts";
import { freshFolder, openRelay, type TestRelay } from "./support/relays.ts";
import { createWorld, EURO, localAccount, privateKeyOf, type World } from "./support/world.ts";

describe("The stream", function () {
  this.timeout(180_000);
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
    const events: StreamEvent[] = [];
    let open = false;
    let resumed: boolean | undefined;
    const reading = (async () => {
      const signal = stop.signal;
      const stream = at.client.stream({ ...options, signal }, (start) => {
        open = true;
        resumed = start.resumed;
      });
      for await (const event of stream) events.push(event);
    })().catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    await until("the stream is open", () => open);
    return {
      events,
      resumed,
      async close() {
        stop.abort();
        await reading;
      },
    };
  }

  const hashesOf = (events: readonly StreamEvent[]) => events.map(({ order }) => order.hash);

  it("sends new orders and every change", async () => {
    const stream = await listen();
    const [hash = ""] = await post(1);
    await until("the order arrives", () => stream.events.length === 1);
    expect(stream.events[0]?.order.hash).to.equal(hash);
    await world.market(bob, "cancel", [[BigInt(stream.events[0]?.order.order.nonce ?? 0)]]);
    await until("the cancellation arrives", () => stream.events.length === 2);
    expect(stream.events[1]?.order.state).to.equal("cancelled");
    await stream.close();
  });

  it("resumes after an id: nothing is missed, nothing comes twice", async () => {
    const first = await listen();
    const before = await post(5);
    await until("five orders arrive", () => first.events.length === 5);
    await first.close();
    const seen = first.events[2]?.id ?? "";
    const missed = await post(700);
    const second = await listen({ from: seen });
    const live = await post(3);
    const expected = [...before.slice(3), ...missed, ...live];
    await until("the rest arrives", () => second.events.length >= expected.length);
    expect(hashesOf(second.events)).to.deep.equal(expected);
    const sequences = second.events.map(({ order }) => order.updatedSequence);
    expect(sequences).to.deep.equal(sequences.toSorted((a, b) => a - b));
    await second.close();
  });

  it("resumes from what is stored when it is not at hand any more", async () => {
    const storage = { folder: await freshFolder(world) };
    const first = await openRelay(world, { storage });
    const orders = Array.from({ length: 800 }, () => world.order(bob.address));
    await first.client.post(await world.signBulk(privateKeyOf(bob), orders));
    const hashes = orders.map((order) => world.hashOf(order));
    const { eventId } = await first.client.orders();
    const seen = await first.client.order(hashes[2] ?? "0x");
    await first.stop();

    const second = await openRelay(world, { storage });
    const from = eventId.replace(/\d+$/, String(seen?.updatedSequence));
    const stream = await listen({ from }, second);
    expect(stream.resumed).to.equal(true);
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
    const { eventId } = await relay.client.orders();
    const idOf = (sequence: number) => eventId.replace(/\d+$/, String(sequence));
    const stop = new AbortController();
    const response = await fetch(`${relay.url}/stream`, {
      headers: { "last-event-id": idOf(from - 1) },
      signal: stop.signal,
    });
    expect(response.headers.get("content-type")).to.match(/^text\/event-stream/);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes(`id: ${idOf(from)}\n`)) text += (await reader?.read())?.value ?? "";
    expect(text).to.include(`event: order\ndata: {`).and.include(second);
    stop.abort();
  });

  it("starts over for a reader of another book, and with the whole book from 0", async () => {
    const book = await relay.client.orders({ state: "all", limit: 500 });
    // Another book that has come as far, a change that this one has not reached, and a number of no book at all.
    const other = await openRelay(world);
    const orders = Array.from({ length: 5 }, () => world.order(bob.address));
    await other.client.post(await world.signBulk(privateKeyOf(bob), orders));
    const { eventId } = await other.client.orders();
    await other.stop();
    const ahead = book.eventId.replace(/\d+$/, "999999");
    for (const from of ["0", eventId, ahead, "3"]) {
      const stream = await listen({ from });
      expect(stream.resumed, from).to.equal(from === "0");
      await until("the book arrives", () => stream.events.length >= book.orders.length);
      expect(hashesOf(stream.events)).to.include.members(book.orders.map(({ hash }) => hash));
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

  describe("followed", () => {
    /** A gateway before the relay that answers the first requests for the stream as it is told. */
    async function gateway(...answers: readonly (number | "cut" | "end")[]) {
      const left = [...answers];
      let opened = 0;
      const server = createServer(async (request, response) => {
        const answer = left.shift();
        if (typeof answer === "number") {
          response.statusCode = answer;
          response.setHeader("retry-after", "0.01");
          return void response.end("<html>Bad gateway</html>");
        }
        opened++;
        const stop = new AbortController();
        response.on("close", () => stop.abort());
        try {
          const upstream = await fetch(`${relay.url}${request.url}`, { signal: stop.signal });
          response.setHeader("content-type", "text/event-stream");
          for await (const chunk of upstream.body ?? []) {
            response.write(chunk);
            if (answer === "cut") return void request.socket.destroy();
            if (answer === "end") return void response.end();
          }
        } catch {
          // The reader has gone.
        }
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return {
        client: new RelayClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
        opened: () => opened,
        close: () =>
          new Promise<void>((resolve) => {
            server.closeAllConnections();
            server.close(() => resolve());
          }),
      };
    }

    for (const answers of [[429], [502], [503, 500, 404], ["cut"], ["end", 429, "cut"]] as const) {
      it(`is opened again after ${answers.join(", ")}, says when it is not live, and misses nothing`, async () => {
        const before = await gateway(...answers);
        const stop = new AbortController();
        const heard: string[] = [];
        const live: boolean[] = [];
        const following = before.client.follow(
          { from: (await relay.client.orders()).eventId, signal: stop.signal },
          {
            order: ({ hash }) => heard.push(hash),
            restarted: () => heard.push("restarted"),
            live: (isLive) => live.push(isLive),
          },
          5,
        );
        const posted = await post(3);
        await until(
          "the orders arrive, and it is live again",
          () =>
            heard.length >= 3 &&
            live.filter((isLive) => !isLive).length >= answers.length &&
            live.at(-1) === true,
        );
        stop.abort();
        await following;
        await before.close();
        expect(heard).to.deep.equal(posted);
        expect(live.filter((isLive) => !isLive).length).to.equal(answers.length);
        expect(live.at(-1)).to.equal(true);
      });
    }

    it("says that the book is another one", async () => {
      const stop = new AbortController();
      const heard: string[] = [];
      const following = relay.client.follow(
        { from: "0123456789abcdef-3", signal: stop.signal },
        {
          order: ({ hash }) => heard.push(hash),
          restarted: () => heard.push("restarted"),
          live: () => {},
        },
      );
      const { orders } = await relay.client.orders({ state: "all", limit: 500 });
      await until("the book arrives", () => heard.length > orders.length);
      stop.abort();
      await following;
      expect(heard[0]).to.equal("restarted");
    });
  });
});
