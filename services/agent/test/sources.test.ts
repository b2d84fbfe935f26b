import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { until } from "../../../scripts/testing/until.ts";
import { version22 } from "../../../sdk/test/meterData/p1/samples.ts";
import { configSchema, type MeterConfig } from "../src/config/schema.ts";
import type { Sample } from "../src/metering/sample.ts";
import { openSource } from "../src/sources/open.ts";
import { Broker } from "./support/broker.ts";
import { Household } from "./support/folder.ts";
import { Gateway } from "./support/gateway.ts";
import { hasPty, openPty } from "./support/pty.ts";
import { telegramAt } from "./support/telegrams.ts";

const NOON = Date.UTC(2027, 5, 7, 10);

let household: Household;
let stop: AbortController;
let samples: Sample[];
let reports: string[];
let reading: Promise<void>;
const closing: (() => unknown)[] = [];

beforeEach(() => {
  household = new Household();
  stop = new AbortController();
  samples = [];
  reports = [];
  reading = Promise.resolve();
});
afterEach(async () => {
  stop.abort();
  await reading.catch(() => undefined);
  for (const close of closing.splice(0)) await close();
  household.remove();
});

/** A meter as the configuration describes it, with its defaults. */
function meterOf(meter: object): MeterConfig {
  const config = configSchema.parse({
    chain: { deployment: "deployment.json" },
    report: { by: "file" },
    homes: [
      {
        name: "Jane",
        microgrid: 1,
        device: { keystore: "a", password_file: "b" },
        meters: [{ name: "grid", ...meter }],
      },
    ],
  });
  const found = config.homes[0]?.meters[0];
  if (found === undefined) throw new Error("There is a meter.");
  return found;
}

function read(meter: object, now = () => NOON): void {
  const context = { now, report: (message: string) => reports.push(message) };
  reading = (async () => {
    for await (const sample of openSource(meterOf(meter), context).samples(stop.signal)) {
      samples.push(sample);
    }
  })();
}

const come = (count: number) => until(`${count} samples have come`, () => samples.length >= count);

describe("A P1 port behind TCP", () => {
  it("is read as telegrams come, in whatever pieces, and damaged ones are told of", async () => {
    const gateway = await Gateway.open();
    closing.push(() => gateway.close());
    read({ type: "p1-tcp", host: "127.0.0.1", port: gateway.port });
    await until("it is connected", () => gateway.clients === 1);
    const telegram = telegramAt(NOON, 1_234_567n, 89n);
    gateway.send(telegram.slice(0, 100));
    gateway.send(telegram.slice(100));
    gateway.send(
      telegramAt(NOON + 10_000, 1_234_568n, 90n).replace("0-0:96.14.0(0002)", "0-0:96.14.0(0001)"),
    );
    gateway.send(telegramAt(NOON + 20_000, 1_234_569n, 91n));
    await come(2);
    expect(samples[0]).to.include({
      unixMs: NOON,
      importWh: 1_234_567n,
      exportWh: 89n,
      meterId: "WTS00042",
    });
    expect(samples[1]).to.include({ unixMs: NOON + 20_000, exportWh: 91n });
    expect(reports.join()).to.contain("A telegram was passed over: The checksum is");
  });

  it("is connected to again when it was cut off, and when it is not there yet", async () => {
    const gateway = await Gateway.open();
    const { port } = gateway;
    read({ type: "p1-tcp", host: "127.0.0.1", port });
    await until("it is connected", () => gateway.clients === 1);
    gateway.send(telegramAt(NOON, 1n, 1n));
    await come(1);
    await gateway.close();
    await until("the loss is told", () => reports.some((line) => line.includes("is not there")));
    const again = await Gateway.open(port);
    closing.push(() => again.close());
    again.send(telegramAt(NOON + 10_000, 2n, 2n));
    await come(2);
    expect(reports.join()).to.contain("is there again");
  });

  it("without a clock has the time of arrival", async () => {
    const gateway = await Gateway.open();
    closing.push(() => gateway.close());
    gateway.send(version22());
    read({ type: "p1-tcp", host: "127.0.0.1", port: gateway.port }, () => 777_000);
    await come(1);
    expect(samples[0]).to.include({ unixMs: 777_000, importWh: 3_003n, exportWh: 7_007n });
  });
});

