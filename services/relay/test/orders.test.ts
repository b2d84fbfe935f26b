import {
  FIRST_FIRM_NONCE,
  OFFER,
  type Order,
  orderToJson,
  type SignedOrderJson,
  signedOrderFromJson,
  sourceMask,
} from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { type Address, encodeFunctionData, type Hex, http, parseAbi } from "viem";
import { deployContract } from "../../../ignition/deployLocally.ts";
import { RelayError } from "../src/client.ts";
import type { BookOrder, OrdersQuery, PostResult } from "../src/wire.ts";

import { type LocalNode, START, startAnvil } from "./support/node.ts";
import { bookOf, openRelay, type TestRelay } from "./support/relays.ts";
import {
  createWorld,
  EURO,
  localAccount,
  privateKeyOf,
  SLOT_SECONDS,
  START_SLOT,
  slots,
  type World,
} from "./support/world.ts";

const [JANE, BOB, AGENT, STRANGER] = [2, 3, 4, 5].map(localAccount) as [
  ReturnType<typeof localAccount>,
  ReturnType<typeof localAccount>,
  ReturnType<typeof localAccount>,
  ReturnType<typeof localAccount>,
];

/** The last Unix second of an allowance that is to last. */
const FAR = START + 365 * 86_400;

const jsonOf = async (response: Response) => JSON.parse(await response.text());

