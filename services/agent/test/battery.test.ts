import { once } from "node:events";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { EnergyBySlot, Microgrid } from "@wattline/sdk";
import { storedAfter } from "@wattline/sdk/battery";
import type { SlotForecast } from "@wattline/sdk/forecast";
import { expect } from "chai";
import fc from "fast-check";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Address } from "viem";
import { until } from "../../../scripts/testing/until.ts";
import { microgridWith } from "../../../sdk/test/support/microgrid.ts";
import { netForecast, openLink, runBattery, Steering } from "../src/battery/index.ts";
import { Neighbours } from "../src/battery/neighbours.ts";
import { PowerLog } from "../src/battery/powerLog.ts";
import { steeringSchema } from "../src/config/battery.ts";
import { Home, headerOf } from "../src/home.ts";
import { MemoryRecords } from "../src/journal/records.ts";
import { withoutBattery } from "../src/trading/metered.ts";
import { Broker } from "./support/broker.ts";
import { Household } from "./support/folder.ts";

const NOON = Date.UTC(2027, 5, 7, 10);
const SLOT_MS = 900_000;
const NOON_SLOT = NOON / SLOT_MS;
const HOME = {
  name: "Jane",
  microgrid: 1,
  slot_minutes: 15,
  connection_w: 17_250,
  gaps: "fill",
  capacity_w: 8_000,
  meters: [{ name: "grid" }],
} as const;
const TOWN = microgridWith();

let household: Household;
let nowMs: number;
let reports: string[];
let stop: AbortController;
let running: Promise<void>;
const closing: (() => unknown)[] = [];
const now = () => nowMs;

beforeEach(() => {
  household = new Household();
  nowMs = NOON;
  reports = [];
  stop = new AbortController();
  running = Promise.resolve();
});
afterEach(async () => {
  stop.abort();
  await running;
  for (const close of closing.splice(0)) await close();
  household.remove();
});

function homeOf(): Home {
  const deployment = { chainId: 31_337, meters: TOWN.currency };
  const device = { address: TOWN.currency, sign: async () => "0x00" as const };
  const journal = new MemoryRecords(headerOf(HOME, deployment));
  return new Home({ config: HOME, deployment, device, journal, report: () => {}, now });
}

function steeringOf(more: object = {}, home = homeOf()) {
  const config = steeringSchema.parse({
    capacity_wh: 10_000,
    power_w: 4_000,
    link: { type: "simulated" },
    ...more,
  });
  const steering = new Steering({ config, home, report: (line) => reports.push(line), now });
  return { steering, home, config };
}

/** A battery that is read and steered until the test is over; it holds half of what it can. */
function run(link: object, more: object = {}) {
  const made = steeringOf({ link, ...more });
  const { steering, config } = made;
  const context = { now, report: (line: string) => reports.push(line) };
  const opened = openLink(config.link, steering.state.battery, context);
  const options = { steering, link: opened, report: context.report, now, roundMs: 10 };
  running = runBattery(options, stop.signal);
  return made;
}

const outlook = (forecast: readonly SlotForecast[] = [], microgrid: Microgrid = TOWN) => {
  const none: EnergyBySlot = new Map();
  const learnedTo = NOON_SLOT;
  return {
    microgrid,
    nowSeconds: nowMs / 1000,
    learnedTo,
    forecast,
    neighboursWh: none,
    committedWh: none,
  };
};
/** The home lacks so much in each slot; negative for what it has left. */
const lacking = (wh: number, slots = 144): SlotForecast[] =>
  Array.from({ length: slots }, (_, index) => ({
    slot: NOON_SLOT + index,
    exportWh: BigInt(Math.max(-wh, 0)),
    importWh: BigInt(Math.max(wh, 0)),
    sureExportWh: BigInt(Math.max(-wh, 0)),
    sureImportWh: BigInt(Math.max(wh, 0)),
  }));

/** So much is left in each slot of two hours, and lacking after that. */
const sunThenNight = (wh: number): SlotForecast[] =>
  lacking(wh).map((each, index) => ({
    ...each,
    ...(index < 8 && lacking(-wh, 1)[0]),
    slot: each.slot,
  }));

const steered = (steering: Steering) =>
  until("it is steered", () => steering.state.trouble === undefined);
const lost = (steering: Steering) =>
  until(
    "it is lost",
    () => steering.state.trouble !== undefined && reports.some((line) => line.includes("lost")),
  );