describe("A P1 port on a serial line", () => {
  it(`is read${hasPty() ? "" : " (skipped: python3 makes the line, and is not there)"}`, async function () {
    if (!hasPty()) this.skip();
    const line = await openPty();
    closing.push(() => line.close());
    read({ type: "p1-serial", path: line.path });
    const timer = setInterval(() => line.send(telegramAt(NOON, 42n, 43n)), 100);
    closing.push(() => clearInterval(timer));
    await come(1);
    expect(samples[0]).to.include({ importWh: 42n, exportWh: 43n });
  });

  it("that is not there is named", async () => {
    read({ type: "p1-serial", path: household.place("no-such-device") });
    await until("it is named", () =>
      reports.some((line) => line.includes("no-such-device is not there")),
    );
  });
});

describe("A meter on an MQTT broker", () => {
  let broker: Broker;
  let url: string;

  beforeEach(async () => {
    broker = await Broker.open();
    url = broker.url;
    closing.push(() => broker.close());
  });

  const publish: Broker["publish"] = (...message) => broker.publish(...message);
  const subscribed = () => broker.subscribed();

  it("tells registers in one message, as Tasmota does", async () => {
    const ready = subscribed();
    read({
      type: "mqtt",
      broker: url,
      import: { topic: "tele/meter/SENSOR", path: "ENERGY.Total", unit: "kWh" },
      export: { topic: "tele/meter/SENSOR", path: "ENERGY.ExportTotal", unit: "kWh" },
    });
    await ready;
    await publish(
      "tele/meter/SENSOR",
      '{"Time":"x","ENERGY":{"Total":1234.5678,"ExportTotal":"7.1"}}',
    );
    await come(1);
    expect(samples[0]).to.include({ kind: "registers", importWh: 1_234_567n, exportWh: 7_100n });
  });

  it("tells registers one by one, as Home Assistant does, and nothing before both are known", async () => {
    const ready = subscribed();
    read({
      type: "mqtt",
      broker: url,
      import: { topic: "ha/import/state", unit: "kWh" },
      export: { topic: "ha/export/state", unit: "kWh" },
    });
    await ready;
    await publish("ha/import/state", "10.5");
    await publish("ha/export/state", "unavailable");
    await publish("ha/export/state", "2");
    await publish("ha/import/state", "10.6");
    await come(2);
    expect(
      samples.map((each) => each.kind === "registers" && [each.importWh, each.exportWh]),
    ).to.deep.equal([
      [10_500n, 2_000n],
      [10_600n, 2_000n],
    ]);
    expect(new Set(samples.map(({ unixMs }) => unixMs)).size).to.equal(2);
    expect(reports).to.deep.equal([
      'ha/export/state: The text is "unavailable"; expected a number.',
    ]);
  });

  it("tells power where there is no register, and what a broker has kept counts for nothing", async () => {
    await publish("shellies/em/emeter/0/power", "9999", true);
    const ready = subscribed();
    read({
      type: "mqtt",
      broker: url,
      power: { topic: "shellies/em/emeter/0/power", unit: "W", positive: "import" },
    });
    await ready;
    await publish("shellies/em/emeter/0/power", "-1500.5");
    await come(1);
    expect(samples).to.deep.equal([{ kind: "power", unixMs: NOON, importW: 0, exportW: 1500.5 }]);
  });
});

