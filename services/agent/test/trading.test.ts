import { writeFileSync } from "node:fs";
import { readKeystore } from "@wattline/common/keys";
import { blockOf, LANES, marketplaceAbi, sourceIndex } from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { encodeFunctionData, type Hex, toHex } from "viem";
import { freePort } from "../../../scripts/testing/ports.ts";
import { until } from "../../../scripts/testing/until.ts";
import type { BookOrder } from "../../relay/src/wire.ts";
import { type LocalNode, START, startAnvil } from "../../relay/test/support/node.ts";
import { openRelay, type TestRelay } from "../../relay/test/support/relays.ts";
import {
  createWorld,
  EURO,
  localAccount,
  SLOT_SECONDS,
  START_SLOT,
  type World,
} from "../../relay/test/support/world.ts";
import { type RunningAgent, startAgent } from "../src/agent.ts";
import { check } from "../src/check.ts";
import { readSettings } from "../src/config/read.ts";
import { pair } from "../src/pair.ts";
import { statusLines, statusOf } from "../src/status.ts";
import { Handed } from "../src/trading/handed.ts";
import type { Trader } from "../src/trading/trader.ts";
import { Broker } from "./support/broker.ts";
import { Household, keyIn } from "./support/folder.ts";

const QUARTER_MS = SLOT_SECONDS * 1000;
/** Three days that the forecast learns from; the last slots of them may be reported, the meters were registered before. */
const LEARNED_SLOTS = 288;
const REPORTED_SLOTS = 3;
/** Slots since the start, and slots that are traded forward: from the one after the next on, three hours ahead. */
const [SLOTS, FORWARD_SLOTS] = [8, 11];
const ORDERS = REPORTED_SLOTS + SLOTS + FORWARD_SLOTS;
const [JANE, BOB] = [localAccount(3), localAccount(4)];
const EXPORT_WH = 400;
const IMPORT_WH = 200;
const UNTIL = START + 30 * 86_400;

/** Of the last home; it is read once an hour, by a clock that stands still. */
const BATTERY = `
[homes.battery]
latitude = 48.4
longitude = 10.0
panels_w = 0
[homes.battery.steering]
capacity_wh = 10000
power_w = 4000
stale_seconds = 60
[homes.battery.steering.link]
type = "simulated"
stored_wh = 2000
every_seconds = 3600
`;