describe("A battery on an MQTT broker", () => {
  const LINK = {
    type: "mqtt",
    stored: { topic: "battery/soc", unit: "%" },
    power: { topic: "battery/state", path: "power.now", unit: "kW", positive: "discharge" },
    command: { topic: "battery/set", payload: '{"watts": {power_w}}', positive: "discharge" },
  };
  let broker: Broker;
  beforeEach(async () => {
    broker = await Broker.open();
    closing.push(() => broker.close());
  });

  it("is read, told what the plan says, and lost when it is silent", async () => {
    const subscribed = broker.subscribed();
    const { steering } = run({ ...LINK, broker: broker.url });
    await subscribed;
    await broker.publish("battery/soc", "50");
    await broker.publish("battery/state", '{"power": {"now": "0.25"}}');
    await steered(steering);
    await until("both are read", () => steering.state.reading?.chargeW !== undefined);
    expect(steering.state.reading).to.include({ storedCentiWh: 500_000n, chargeW: -250 });
    steering.plan(outlook(lacking(200)));
    await until("it is told", () => broker.heard.get("battery/set") === '{"watts": 800}');
    expect(steering.state.decision?.doing).to.equal("covers the need");

    nowMs += 301_000;
    await lost(steering);
    expect(reports.join()).to.contain(
      "The battery is lost: it has told nothing for more than 300 s. Trading goes on without it.",
    );
    expect(steering.plan(outlook(lacking(200)))).to.deep.equal([]);
    expect(broker.heard.get("battery/set")).to.equal('{"watts": 0}');
    await broker.publish("battery/soc", "49");
    await steered(steering);
    expect(reports.at(-1)).to.equal("Jane: The battery is steered.");
  });

  it("whose broker is gone does not take commands", async () => {
    const subscribed = broker.subscribed();
    const { steering } = run({ ...LINK, broker: broker.url });
    await subscribed;
    await broker.publish("battery/soc", "50");
    await steered(steering);
    for (const close of closing.splice(0)) await close();
    await until("it is known", () => reports.some((line) => line.includes("is not there")));
    nowMs += 60_000;
    await lost(steering);
    expect(steering.state.trouble).to.contain("it does not take commands");
  });

  it("that does something else than it is told is named", async () => {
    const subscribed = broker.subscribed();
    const { steering } = run({ ...LINK, broker: broker.url });
    await subscribed;
    await broker.publish("battery/soc", "50");
    await steered(steering);
    for (const seconds of [0, 119, 121]) {
      nowMs = NOON + seconds * 1000;
      await broker.publish("battery/state", '{"power": {"now": -3}}');
      await until("it is read", () => {
        const { reading } = steering.state;
        return reading?.unixMs === nowMs && reading.chargeW === 3_000;
      });
    }
    expect(reports.join()).to.contain(
      "The battery was told taking 0 W and does taking 3000 W. Does something else steer it, too?",
    );
  });
});