describe("The relay's book over HTTP", function () {
  this.timeout(180_000);
  let node: LocalNode;
  let world: World;
  let relay: TestRelay;
  let roof: Address;

  before(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    const device = await world.meter(JANE.address);
    roof = device.address;
    await world.fund(BOB, 10n * EURO);
    await world.fund(JANE, 10n * EURO);
    await world.passSlots(16);
    // The meter counts from the day of its registration.
    await world.report(device, slots(0, 8, 500n));
    await world.market(BOB, "authorize", [world.euro, AGENT.address, EURO, FAR]);
    await world.market(BOB, "cancel", [[999n]]);
    relay = await openRelay(world, { limits: { ordersPerMaker: 60 } });
  });
  after(async () => {
    await relay?.stop();
    await node?.stop();
  });

  const post = async (...orders: SignedOrderJson[]): Promise<PostResult[]> =>
    relay.client.post(orders);
  const codesOf = (result: PostResult | undefined): string[] =>
    result?.status === "refused" ? result.reasons.map(({ code }) => code) : [];

  /** Sends any body at all. */
  const raw = (body: string, path = "/orders", init: RequestInit = {}) =>
    fetch(`${relay.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      ...init,
    });

  it("takes a signed order, knows it again, and gives it out as it was signed", async () => {
    const signed = await world.sign(BOB, world.order(BOB.address, { energy: 700 }));
    const hash = world.hashOf(signedOrderFromJson(signed).order);
    expect(await post(signed)).to.deep.equal([{ hash, status: "accepted" }]);
    expect(await post(signed, signed)).to.deep.equal([
      { hash, status: "known", state: "live" },
      { hash, status: "known", state: "live" },
    ]);
    const found = await relay.client.order(hash);
    expect(found?.order).to.deep.equal(signed.order);
    expect(found?.signature).to.equal(signed.signature);
    expect(found?.state).to.equal("live");
    expect(found?.remainingWh).to.equal("700");
    // By the chain's clock, which need not be ours.
    expect(found?.receivedAt).to.equal(Number((await world.client.getBlock()).timestamp));
  });

  it("takes offers as far as energy covers them, and bids as far as money does", async () => {
    const offer = await world.sign(
      JANE,
      world.order(JANE.address, { side: OFFER, meter: roof, energy: 2 ** 31 - 1 }),
    );
    const bid = await world.sign(BOB, world.order(BOB.address, { energy: 1e9, price: 1_000_000n }));
    const [first, second] = await post(offer, bid);
    expect([first?.status, second?.status]).to.deep.equal(["accepted", "accepted"]);
    expect((await relay.client.order(first?.hash ?? "0x"))?.remainingWh).to.equal("4000");
    expect((await relay.client.order(second?.hash ?? "0x"))?.remainingWh).to.equal("10000");
  });

  it("takes an offer whose energy is still to be reported, and shows it once it is there", async () => {
    const device = await world.meter(STRANGER.address);
    const { timestamp } = await world.client.getBlock();
    // A meter reports the slots after its registration.
    const first = Math.floor(Number(timestamp) / SLOT_SECONDS) + 1 - START_SLOT;
    const order = world.order(STRANGER.address, {
      side: OFFER,
      meter: device.address,
      firstSlot: START_SLOT + first,
      lastSlot: START_SLOT + first + 1,
    });
    await relay.caughtUp();
    const [result] = await post(await world.sign(STRANGER, order));
    expect(result?.status).to.equal("accepted");
    const hash = world.hashOf(order);
    expect((await relay.client.order(hash))?.state).to.equal("unbacked");
    await world.passSlots(first + 2);
    await world.report(device, slots(first, 2, 100n));
    await relay.caughtUp();
    const found = await relay.client.order(hash);
    expect([found?.state, found?.remainingWh]).to.deep.equal(["live", "200"]);
  });

  it("takes a delegate's orders, a bulk signature's and a contract wallet's", async () => {
    const delegated = await world.sign(AGENT, world.order(BOB.address));
    const bulk = await world.signBulk(
      privateKeyOf(BOB),
      Array.from({ length: 5 }, () => world.order(BOB.address)),
    );
    const results = await post(delegated, ...bulk);
    expect(results.map(({ status }) => status)).to.deep.equal(new Array(6).fill("accepted"));
    const signers = await Promise.all(
      results.map(async ({ hash }) => (await relay.client.order(hash ?? "0x"))?.signer),
    );
    expect(signers).to.deep.equal(["delegate", ...new Array(5).fill("maker")]);

    const wallet = await walletOf(STRANGER);
    const order = world.order(wallet, { price: 0n });
    const [accepted] = await post(await world.sign(STRANGER, order));
    expect(accepted?.status).to.equal("accepted");
    expect((await relay.client.order(world.hashOf(order)))?.signer).to.equal("wallet");
    const [refused] = await post(await world.sign(BOB, world.order(wallet, { price: 0n })));
    expect(codesOf(refused)).to.deep.equal(["Orders_BadSignature"]);
  });

  it("asks contract wallets again, who change their minds without a log", async () => {
    const wallet = await walletOf(STRANGER);
    const order = world.order(wallet, { price: 0n });
    await post(await world.sign(STRANGER, order));
    const stateNow = async () => (await relay.client.order(world.hashOf(order)))?.state;
    expect(await stateNow()).to.equal("live");
    await setSigner(wallet, BOB);
    expect(await stateNow()).to.equal("void");
    await setSigner(wallet, STRANGER);
    expect(await stateNow()).to.equal("live");
  });

  /** A contract wallet whose signer is `owner`. */
  async function walletOf(owner: typeof BOB): Promise<Address> {
    const wallet = await deployContract(http(world.rpcUrl), "test/ContractWallet");
    await setSigner(wallet, owner);
    return wallet;
  }

  async function setSigner(wallet: Address, signer: typeof BOB): Promise<void> {
    const abi = parseAbi(["function setUp(address signer, uint8 answer)"]);
    const data = encodeFunctionData({ abi, functionName: "setUp", args: [signer.address, 0] });
    await world.send(world.operator, wallet, data);
    await relay.caughtUp();
  }

  describe("refuses, by the contracts' own words, an order", () => {
    const cases: readonly {
      readonly rule: string;
      readonly code: string;
      readonly maker?: typeof BOB;
      readonly order: () => Partial<Order>;
      readonly signer?: typeof BOB;
    }[] = [
      {
        rule: "past its deadline",
        code: "Orders_Expired",
        order: () => ({ deadline: START + 1 }),
      },
      { rule: "of another counter", code: "Orders_CounterRaised", order: () => ({ counter: 7n }) },
      { rule: "cancelled on chain", code: "Orders_IsCancelled", order: () => ({ nonce: 999n }) },
      {
        rule: "signed by somebody else",
        code: "Orders_BadSignature",
        order: () => ({}),
        signer: STRANGER,
      },
      { rule: "for no energy", code: "Orders_Filled", order: () => ({ energy: 0 }) },
      {
        rule: "for no slot",
        code: "Deals_OutsideSlots",
        order: () => ({ firstSlot: START_SLOT + 9 }),
      },
      { rule: "of no source", code: "Orders_SourceNotNamed", order: () => ({ sources: 0 }) },
      {
        rule: "for oneself",
        code: "Deals_SelfTrade",
        order: () => ({ counterparty: BOB.address }),
      },
      {
        rule: "of no microgrid",
        code: "Microgrids_Unknown",
        order: () => ({ microgrid: 77 }),
      },
      {
        rule: "for a forward of another's meter",
        code: "Meters_NotOwner",
        order: () => ({ side: OFFER, forward: true, meter: roof, lastSlot: START_SLOT + 95 }),
      },
      {
        rule: "that is firm without a lock",
        code: "Orders_NoLock",
        order: () => ({ nonce: FIRST_FIRM_NONCE, settler: STRANGER.address }),
      },
      {
        rule: "for a forward of no meter",
        code: "Meters_Unknown",
        order: () => ({ side: OFFER, forward: true, lastSlot: START_SLOT + 95 }),
      },
      {
        rule: "for a forward of another source",
        code: "Meters_NotSuch",
        maker: JANE,
        order: () => ({
          side: OFFER,
          forward: true,
          meter: roof,
          sources: sourceMask("Wind"),
          lastSlot: START_SLOT + 95,
        }),
      },
      {
        rule: "for a forward that has begun",
        code: "Deals_OutOfTime",
        maker: JANE,
        order: () => ({ side: OFFER, forward: true, meter: roof }),
      },
      {
        rule: "without money behind it",
        code: "Escrow_InsufficientBalance",
        maker: STRANGER,
        order: () => ({}),
      },
      {
        rule: "without energy behind it",
        code: "ERC1155InsufficientBalance",
        order: () => ({ side: OFFER }),
      },
      {
        rule: "that reaches too many slots",
        code: "Relay_TooManySlots",
        maker: JANE,
        order: () => ({ side: OFFER, meter: roof, firstSlot: 0, lastSlot: 2 ** 32 - 1 }),
      },
    ];

    for (const { rule, code, maker = BOB, order, signer = maker } of cases) {
      it(rule, async () => {
        const refused = world.order(maker.address, order());
        const signed = await world.sign(signer, refused);
        const response = await raw(JSON.stringify({ orders: [signed] }));
        expect(response.status).to.equal(400);
        const body: { code: string; results: PostResult[] } = await jsonOf(response);
        expect(codesOf(body.results[0])).to.include(code);
        expect(body.code).to.equal(codesOf(body.results[0])[0]);
        expect(await relay.client.order(world.hashOf(refused))).to.equal(undefined);
      });
    }

    it("when a delegate's allowance is spent", async () => {
      await world.market(BOB, "authorize", [world.euro, STRANGER.address, 1n, FAR]);
      await relay.caughtUp();
      const [result] = await post(await world.sign(STRANGER, world.order(BOB.address)));
      expect(codesOf(result)).to.deep.equal(["Orders_AllowanceExceeded"]);
    });

    it("among good ones, and takes those", async () => {
      const good = await world.sign(BOB, world.order(BOB.address));
      const bad = await world.sign(BOB, world.order(BOB.address, { energy: 0 }));
      const results = await post(bad, good);
      expect(results.map(({ status }) => status)).to.deep.equal(["refused", "accepted"]);
    });

    it("beyond what its maker may have", async () => {
      const many = await world.signBulk(
        privateKeyOf(BOB),
        Array.from({ length: 64 }, () => world.order(BOB.address)),
      );
      const results = await post(...many);
      expect(results.at(0)?.status).to.equal("accepted");
      expect(codesOf(results.at(-1))).to.deep.equal(["Relay_TooManyOrders"]);
      // Withdrawn orders make room.
      const [first] = results;
      if (first?.hash === undefined) throw new Error("The first order has no hash.");
      await relay.client.withdraw(first.hash, await world.signWithdrawal(BOB, first.hash));
      const last = many.at(-1);
      if (last === undefined) throw new Error("There is no last order.");
      expect((await post(last))[0]?.status).to.equal("accepted");
    });
  });

  describe("answers 400 with a reason to", () => {
    const order = () => orderToJson(world.order(BOB.address));
    const signature: Hex = "0x1234";
    const documents: readonly [what: string, body: () => unknown, code: string, path: string][] = [
      ["no JSON", () => "{", "Relay_Malformed", ""],
      ["no orders", () => ({}), "Relay_Malformed", "orders"],
      ["an empty list", () => ({ orders: [] }), "Relay_Malformed", "orders"],
      [
        "an unknown field of the document",
        () => ({ orders: [{ order: order(), signature }], extra: 1 }),
        "Relay_UnknownField",
        "extra",
      ],
      [
        "an unknown field of an order",
        () => ({ orders: [{ order: { ...order(), colour: "green" }, signature }] }),
        "Relay_UnknownField",
        "orders.0.order.colour",
      ],
      [
        "a number that is none",
        () => ({ orders: [{ order: { ...order(), price: "1e3" }, signature }] }),
        "Relay_Malformed",
        "orders.0.order.price",
      ],
      [
        "a number that is too big",
        () => ({ orders: [{ order: { ...order(), nonce: (2n ** 64n).toString() }, signature }] }),
        "Relay_Malformed",
        "orders.0.order.nonce",
      ],
      [
        "an address that is none",
        () => ({ orders: [{ order: { ...order(), maker: "0x12" }, signature }] }),
        "Relay_Malformed",
        "orders.0.order.maker",
      ],
      [
        "a signature that is no bytes",
        () => ({ orders: [{ order: order(), signature: "0x123" }] }),
        "Relay_Malformed",
        "orders.0.signature",
      ],
    ];
    for (const [what, body, code, path] of documents) {
      it(what, async () => {
        const content = body();
        const text = typeof content === "string" ? content : JSON.stringify(content);
        const response = await raw(text);
        expect(response.status).to.equal(400);
        const problem = await jsonOf(response);
        expect(problem.code).to.equal(code);
        expect(problem.path ?? "").to.equal(path);
        expect(JSON.stringify(problem)).to.not.match(/\bat .*\.ts|node_modules/);
      });
    }

    it("filters that are unknown or malformed", async () => {
      for (const search of ["colour=green", "side=both", "limit=0", "limit=501", "cursor=x"]) {
        const response = await fetch(`${relay.url}/orders?${search}`);
        expect(response.status, search).to.equal(400);
        const { path } = await jsonOf(response);
        expect(search).to.match(new RegExp(`^${path}=`));
      }
    });
  });

  it("answers 413 to too large a body, and 404 to what is not there", async () => {
    const large = await raw(" ".repeat(3 * 1024 * 1024));
    expect(large.status).to.equal(413);
    expect((await jsonOf(large)).code).to.equal("Relay_BodyTooLarge");
    const hash = `0x${"00".repeat(32)}`;
    expect((await fetch(`${relay.url}/orders/${hash}`)).status).to.equal(404);
    expect((await fetch(`${relay.url}/nothing`)).status).to.equal(404);
    expect((await raw("{}", `/orders/${hash}`, { method: "DELETE" })).status).to.equal(400);
  });

  it("finds orders by every filter, page by page", async () => {
    const every = async (query: OrdersQuery): Promise<BookOrder[]> => {
      const found: BookOrder[] = [];
      for await (const order of relay.client.allOrders(query)) found.push(order);
      return found;
    };
    const bulk = Array.from({ length: 20 }, (_, i) =>
      world.order(JANE.address, { price: 100_000n + BigInt(i % 5), energy: 1 }),
    );
    await post(...(await world.signBulk(privateKeyOf(JANE), bulk)));
    const all = await every({ limit: 7 });
    expect(new Set(all.map(({ hash }) => hash)).size).to.equal(all.length);
    expect(all.length).to.be.at.least(20);
    expect(all.every(({ state }) => state === "live")).to.equal(true);
    const prices = all.map(({ order }) => BigInt(order.price));
    expect(prices).to.deep.equal(prices.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));

    const forBob = await world.sign(
      JANE,
      world.order(JANE.address, {
        side: OFFER,
        meter: roof,
        price: 123_456n,
        firstSlot: START_SLOT + 2,
        lastSlot: START_SLOT + 3,
        sources: sourceMask("Solar"),
        counterparty: BOB.address,
      }),
    );
    const [posted] = await post(forBob);
    const finds: readonly [query: OrdersQuery, found: boolean][] = [
      [{ microgrid: 1 }, true],
      [{ microgrid: 2 }, false],
      [{ side: "offer" }, true],
      [{ side: "bid" }, false],
      [{ source: "Solar" }, true],
      [{ source: "Wind" }, false],
      [{ fromSlot: START_SLOT + 3 }, true],
      [{ fromSlot: START_SLOT + 4 }, false],
      [{ toSlot: START_SLOT + 2 }, true],
      [{ toSlot: START_SLOT + 1 }, false],
      [{ minPrice: 123_456n, maxPrice: 123_456n }, true],
      [{ minPrice: 123_457n }, false],
      [{ maxPrice: 123_455n }, false],
      [{ maker: JANE.address }, true],
      [{ maker: BOB.address }, false],
      [{ counterparty: BOB.address }, true],
      [{ counterparty: STRANGER.address }, false],
      [{ kind: "posted" }, true],
      [{ kind: "limit" }, false],
      [{ settler: STRANGER.address }, false],
      [{ forward: false }, true],
      [{ forward: true }, false],
      [{ sort: "firstSlot" }, true],
      [{ sort: "received" }, true],
      [{ state: "all" }, true],
    ];
    for (const [query, expected] of finds) {
      const hashes = (await every({ ...query, limit: 40 })).map(({ hash }) => hash);
      expect(hashes.includes(posted?.hash ?? "0x"), JSON.stringify({ ...query }, String)).to.equal(
        expected,
      );
    }
    const newest = await relay.client.orders({ sort: "received", limit: 1 });
    expect(newest.orders[0]?.hash).to.equal(posted?.hash);
  });

  it("takes an order off the book for its maker or a delegate, and for nobody else", async () => {
    const order = world.order(JANE.address, { side: OFFER, meter: roof });
    const signed = await world.sign(JANE, order);
    const hash = world.hashOf(order);
    await post(signed);
    const refusal = await relay.client
      .withdraw(hash, await world.signWithdrawal(BOB, hash))
      .catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(RelayError);
    expect(refusal).to.have.property("status", 403);
    const signature = await world.signWithdrawal(JANE, hash);
    const withdrawn = await relay.client.withdraw(hash, signature);
    expect([withdrawn.state, withdrawn.withdrawal]).to.deep.equal(["cancelled", signature]);
    // It stays withdrawn when anyone posts it again, and the answer says so.
    const [again] = await post(signed);
    expect(codesOf(again)).to.deep.equal(["Relay_Withdrawn"]);
    expect((await relay.client.order(hash))?.state).to.equal("cancelled");
  });

  it("says of an order that is done with why it can't trade, when it is posted again", async () => {
    const order = world.order(BOB.address);
    const signed = await world.sign(BOB, order);
    await post(signed);
    await world.market(BOB, "cancel", [[order.nonce]]);
    await relay.caughtUp();
    const [again] = await post(signed);
    expect(codesOf(again)).to.deep.equal(["Orders_IsCancelled"]);
  });

  it("takes a side by number or name, in orders as in queries", async () => {
    const signed = await world.sign(BOB, world.order(BOB.address));
    const named = { ...signed, order: { ...signed.order, side: "bid" } };
    const response = await raw(JSON.stringify({ orders: [named] }));
    const { results } = await jsonOf(response);
    expect(results[0].status).to.equal("accepted");
    expect((await relay.client.order(results[0].hash))?.order.side).to.equal(1);
    for (const [one, other] of [
      ["0", "offer"],
      ["1", "bid"],
    ]) {
      const [first, second] = await Promise.all(
        [one, other].map(async (side) => jsonOf(await fetch(`${relay.url}/orders?side=${side}`))),
      );
      expect(first.orders).to.deep.equal(second.orders);
    }
    for (const search of ["side=both", "side=2"]) {
      const problem = await jsonOf(await fetch(`${relay.url}/orders?${search}`));
      expect(problem.message).to.contain('0 or "offer"');
    }
  });

  it("says what a time in the place of a slot should have been", async () => {
    const [result] = await post(
      await world.sign(BOB, world.order(BOB.address, { firstSlot: START, lastSlot: START })),
    );
    expect(codesOf(result)).to.include("Relay_SlotTooFar");
    const reason = result?.status === "refused" ? result.reasons[0] : undefined;
    expect(reason?.message).to.contain("Unix time").and.contain(String(START_SLOT));
  });

  it("minds no case in a content type", async () => {
    const signed = await world.sign(BOB, world.order(BOB.address));
    const response = await raw(JSON.stringify({ orders: [signed] }), "/orders", {
      headers: { "content-type": "Application/JSON; Charset=UTF-8" },
    });
    expect((await jsonOf(response)).results[0].status).to.equal("accepted");
  });

  it("gives full pages also after orders have gone", async () => {
    const orders = Array.from({ length: 3 }, () => world.order(JANE.address, { price: 123_457n }));
    await post(...(await world.signBulk(privateKeyOf(JANE), orders)));
    const [first = "0x", ...rest] = orders.map((order) => world.hashOf(order));
    await relay.client.withdraw(first, await world.signWithdrawal(JANE, first));
    const query = { minPrice: 123_457n, maxPrice: 123_457n, limit: 2 };
    const page = await relay.client.orders(query);
    expect(page.orders.map(({ hash }) => hash)).to.deep.equal(rest);
    expect(page.nextCursor).to.equal(undefined);
  });

  it("reports its state, its metrics and an OpenAPI document made from its schemas", async () => {
    await post(await world.sign(BOB, world.order(BOB.address, { deadline: START })));
    await post(await world.sign(BOB, world.order(BOB.address)));
    const health = await relay.client.health();
    expect(health.status).to.equal("ok");
    expect(health.chainId).to.equal(31_337);
    expect(health.lagBlocks).to.equal(0);
    const metrics = await (await fetch(`${relay.url}/metrics`)).text();
    const states = [...(await bookOf(relay.client)).values()].map(({ state }) => state);
    for (const state of ["live", "cancelled"] as const) {
      const count = states.filter((one) => one === state).length;
      expect(count, state).to.be.greaterThan(0);
      expect(metrics).to.include(`wattline_relay_book_orders{state="${state}"} ${count}\n`);
      if (state === "live") expect(health.orders).to.equal(count);
    }
    expect(metrics).to.match(/wattline_relay_orders_total\{source="http",status="accepted"\} \d+/);
    expect(metrics).to.match(/wattline_relay_refusals_total\{code="Orders_Expired"\} \d+/);
    const document = await jsonOf(await fetch(`${relay.url}/openapi.json`));
    expect(Object.keys(document.paths)).to.have.members([
      "/orders",
      "/orders/{hash}",
      "/directories",
      "/directories/{microgrid}",
      "/stream",
      "/health",
    ]);
    expect(Object.keys(document.components.schemas.Order.properties)).to.deep.equal(
      Object.keys(orderToJson(world.order(BOB.address))),
    );
    const preflight = await fetch(`${relay.url}/orders`, {
      method: "OPTIONS",
      headers: { origin: "http://localhost:5173", "access-control-request-method": "POST" },
    });
    expect(preflight.headers.get("access-control-allow-origin")).to.equal("*");
  });
});