describe("A meter that is asked over HTTP", () => {
  let server: HttpServer;
  let answer = { status: 200, body: "" };

  beforeEach(async () => {
    server = createHttpServer((_, response) => {
      response.writeHead(answer.status).end(answer.body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  });

  const urlOf = () => {
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/rpc/EMData.GetStatus?id=0`;
  };

  it("tells registers, as Shelly's third generation does, and is asked again after a failure", async () => {
    answer = { status: 200, body: '{"id":0,"total_act":2776175.11,"total_act_ret":571584.87}' };
    read({
      type: "http",
      url: urlOf(),
      every_seconds: 0.05,
      import: { path: "total_act", unit: "Wh" },
      export: { path: "total_act_ret", unit: "Wh" },
    });
    await come(1);
    expect(samples[0]).to.include({ importWh: 2_776_175n, exportWh: 571_584n });
    answer = { status: 503, body: "" };
    await until("the failure is told", () => reports.some((line) => line.includes("status 503")));
    const count = samples.length;
    answer = { status: 200, body: '{"total_act":2776176,"total_act_ret":571584}' };
    await come(count + 1);
    expect(reports.join()).to.contain("is there again");
  });

  it("that has no such value is named with the path and what is there", async () => {
    answer = { status: 200, body: '{"em":{"act":"nan"}}' };
    read({ type: "http", url: urlOf(), power: { path: "em.act", unit: "W", positive: "import" } });
    await until("it is named", () =>
      reports.some((line) => line.includes('em.act is "nan"; expected a number')),
    );
  });
});

describe("A file", () => {
  it("of registers is replayed, and a wrong value is named by row and column", async () => {
    const path = household.place("registers.csv");
    writeFileSync(
      path,
      "time,import_wh,export_wh\n2027-06-07T12:00:00+02:00,5,7\n2027-06-07T10:15:00Z,6,x\n",
    );
    read({ type: "replay", path });
    let error: unknown;
    await reading.catch((reason: unknown) => {
      error = reason;
    });
    expect(samples).to.deep.equal([
      { kind: "registers", unixMs: NOON, importWh: 5n, exportWh: 7n },
    ]);
    expect(String(error)).to.contain(
      'row 3, column export_wh is "x"; expected a register in whole Wh',
    );
  });

  it("of registers is left alone after a wrong value, however much of it is left, when the agent stops", async () => {
    const path = household.place("registers.csv");
    const row = "2027-06-07T12:00:00+02:00,5,7\n";
    writeFileSync(path, `time,import_wh,export_wh\nyesterday,5,7\n${row.repeat(20_000)}`);
    read({ type: "replay", path });
    const error = await reading.catch((reason: unknown) => reason);
    // An error of the file that nobody listens to any more would end the process.
    stop.abort();
    await new Promise(setImmediate);
    expect(String(error)).to.contain('row 2, column time is "yesterday"');
  });

  /** A meter file from Vienna's noon on; lines that are left out are gaps. */
  const austrian = [
    "Messzeitpunkt;Verbrauch (kWh);Qualität;",
    "07.06.2027 12:15;0,2505;G;",
    "07.06.2027 12:30;0,1;G;",
    "07.06.2027 13:15;0,05;G;",
    "",
  ].join("\n");

  it("of a grid operator is replayed as registers, and a gap is no time without import", async () => {
    const path = household.place("june.csv");
    writeFileSync(path, austrian);
    read({ type: "replay", path });
    await reading;
    const MINUTE = 60_000;
    const register = (minutes: number, importWh: bigint) => ({
      kind: "registers",
      unixMs: NOON + minutes * MINUTE,
      importWh,
      exportWh: undefined,
    });
    expect(samples).to.deep.equal([
      register(0, 0n),
      register(15, 250n),
      register(30, 350n),
      { ...register(60, 350n), isAfterGap: true },
      register(75, 400n),
    ]);
  });

  it("that does not say something is refused with the setting that says it, and read with it", async () => {
    const path = household.place("plain.csv");
    writeFileSync(
      path,
      "start,import kWh,export kWh\n2027-06-07 12:00,0.25,0\n2027-06-07 12:15,0.5,0.125\n",
    );
    read({ type: "replay", path });
    const error = await reading.catch((reason: unknown) => reason);
    expect(String(error)).to.contain('By which clock are the times in column "start"?');
    expect(String(error)).to.contain("Set time_zone");
    read({ type: "replay", path, time_zone: "Europe/Vienna" });
    await reading;
    expect(samples.map((each) => each.kind === "registers" && each.exportWh)).to.deep.equal([
      0n,
      0n,
      125n,
    ]);
  });

  it("with several meters is refused until one is named", async () => {
    const path = household.place("many.csv");
    const at = "2027-06-07T12:00:00+02:00";
    const later = "2027-06-07T12:15:00+02:00";
    writeFileSync(path, `start,anna import kWh,ben import kWh\n${at},0.1,0.2\n${later},0.1,0.2\n`);
    read({ type: "replay", path });
    const error = await reading.catch((reason: unknown) => reason);
    expect(String(error)).to.contain("set meter to one of anna import kWh, ben import kWh");
    read({ type: "replay", path, meter: "ben import kWh" });
    await reading;
    expect(samples.at(-1)).to.deep.include({ importWh: 400n });
  });

  it("of telegrams is read to its end", async () => {
    const path = household.place("telegrams.txt");
    writeFileSync(path, telegramAt(NOON, 1n, 2n) + telegramAt(NOON + 10_000, 3n, 4n));
    read({ type: "p1-file", path });
    await reading;
    expect(samples).to.have.length(2);
  });
});

describe("A simulated meter", () => {
  it("exports under the sun and imports at night", async () => {
    const meter = {
      type: "simulated",
      latitude: 48.4,
      longitude: 10,
      panels_w: 8_000,
      load_w: 400,
      every_seconds: 0.01,
    };
    let time = NOON;
    read(meter, () => time);
    await come(1);
    time = NOON - 10 * 3_600_000;
    await until("night has come", () =>
      samples.some((each) => each.kind === "power" && each.importW === 400),
    );
    expect(samples[0]).to.have.property("exportW").that.is.greaterThan(5_000);
  });
});