describe("A battery over HTTP", () => {
  let answer: { status: number; body: string };
  let asked: { url: string; method: string; body: string }[];
  let url: string;
  beforeEach(async () => {
    answer = { status: 200, body: '{"state": "50.0"}' };
    asked = [];
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      if (request.method !== "GET") {
        asked.push({ url: request.url ?? "", method: request.method ?? "", body });
      }
      response.writeHead(answer.status).end(answer.body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  });
  const link = () => ({
    type: "http",
    url: `${url}/api/states/sensor.soc`,
    every_seconds: 0.01,
    stored: { path: "state", unit: "%" },
    command: { url: `${url}/set/{direction}/{watts}`, body: '{"value": {power_w}}' },
  });

  it("is asked and told, lost while it answers with errors, and taken up again", async () => {
    const { steering } = run(link());
    await steered(steering);
    steering.plan(outlook(lacking(250)));
    await until("it is told", () => asked.some(({ url: path }) => path === "/set/discharge/1000"));
    expect(asked.at(-1)).to.deep.equal({
      url: "/set/discharge/1000",
      method: "POST",
      body: '{"value": -1000}',
    });
    answer = { status: 500, body: "" };
    nowMs += 60_000;
    await lost(steering);
    expect(steering.state.trouble).to.contain("it answers with status 500");
    answer = { status: 200, body: '{"state": "49.0"}' };
    nowMs += 60_000;
    await steered(steering);
  });

  it("that tells nonsense is not steered by it", async () => {
    answer = { status: 200, body: '{"state": "unavailable"}' };
    const { steering } = run(link());
    await until("it is told of", () => reports.some((line) => line.includes("expected a number")));
    answer = { status: 200, body: '{"state": "140"}' };
    await until("that, too", () =>
      reports.some((line) => line.includes("charged to 140 %") || line.includes("is not there")),
    );
    expect(steering.state.reading).to.equal(undefined);
    expect(steering.plan(outlook(lacking(200)))).to.deep.equal([]);
  });
});

describe("A battery behind a program", () => {
  it("is read from what one prints, and another is given the power", async () => {
    const program = household.place("battery");
    const told = household.place("told");
    writeFileSync(
      program,
      `#!/bin/sh\nif [ "$1" = set ]; then echo "$2" > ${told}; else echo 5.5; fi\n`,
    );
    chmodSync(program, 0o700);
    const { steering } = run({
      type: "command",
      read: [program, "status"],
      every_seconds: 0.05,
      stored: { unit: "kWh" },
      command: [program, "set", "{power_w}"],
    });
    await steered(steering);
    expect(steering.state.reading?.storedCentiWh).to.equal(550_000n);
    steering.plan(outlook(sunThenNight(500)));
    await until("it is told", () => readFileSync(told, "utf8").trim() === "2000");
    await until("why", () => steering.state.decision?.doing === "keeps surplus");
  });
});

describe("The steering of a battery", () => {
  const read = (steering: Steering, storedWh: number, chargeW?: number) => {
    steering.take({ unixMs: nowMs, storedCentiWh: BigInt(100 * storedWh), chargeW });
    steering.stand(undefined);
  };

  it("decides once a slot, and again when the slot before was metered", () => {
    const { steering } = steeringOf();
    read(steering, 5_000);
    const plan = steering.plan(outlook(lacking(200)));
    expect(plan).to.have.length(144);
    nowMs += SLOT_MS - 1_000;
    expect(steering.plan(outlook(lacking(-900)))).to.equal(plan);
    const learned = { ...outlook(lacking(-900)), learnedTo: NOON_SLOT + 1 };
    expect(steering.plan(learned)).not.to.equal(plan);
    nowMs += 1_000;
    expect(steering.plan(outlook(lacking(-900)))).not.to.equal(plan);
  });

  it("serves the home while nothing is forecast yet", () => {
    const { steering } = steeringOf();
    read(steering, 5_000);
    steering.plan(outlook());
    expect(steering.decide(NOON_SLOT, -300n).flow.givenWh).to.equal(300n);
    expect(steering.decide(NOON_SLOT, 300n).flow.takenWh).to.equal(300n);
    expect(steering.decide(NOON_SLOT, 0n).doing).to.equal("rests");
  });

  it("fills and keeps more for an outage that is announced, and covers the home's need in it", () => {
    const { steering } = steeringOf({ outage: { hours_ahead: 2, reserve: "80 %", least: "5 %" } });
    const from = NOON_SLOT + 9;
    const island = { firstSlot: from, lastSlot: undefined, endedAtSeconds: undefined };
    const town = microgridWith({ islands: [island] });
    read(steering, 5_000);
    steering.plan(outlook(lacking(200), town));
    expect(steering.decide(NOON_SLOT, -200n).doing).to.equal("covers the need");
    expect(steering.state.outageAtSeconds).to.equal(undefined);

    nowMs += SLOT_MS;
    steering.plan(outlook(lacking(200), town));
    expect(steering.state.outageAtSeconds).to.equal((from * SLOT_MS) / 1000);
    const filling = steering.decide(NOON_SLOT + 1, -200n);
    expect(filling).to.deep.include({
      doing: "fills its reserve",
      flow: { takenWh: 1_000n, givenWh: 0n },
    });

    nowMs = from * SLOT_MS;
    read(steering, 700);
    steering.plan(outlook(lacking(200), town));
    expect(steering.decide(from, -600n).flow).to.deep.equal({ takenWh: 0n, givenWh: 200n });
  });

  it("keeps what was bought forward for it, and what is promised", () => {
    const { steering } = steeringOf();
    read(steering, 1_000);
    const committedWh = new Map([[NOON_SLOT, 600n]]);
    steering.plan({ ...outlook(lacking(100)), committedWh });
    // 100 Wh are needed now; the rest of what was bought is worth more later.
    expect(steering.decide(NOON_SLOT, -100n).flow.takenWh).to.equal(500n);

    nowMs += SLOT_MS;
    read(steering, 5_000);
    steering.plan({ ...outlook(lacking(-100)), committedWh: new Map([[NOON_SLOT + 1, -300n]]) });
    expect(steering.decide(NOON_SLOT + 1, -300n).flow).to.deep.equal({
      takenWh: 0n,
      givenWh: 300n,
    });
  });

  it("never takes or gives beyond capacity, power and reserve, and what it did adds up to what is stored", () => {
    const power = fc.integer({ min: -6_000, max: 6_000 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 50 }),
        fc.boolean(),
        fc.array(fc.tuple(power, power), { minLength: 4, maxLength: 40 }),
        (storedPercent, reservePercent, tells, slots) => {
          nowMs = NOON;
          const reserve = `${reservePercent} %`;
          const { steering, home } = steeringOf({ reserve });
          const { battery } = steering.state;
          const reserveWh = battery.reserveWh ?? 0n;
          let storedCentiWh = BigInt(10_000 * storedPercent);
          const first = storedCentiWh;
          let chargeW = 0;
          let [importWh, exportWh] = [0n, 0n];
          const forecast = slots.flatMap(([, expected], index) =>
            lacking(Math.round(-expected / 4), 1).map((each) => ({
              ...each,
              slot: NOON_SLOT + index,
            })),
          );
          const moved = { takenWh: 0n, givenWh: 0n };
          for (const [surplusW] of slots) {
            // Three times a slot the meter and the battery are read, and the battery is told.
            for (let third = 0; third < 3; third++) {
              steering.take({ unixMs: nowMs, storedCentiWh, chargeW: tells ? chargeW : undefined });
              steering.stand(undefined);
              const registers = { kind: "registers", unixMs: nowMs, importWh, exportWh } as const;
              home.take("grid", registers);
              steering.plan(outlook(forecast));
              const next = steering.decideNow();
              chargeW = next.chargeW;
              expect(Math.abs(chargeW)).to.be.at.most(4_000);
              steering.commanded(chargeW, next.decision);
              if (tells) steering.take({ unixMs: nowMs, storedCentiWh, chargeW });
              const wh = BigInt(Math.round(chargeW / 12));
              const flow = { takenWh: wh > 0n ? wh : 0n, givenWh: wh < 0n ? -wh : 0n };
              const before = storedCentiWh;
              storedCentiWh = storedAfter(battery, storedCentiWh, flow);
              moved.takenWh += flow.takenWh;
              moved.givenWh += flow.givenWh;
              expect(storedCentiWh <= 1_000_000n + 100n, "the capacity").to.equal(true);
              if (flow.givenWh > 0n) {
                expect(before > 100n * reserveWh, "above its reserve before").to.equal(true);
                expect(storedCentiWh >= 100n * reserveWh - 100n, "the reserve").to.equal(true);
              }
              storedCentiWh = storedCentiWh > 1_000_000n ? 1_000_000n : storedCentiWh;
              const netWh = BigInt(Math.round(surplusW / 12)) - wh;
              if (netWh > 0n) exportWh += netWh;
              else importWh -= netWh;
              nowMs += SLOT_MS / 3;
            }
          }
          steering.settle();
          const kept = [...home.journal.book.battery.values()];
          expect(kept).to.have.length(slots.length);
          const sum = (of: "takenWh" | "givenWh") => kept.reduce((wh, each) => wh + each[of], 0n);
          expect(kept.every(({ isKnown }) => isKnown)).to.equal(true);
          const slack = 2 * slots.length;
          expect(Number(sum("takenWh") - moved.takenWh)).to.be.within(-slack, slack);
          expect(Number(sum("givenWh") - moved.givenWh)).to.be.within(-slack, slack);
          const efficiency = battery.efficiencyPercent;
          const grown = sum("takenWh") * efficiency - 100n * sum("givenWh");
          expect(Number(storedCentiWh - first - grown) / 100).to.be.within(-2 * slack, 2 * slack);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("follows the meter: what the home lacks is covered, whatever was forecast", () => {
    const { steering, home } = steeringOf();
    let importWh = 0n;
    for (let minute = 0; minute < 5; minute++) {
      read(steering, 5_000, minute < 2 ? 0 : -600);
      home.take("grid", { kind: "registers", unixMs: nowMs, importWh, exportWh: 0n });
      steering.plan(outlook(lacking(25)));
      nowMs += 60_000;
      // 1,200 W are used in the home.
      importWh += minute < 2 ? 20n : 10n;
    }
    read(steering, 5_000, -600);
    home.take("grid", { kind: "registers", unixMs: nowMs, importWh, exportWh: 0n });
    expect(steering.decideNow().chargeW).to.equal(-1_200);
  });

  it("knows nothing of slots that it was lost in, which are not learned from", () => {
    const { steering, home } = steeringOf();
    read(steering, 5_000, -400);
    nowMs += SLOT_MS;
    steering.settle();
    steering.stand("it is gone");
    nowMs += SLOT_MS;
    steering.settle();
    const [before, whole, unknown] = [-1, 0, 1].map((index) => ({
      slot: NOON_SLOT + index,
      exportedWh: 0n,
      importedWh: 50n,
    }));
    if (!before || !whole || !unknown) throw new Error("There are three slots.");
    expect(withoutBattery([before, whole, unknown], home.journal.book.battery)).to.deep.equal([
      before,
      { ...whole, importedWh: 150n },
    ]);
  });
});

describe("A forecast with a battery", () => {
  it("is the home's less what the battery takes, and nothing that it feeds in is sure", () => {
    const { steering } = steeringOf({ feeds_in: true });
    const forecast = [lacking(-500, 1), lacking(300, 1)].flat();
    const step = { storedCentiWh: 0n, worth: [], committedWh: 0n };
    steering.take({ unixMs: nowMs, storedCentiWh: 0n, chargeW: 0 });
    steering.stand(undefined);
    const [{ terms } = { terms: undefined }] = steering.plan(outlook(forecast));
    if (terms === undefined) throw new Error("There is a plan.");
    const net = (takenWh: bigint, givenWh: bigint, index: 0 | 1) =>
      netForecast(forecast.slice(index, index + 1), [
        { slot: NOON_SLOT, terms, takenWh, givenWh, ...step },
      ]).map(({ slot: _, ...wh }) => wh);
    expect(net(200n, 0n, 0)).to.deep.equal([
      { exportWh: 300n, importWh: 0n, sureExportWh: 300n, sureImportWh: 0n },
    ]);
    expect(net(700n, 0n, 0)).to.deep.equal([
      { exportWh: 0n, importWh: 200n, sureExportWh: 0n, sureImportWh: 200n },
    ]);
    expect(net(0n, 1_000n, 1)).to.deep.equal([
      { exportWh: 700n, importWh: 0n, sureExportWh: 0n, sureImportWh: 0n },
    ]);
  });
});

describe("What a battery did", () => {
  it("is known for as long as its power is, and adds up however it is cut", () => {
    const log = new PowerLog();
    log.add(0, 1_000);
    log.add(1_800_000, -2_000);
    log.add(3_600_000, undefined);
    log.add(7_200_000, 0);
    expect(log.between(0, 3_600_000)).to.deep.equal({ takenWh: 500, givenWh: 1_000 });
    expect(log.between(900_000, 1_800_000)).to.deep.equal({ takenWh: 250, givenWh: 0 });
    expect(log.between(3_000_000, 4_000_000)).to.equal(undefined);
    expect(log.between(-1, 1_000)).to.equal(undefined);
    expect(log.between(8_000_000, 9_000_000)).to.deep.equal({ takenWh: 0, givenWh: 0 });
    log.forget(1_900_000);
    expect(log.between(2_000_000, 3_600_000)?.takenWh).to.equal(0);
    expect(log.between(0, 1_000)).to.equal(undefined);
  });
});

describe("What neighbours have left", () => {
  it("is what they offer less what they bid for at the community price, without one's own", async () => {
    const [jane, bob] = [TOWN.currency, TOWN.operator];
    const order = (maker: Address, side: 0 | 1, price: number, remainingWh: number, slot = 0) => ({
      order: {
        maker,
        side,
        price: String(price),
        firstSlot: NOON_SLOT + slot,
        lastSlot: NOON_SLOT + slot,
      },
      remainingWh: String(remainingWh),
    });
    let looks = 0;
    const orders = [
      order(bob, 0, 100_000, 500),
      order(bob, 0, 250_000, 900),
      order(bob, 1, 250_000, 200),
      order(bob, 1, 100_000, 100),
      order(jane, 0, 100_000, 700),
      order(bob, 1, 320_000, 50, 1),
    ];
    const relay = {
      async *allOrders() {
        looks++;
        yield* orders;
      },
    };
    const neighbours = new Neighbours(relay);
    const range = { firstSlot: NOON_SLOT, lastSlot: NOON_SLOT + 1 };
    const left = await neighbours.leftWh(TOWN, range, jane);
    expect([...left]).to.deep.equal([
      [NOON_SLOT, 300n],
      [NOON_SLOT + 1, -50n],
    ]);
    await neighbours.leftWh(TOWN, range, bob);
    expect(looks).to.equal(1);
  });
});