describe("An agent that trades", function () {
  this.timeout(180_000);
  let node: LocalNode;
  let world: World;
  let beginning: Hex;
  let household: Household;
  let relay: TestRelay;
  let agent: RunningAgent | undefined;
  let lines: string[];
  let nowMs: number;
  let keys: Record<"jane" | "bob", Hex>;
  const closing: (() => unknown)[] = [];

  before(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    beginning = await world.client.snapshot();
  });
  after(() => node.stop());
  beforeEach(async () => {
    await world.client.revert({ id: beginning });
    beginning = await world.client.snapshot();
    household = new Household();
    household.deployment(world.deployment);
    for (const name of ["jane", "bob"]) await household.key(name);
    keys = {
      jane: (await household.key("jane-delegate")).address,
      bob: (await household.key("bob-delegate")).address,
    };
    await household.key(
      "payer",
      "secp256k1",
      toHex(localAccount(7).getHdKey().privateKey ?? new Uint8Array()),
    );
    writeFileSync(household.place("jane.csv"), registers(0, EXPORT_WH));
    writeFileSync(household.place("bob.csv"), registers(IMPORT_WH, 0));
    lines = [];
    nowMs = START * 1000 + SLOTS * QUARTER_MS;
    const { config, ...settings } = readSettings(household.configure(toml()));
    for (const [index, owner] of [JANE, BOB].entries()) {
      const home = config.homes[index];
      if (home === undefined) throw new Error("There is no home.");
      const all = await pair({ config, ...settings }, home, owner.address, "https://dapp.example/");
      for (const { device: meter, source, capacityW, consent } of all) {
        await world.register({ owner: owner.address, meter, source, capacityW }, consent);
      }
      await world.fund(owner, 100n * EURO);
    }
    await authorise(JANE, keys.jane, 50n * EURO, UNTIL);
    await authorise(BOB, keys.bob, 50n * EURO, UNTIL);
    await world.passSlots(SLOTS);
    relay = await openRelay(world);
  });
  afterEach(async () => {
    await agent?.stop();
    agent = undefined;
    await relay.stop();
    for (const close of closing.splice(0)) await close();
    household.remove();
  });

  const authorise = (
    maker: typeof JANE,
    delegate: Hex,
    amount: bigint,
    untilSeconds: number,
  ): Promise<void> =>
    world.market(maker, "authorize", [world.euro, delegate, amount, untilSeconds]);

  /** The same every quarter of an hour. */
  function registers(importWh: number, exportWh: number, slots = SLOTS): string {
    const rows = ["time,import_wh,export_wh"];
    for (let slot = -LEARNED_SLOTS; slot <= slots; slot++) {
      const time = new Date(START * 1000 + slot * QUARTER_MS).toISOString();
      const since = slot + LEARNED_SLOTS;
      rows.push(`${time},${since * importWh},${since * exportWh}`);
    }
    return `${rows.join("\n")}\n`;
  }

  const home = (name: string, capacity: number, url: string, floor: string): string => `
[[homes]]
name = "${name}"
microgrid = 1
capacity_w = ${capacity}
device = ${keyIn(name)}
delegate = ${keyIn(`${name}-delegate`)}
[homes.trading]
relay = "${url}"
floor = "${floor}"
ceiling = "0.25"
most_a_day = "20"
forward = { bond = "0.05", hours = 3 }
[[homes.meters]]
name = "grid"
type = "replay"
path = "${name}.csv"
`;
  const toml = ({ url = relay?.url ?? "http://127.0.0.1:1", floor = "0.10", more = "" } = {}) => `
data = "data"
[chain]
deployment = "deployment.json"
rpc_url = "${node.rpcUrl}"
[report]
by = "transaction"
payer = ${keyIn("payer")}
every_minutes = 100000
${more}
${home("jane", 10_000, url, floor)}
${home("bob", 0, url, floor)}
`;

  async function start(config = toml()): Promise<RunningAgent> {
    const started = await startAgent(readSettings(household.configure(config)), {
      now: () => nowMs,
      report: (line) => lines.push(line),
    });
    agent = started;
    await started.ended;
    return started;
  }
  async function stop(): Promise<void> {
    await agent?.stop();
    agent = undefined;
  }

  const tradersOf = ({ traders }: RunningAgent): [jane: Trader, bob: Trader] => {
    const [jane, bob] = traders;
    if (jane === undefined || bob === undefined) throw new Error("There are no two traders.");
    return [jane, bob];
  };
  /** Another round at once: the agent's own first one may have come before anything was metered. */
  const again = async (trader: Trader) => {
    trader.hurry();
    await trader.round();
  };
  const trade = async (running: RunningAgent) => {
    for (const trader of running.traders) await trader.now();
  };

  async function book(maker: Hex): Promise<BookOrder[]> {
    const found: BookOrder[] = [];
    for await (const each of relay.client.allOrders({ maker, state: "all", sort: "firstSlot" })) {
      found.push(each);
    }
    return found;
  }
  const shown = (orders: readonly BookOrder[]) =>
    orders.map(({ order: { firstSlot, energy, forward, side } }) => [
      side === 0 ? "offer" : "bid",
      forward ? "forward" : "spot",
      firstSlot - START_SLOT,
      energy,
    ]);
  const expected = (side: string, wh: number) => [
    ...Array.from({ length: REPORTED_SLOTS + SLOTS }, (_, i) => [
      side,
      "spot",
      i - REPORTED_SLOTS,
      wh,
    ]),
    ...Array.from({ length: FORWARD_SLOTS }, (_, i) => [side, "forward", SLOTS + 2 + i, wh]),
  ];

  /** A settler fills what meets, slot by slot. */
  async function settle(offers: readonly BookOrder[], bids: readonly BookOrder[]): Promise<void> {
    const pairs = offers.flatMap((offer) => {
      const bid = bids.find(
        ({ order }) =>
          order.firstSlot === offer.order.firstSlot && order.forward === offer.order.forward,
      );
      return bid === undefined ? [] : [{ offer, bid }];
    });
    const all = pairs.flatMap(({ offer, bid }) => [offer, bid]);
    const data = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "settle",
      args: [
        all.map(({ order }) => ({
          ...order,
          price: BigInt(order.price),
          bond: BigInt(order.bond),
          nonce: BigInt(order.nonce),
          counter: BigInt(order.counter),
        })),
        all.map(({ signature }) => signature),
        pairs.map(({ offer: { order }, bid }, index) => ({
          offer: 2 * index,
          bid: 2 * index + 1,
          source: sourceIndex("Solar"),
          schedule: 0,
          bidSchedule: 0,
          firstBlock: blockOf(order.firstSlot),
          energy: [
            BigInt(Math.min(order.energy, bid.order.energy)) <<
              BigInt(32 * (order.firstSlot % LANES)),
          ],
        })),
      ],
    });
    await world.send(localAccount(9), world.deployment.marketplace, data);
  }

  it("offers its surplus and bids for its need, metered and sure, each once, also after a restart", async () => {
    const first = await start();
    await trade(first);
    await relay.caughtUp();
    const [jane, bob] = [await book(JANE.address), await book(BOB.address)];
    expect(shown(jane)).to.deep.equal(expected("offer", EXPORT_WH));
    expect(shown(bob)).to.deep.equal(expected("bid", IMPORT_WH));
    for (const { order, signer } of [...jane, ...bob]) {
      expect(signer).to.equal("delegate");
      expect(order.price).to.equal(order.side === 0 ? "100000" : "250000");
      expect(order.bond).to.equal(order.forward ? "50000" : "0");
    }
    expect(new Set(bob.map(({ state }) => state))).to.deep.equal(new Set(["live"]));
    const nonces = bob.map(({ order }) => Number(order.nonce)).sort((a, b) => a - b);
    expect(nonces.at(-1)).to.equal((nonces[0] ?? 0) + nonces.length - 1);

    await trade(first);
    await stop();
    await trade(await start());
    await relay.caughtUp();
    expect(await book(JANE.address)).to.have.length(jane.length);
    expect(await book(BOB.address)).to.have.length(bob.length);
  });

  it("lets metered energy cross where a tie line leads to the microgrid", async () => {
    const line = { lossBps: 300, capacity: 5_000, wheelingUp: 20_000n, wheelingDown: 20_000n };
    await world.foundNextDoor("Windy Row", line);
    await trade(await start());
    await relay.caughtUp();
    for (const maker of [JANE, BOB]) {
      const crossing = (await book(maker.address)).filter(({ order }) => order.crosses);
      expect(crossing).to.have.length(REPORTED_SLOTS + SLOTS);
      expect(crossing.some(({ order }) => order.forward)).to.equal(false);
    }
  });

  it("follows what is filled on chain, and tells what it sold, bought and expects", async () => {
    const port = await freePort();
    const running = await start(toml({ more: `[page]\nport = ${port}` }));
    await trade(running);
    await until("the export is minted", async () => {
      await running.reporter.now();
      return running.homes.every(({ journal }) => journal.book.open().length === 0);
    });
    await settle(await book(JANE.address), await book(BOB.address));
    await trade(running);
    const [jane, bob] = tradersOf(running);
    for (const { home } of [jane, bob]) {
      for (const { order, filledWh } of home.journal.book.orders.values()) {
        expect(filledWh, `${order.side} ${order.firstSlot}`).to.equal(BigInt(IMPORT_WH));
      }
    }
    // What Jane has promised is not offered again; the rest of what is sure is with the relay already.
    await relay.caughtUp();
    expect(await book(JANE.address)).to.have.length(ORDERS);

    // As `agent status` gets it from the agent that runs.
    const status = JSON.stringify(statusOf(running.homes, running.traders, undefined, undefined));
    const text = statusLines(JSON.parse(status)).join("\n");
    expect(text).to.contain("The agent trades.").and.contain("sold 3.8 kWh for at least 0.722");
    expect(text)
      .to.contain("bought 3.8 kWh for at most 0.76")
      .and.contain("because it is sure to come");
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).to.contain('wattline_agent_trading{home="jane"} 1');
    expect(metrics).to.contain('wattline_agent_traded_today_wh{home="jane",direction="sold"} 3800');
    expect(metrics).to.contain('wattline_agent_price_per_kwh{home="bob"} 0.2');
    const { code } = /code (?<code>\d{8})/.exec(lines.join("\n"))?.groups ?? {};
    const paired = await fetch(`http://127.0.0.1:${port}/pair`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ code: code ?? "" }),
    });
    const cookie = paired.headers.get("set-cookie")?.split(";")[0] ?? "";
    const page = await (await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } })).text();
    expect(page).to.contain("What it did and why").and.contain("because it was metered");
    expect(page).to.contain("bond").and.contain("0.05 tEUR per kWh");
    expect(page).to.contain("Mean error a day ahead");
  });

  it("learns what was filled while it did not run, and does not buy that again", async () => {
    await trade(await start());
    await relay.caughtUp();
    const ahead = async (maker: Hex) =>
      (await book(maker)).filter(({ order: { forward } }) => forward);
    await settle(await ahead(JANE.address), await ahead(BOB.address));
    await stop();

    // Every slot that was traded forward is over, and the orders have expired long ago.
    const [first, end] = [SLOTS + 2, SLOTS + 2 + FORWARD_SLOTS];
    const later = end + 4;
    writeFileSync(household.place("bob.csv"), registers(IMPORT_WH, 0, later));
    await world.passSlots(later);
    nowMs = START * 1000 + later * QUARTER_MS;
    await trade(await start());
    await relay.caughtUp();
    const metered = (await book(BOB.address))
      .filter(({ order: { forward, firstSlot } }) => !forward && firstSlot >= START_SLOT + SLOTS)
      .map(({ order: { firstSlot } }) => firstSlot - START_SLOT);
    const notAhead = (slot: number) => slot < first || slot >= end;
    const slots = Array.from({ length: later - SLOTS }, (_, index) => SLOTS + index);
    expect(metered).to.deep.equal(slots.filter(notAhead));
  });

  it("stops when its delegate is revoked; metering goes on, and the household is told everywhere", async () => {
    const messages = await broker();
    const port = await freePort();
    const running = await start(
      toml({
        more: `[page]\nport = ${port}\n[home_assistant]\nbroker = "mqtt://127.0.0.1:${messages.port}"`,
      }),
    );
    await trade(running);
    const [jane, bob] = tradersOf(running);
    const before = jane.home.journal.book.orders.size;

    await authorise(JANE, keys.jane, 0n, 0);
    await trade(running);
    expect(jane.state.standing.isTrading).to.equal(false);
    expect(bob.state.standing.isTrading).to.equal(true);
    expect(lines.join("\n")).to.contain(`does not allow the delegate ${keys.jane}`);

    // Another slot is metered.
    const { home: janes } = jane;
    nowMs += QUARTER_MS;
    await world.passSlots(SLOTS + 1);
    const exportWh = BigInt((LEARNED_SLOTS + SLOTS + 1) * EXPORT_WH);
    janes.take("grid", { kind: "registers", unixMs: nowMs, importWh: 0n, exportWh });
    expect(janes.slots(START_SLOT + SLOTS)).to.deep.include.members([
      {
        slot: START_SLOT + SLOTS,
        importWh: 0n,
        exportWh: BigInt(EXPORT_WH),
        storageWh: 0n,
        quality: "measured",
      },
    ]);
    await trade(running);
    expect(janes.journal.book.orders.size).to.equal(before);

    const status = statusLines(statusOf(running.homes, running.traders, undefined, undefined));
    expect(status.join("\n")).to.contain("does not allow the delegate");
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).to.contain('wattline_agent_trading{home="jane"} 0');
    expect(metrics).to.contain('wattline_agent_trading{home="bob"} 1');
    const node = `wattline_${janes.device.address.slice(2, 12).toLowerCase()}`;
    await until("Home Assistant is told", () => messages.find(`${node}/trading`) === "stopped");
    expect(messages.find(`${node}/trading/attributes`)).to.contain("does not allow");
    expect(messages.find(`${node}/price`)).to.equal("0.2");
    expect(messages.find(`sensor/${node}/price/config`)).to.contain("json_attributes_topic");

    await authorise(JANE, keys.jane, 50n * EURO, UNTIL);
    await relay.caughtUp();
    await trade(running);
    expect(jane.state.standing.isTrading).to.equal(true);
    expect(janes.journal.book.orders.size).to.be.above(before);
  });

  it("does not trade when its time is over", async () => {
    await authorise(JANE, keys.jane, 50n * EURO, START);
    await relay.caughtUp();
    const running = await start();
    await trade(running);
    const [jane, bob] = tradersOf(running);
    expect(jane.state.standing.words).to.contain("was allowed to trade until 2027-06-07T00:00:00Z");
    expect(jane.home.journal.book.orders.size).to.equal(0);
    expect(bob.home.journal.book.orders.size).to.equal(ORDERS);
  });

  it("says that it waits while the relay is gone, and then posts what it had signed", async () => {
    await relay.stop();
    const running = await start();
    const [jane] = tradersOf(running);
    await again(jane);
    const signed = [...jane.home.journal.book.orders.keys()];
    expect(signed).to.have.length(ORDERS);
    expect(lines.join("\n")).to.contain("Trading waits: ");
    await stop();
    relay = await openRelay(world);
    await trade(await start());
    await relay.caughtUp();
    expect((await book(JANE.address)).map(({ hash }) => hash).sort()).to.deep.equal(signed.sort());
  });

  it("takes orders off the relay whose limit the household has changed, and does not sell twice", async () => {
    await trade(await start());
    await stop();
    const dearer = await start(toml({ floor: "0.15" }));
    await trade(dearer);
    await relay.caughtUp();
    const orders = await book(JANE.address);
    expect(orders).to.have.length(ORDERS);
    expect(new Set(orders.map(({ state }) => state))).to.deep.equal(new Set(["cancelled"]));
    expect(new Set((await book(BOB.address)).map(({ state }) => state))).to.deep.equal(
      new Set(["live"]),
    );
  });

  it("steers a battery, and bids for what it leaves; lost, it trades without it, and says so everywhere", async () => {
    const messages = await broker();
    const port = await freePort();
    const config = toml({
      more: `[page]\nport = ${port}\n[home_assistant]\nbroker = "${messages.url}"`,
    });
    // Nothing is ordered until all is read.
    await authorise(BOB, keys.bob, 0n, 0);
    const running = await start(`${config}${BATTERY}`);
    const [, bob] = tradersOf(running);
    const { steering, home: bobs } = bob;
    if (steering === undefined) throw new Error("Bob's battery is not steered.");
    await until("the battery is read", () => steering.state.trouble === undefined);
    await authorise(BOB, keys.bob, 50n * EURO, UNTIL);
    await relay.caughtUp();
    await trade(running);
    await relay.caughtUp();
    // It holds 1,000 Wh above its reserve; each quarter of an hour needs 200 Wh, at the same price.
    const bids = (await book(BOB.address)).filter(({ order }) => order.forward);
    const bidWh = bids.reduce((sum, { order }) => sum + order.energy, 0);
    const givenWh = steering.state.plan
      .filter(
        ({ slot }) =>
          slot >= START_SLOT + SLOTS + 2 && slot < START_SLOT + SLOTS + 2 + FORWARD_SLOTS,
      )
      .reduce((sum, each) => sum + Number(each.givenWh), 0);
    expect(givenWh).to.be.above(0);
    expect(bidWh).to.equal(FORWARD_SLOTS * IMPORT_WH - givenWh);
    expect(steering.state.plan.reduce((sum, each) => sum + each.givenWh, 0n)).to.equal(1_000n);

    await until(
      "it is told what to do",
      () => steering.state.decision?.doing === "covers the need",
    );
    const text = () =>
      statusLines(statusOf(running.homes, running.traders, undefined, undefined)).join("\n");
    expect(text())
      .to.contain("Battery: The battery is steered.")
      .and.contain("Stored: 2 kWh (20 %), of which 1 kWh is kept")
      .and.contain("It gives 800 W: it covers what the home lacks; a kWh more in it is worth");
    const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(await metrics())
      .to.contain('wattline_agent_battery_steered{home="bob"} 1')
      .and.contain('wattline_agent_battery_power_w{home="bob"} -800');
    const node = `wattline_${bobs.device.address.slice(2, 12).toLowerCase()}`;
    expect(messages.find(`sensor/${node}/battery_charge/config`)).to.contain(
      '"device_class":"battery"',
    );

    // The slot is over; what the battery gave in it is kept, and nothing is read for long.
    nowMs += QUARTER_MS;
    await until("it is lost", () => steering.state.trouble !== undefined);
    expect(text()).to.contain("The battery is lost: it has told nothing for more than 60 s.");
    expect(await metrics()).to.contain('wattline_agent_battery_steered{home="bob"} 0');
    const { code } = /code (?<code>\d{8})/.exec(lines.join("\n"))?.groups ?? {};
    const paired = await fetch(`http://127.0.0.1:${port}/pair`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ code: code ?? "" }),
    });
    const cookie = paired.headers.get("set-cookie")?.split(";")[0] ?? "";
    const page = await (await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } })).text();
    expect(page).to.contain("<h3>Battery</h3>").and.contain("Trading goes on without it.");
    await until("Home Assistant is told", () => messages.find(`${node}/battery`) === "lost");

    await world.passSlots(SLOTS + 1);
    await trade(running);
    expect(bob.state.standing.isTrading).to.equal(true);
    expect(steering.state.plan).to.deep.equal([]);
    expect(bob.state.forecast[0]?.importWh).to.equal(BigInt(IMPORT_WH));
  });

  it("goes by the limits that its household has handed over, before those of its configuration", async () => {
    const limits = { floor: "0.20", ceiling: "0.21", most_a_day: "3" };
    new Handed(household.place("data")).set("jane", limits);
    const running = await start();
    await trade(running);
    const [jane, bob] = tradersOf(running);
    expect(jane.state.limits).to.include({ floorPerKwh: 200_000n, ceilingPerKwh: 210_000n });
    expect(bob.state.limits).to.include({ floorPerKwh: 100_000n, ceilingPerKwh: 250_000n });
  });

  it("is checked before it runs: relay, limits and what the delegate may do", async () => {
    await authorise(JANE, keys.jane, 0n, 0);
    const said: string[] = [];
    const settings = readSettings(household.configure(`${toml()}${BATTERY}`));
    expect(await check(settings, (line) => said.push(line))).to.equal(true);
    expect(said.join("\n"))
      .to.contain("ok    bob, battery (simulated): 2 kWh of 10 kWh, taking 0 W at ")
      .and.contain(`ok    jane, relay at ${relay.url}: ok, 0 orders`)
      .and.contain(`jane, trading: The account ${JANE.address} does not allow`)
      .and.contain("ok    bob, trading: The agent trades.");
    said.length = 0;
    const finer = readSettings(household.configure(toml({ floor: "0.1234567" })));
    expect(await check(finer, (line) => said.push(line))).to.equal(false);
    expect(said.join("\n")).to.contain("WRONG jane, trading: trading.floor, in tEUR");
  });

  it("says that a delegate's key is of the wrong curve", async () => {
    await household.key("chip", "p256");
    const config = toml().replace(keyIn("jane-delegate"), keyIn("chip"));
    const { address } = readKeystore(
      household.place("chip.json"),
      household.place("chip.password"),
    );
    await authorise(JANE, address, 50n * EURO, UNTIL);
    const [jane] = tradersOf(await start(config));
    await again(jane);
    expect(lines.join("\n")).to.contain("has a P-256 key, and orders are signed on secp256k1");
  });

  it("keeps to what the delegate may spend", async () => {
    // At the community price of 20 cents, that is worth 2.5 kWh.
    await authorise(BOB, keys.bob, EURO / 2n, UNTIL);
    await relay.caughtUp();
    const running = await start();
    await trade(running);
    await relay.caughtUp();
    const wh = (await book(BOB.address)).reduce((sum, { order }) => sum + order.energy, 0);
    expect(wh).to.equal(2_500);
    const status = statusOf(running.homes, running.traders, undefined, undefined);
    expect(status.homes[1]?.trading?.without.at(-1)).to.contain("allowance is used up");
  });

  async function broker(): Promise<Broker> {
    const opened = await Broker.open();
    closing.push(() => opened.close());
    return opened;
  }
});
