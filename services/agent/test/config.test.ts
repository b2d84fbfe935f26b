import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { readSettings } from "../src/config/read.ts";
import { Household, keyIn } from "./support/folder.ts";

const METERS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
let household: Household;
beforeEach(() => {
  household = new Household();
  household.deployment({ chainId: 31_337, meters: METERS });
});
afterEach(() => household.remove());

const good = (meter: string, home = ""): string => `
[chain]
deployment = "deployment.json"
[report]
by = "file"
[[homes]]
name = "Jane"
microgrid = 1
device = ${keyIn("device")}
${home}
[[homes.meters]]
name = "grid"
${meter}
`;
const read = (toml: string) => readSettings(household.configure(toml));
const SERIAL = 'type = "p1-serial"\npath = "/dev/ttyUSB0"';

describe("The configuration", () => {
  it("that is given as an example is whole", () => {
    copyFileSync("services/agent/agent.example.toml", household.place("agent.toml"));
    const { config, deployment } = readSettings(household.place("agent.toml"));
    expect(deployment.meters).to.equal(METERS);
    expect(config.homes[0]?.meters[0]).to.include({ type: "simulated", name: "trial" });
    expect(config.data).to.equal(household.place("wattline-agent"));
  });

  it("names its files from its own folder, and what isn't said has its usual value", () => {
    const { config } = read(good(SERIAL));
    expect(config.homes[0]).to.deep.include({
      slot_minutes: 15,
      gaps: "fill",
      connection_w: 17_250,
      device: {
        keystore: household.place("device.json"),
        password_file: household.place("device.password"),
      },
    });
    expect(config.homes[0]?.meters[0]).to.include({ baud: 115_200, path: "/dev/ttyUSB0" });
  });

  it("that is given as an example trades once its lines for that are in force", () => {
    const example = readFileSync("services/agent/agent.example.toml", "utf8");
    const lines = example.split("\n");
    const first = lines.findIndex((line) => line.startsWith("# delegate ="));
    const last = lines.findIndex((line) => line.startsWith("# outage = { give_to"));
    const inForce = lines.map((line, at) =>
      at >= first && at <= last && / = |^# \[/.test(line) ? line.slice(2) : line,
    );
    writeFileSync(household.place("agent.toml"), inForce.join("\n"));
    const whole = { marketplace: METERS, energy: METERS, fromBlock: 0 } as const;
    household.deployment({ chainId: 31_337, meters: METERS, ...whole });
    const { config } = readSettings(household.place("agent.toml"));
    expect(config.homes[0]?.trading).to.deep.include({
      floor: "0.10",
      settler: "anyone",
      forward: { bond: "0.05", hours: 24, confidence: 0.8 },
    });
    household.deployment({ chainId: 31_337, meters: METERS });
    expect(() => readSettings(household.place("agent.toml"))).to.throw(
      "lacks marketplace, energy, fromBlock",
    );
  });

  it("that is given as an example steers a battery once its lines for that are in force", () => {
    const example = readFileSync("services/agent/agent.example.toml", "utf8").split("\n");
    const from = (start: string, after = 0) =>
      example.findIndex((line, at) => at >= after && line.startsWith(start));
    const trades = from("# delegate =");
    const battery = from("# [homes.battery]");
    const steered = from("# [homes.battery.steering]");
    const inForce = (first: number, last: number) =>
      example
        .slice(first, last)
        .filter((line) => / = |^# \[/.test(line))
        .map((line) => line.slice(2));
    const links = example.flatMap((line, at) =>
      line === "# [homes.battery.steering.link]" ? [at] : [],
    );
    expect(links).to.have.length(4);
    household.deployment({
      chainId: 31_337,
      meters: METERS,
      marketplace: METERS,
      energy: METERS,
      fromBlock: 0,
    });
    const meters = from("[[homes.meters]]");
    for (const link of links) {
      const end = example.findIndex((line, at) => at > link && !line.startsWith("# "));
      const toml = [
        ...example.slice(0, trades),
        ...inForce(trades, from("# outage = { give_to") + 1),
        ...example.slice(meters, from("# The P1 port")),
        ...inForce(battery, steered),
        ...inForce(steered, from("# outage = { hours_ahead") + 1),
        ...inForce(link, end < 0 ? example.length : end).filter(
          (line) => !line.includes("{direction}"),
        ),
      ];
      const { config } = readSettings(household.configure(toml.join("\n")));
      expect(config.homes[0]?.battery?.steering).to.include({
        capacity_wh: 10_000,
        reserve: "10 %",
      });
    }
  });

  const TRADING =
    '[homes.trading]\nrelay = "http://x/"\nfloor = "0.1"\nceiling = "0.3"\nmost_a_day = "5"';
  const trading = (terms = TRADING): string =>
    good(SERIAL, `delegate = ${keyIn("delegate")}\n${terms}`).replace(
      "[report]",
      'rpc_url = "http://x/"\n[report]',
    );
  const STEERING =
    "[homes.battery]\nlatitude = 48\nlongitude = 10\npanels_w = 0\n[homes.battery.steering]\ncapacity_wh = 10000\npower_w = 5000";
  const SIMULATED = '[homes.battery.steering.link]\ntype = "simulated"';
  const steering = (more: string, link = SIMULATED): string =>
    trading(`${TRADING}\n${STEERING}\n${more}\n${link}`);
  const twice = (toml: string): string =>
    `${toml}\n${toml.slice(toml.indexOf("[[homes]]")).replace("Jane", "Bob")}`;
  const wrong: [what: string, toml: string, ...said: string[]][] = [
    [
      "a key that does not exist",
      good(SERIAL, "slot_minute = 15"),
      'homes.0: there is no key "slot_minute"',
    ],
    [
      "a value that is not allowed",
      good(SERIAL, "slot_minutes = 10"),
      "homes.0.slot_minutes: expected one of 5, 15, 30, 60",
    ],
    [
      "a type that does not exist",
      good('type = "zigbee"'),
      "homes.0.meters.0.type: expected type to be one of p1-serial, p1-tcp",
    ],
    [
      "an address of another kind",
      good('type = "http"\nurl = "mqtt://x"'),
      "homes.0.meters.0.url: expected an address such as http://",
    ],
    [
      "registers and power together",
      good(
        'type = "http"\nurl = "http://x/"\nimport = { unit = "Wh" }\npower = { unit = "W", positive = "import" }',
      ),
      "expected import and export (registers), or power",
    ],
    [
      "a key in half",
      good(SERIAL).replace(keyIn("device"), '{ keystore = "device.json" }'),
      "homes.0.device: expected { keystore, password_file } or { command, address }",
    ],
    [
      "two meters of one name",
      `${good(SERIAL)}[[homes.meters]]\nname = "grid"\n${SERIAL}`,
      "homes: expected meters of a home with different names",
    ],
    [
      "transactions without a node",
      good(SERIAL).replace('by = "file"', `by = "transaction"\npayer = ${keyIn("payer")}`),
      "chain.rpc_url: expected a node's address",
    ],
    [
      "trading without a delegate",
      trading().replace(/delegate = .*\n/, ""),
      "homes: expected a delegate's key for each home that trades",
    ],
    [
      "trading without a node",
      trading().replace(/rpc_url = .*\n/, ""),
      "chain.rpc_url: expected a node's address: a home that trades needs one",
    ],
    [
      "an amount that is no text",
      trading(TRADING.replace('"0.1"', "0.1")),
      'homes.0.trading.floor: an amount in quotes, such as "0.12"',
    ],
    [
      "an amount with a comma",
      trading(TRADING.replace("0.3", "0,3")),
      'homes.0.trading.ceiling: expected an amount such as "0.12"',
    ],
    [
      "a settler that is no account",
      trading(`${TRADING}\nsettler = "me"`),
      'homes.0.trading.settler: expected an address, or "anyone"',
    ],
    [
      "forwards too far ahead",
      trading(`${TRADING}\nforward = { bond = "0.1", hours = 72 }`),
      "homes.0.trading.forward.hours: Too big: expected number to be <=48",
    ],
    [
      "a battery that is steered without prices",
      good(SERIAL, `${STEERING}\n${SIMULATED}`),
      "homes: expected trading for each home whose battery the agent steers",
    ],
    [
      "a reserve beyond the battery",
      steering('reserve = "10001 Wh"'),
      "homes.0.battery.steering.reserve: expected no more than the battery's capacity",
    ],
    [
      "a reserve without a unit",
      steering('reserve = "20"'),
      'homes.0.battery.steering.reserve: expected a share or energy such as "20 %"',
    ],
    [
      "an outage that would keep more than is there",
      steering('reserve = "10 %"\noutage = { least = "20 %" }'),
      "homes.0.battery.steering.outage.least: expected no more than the reserves",
    ],
    [
      "a battery that feeds in what nobody reports",
      steering("feeds_in = true"),
      "homes: expected a battery's device where feeds_in = true",
    ],
    [
      "a battery of a kind that does not exist",
      steering("", '[homes.battery.steering.link]\ntype = "modbus"'),
      "homes.0.battery.steering.link.type: expected type to be one of mqtt, http, command, simulated",
    ],
    [
      "two homes that steer one battery",
      twice(
        steering(
          "",
          '[homes.battery.steering.link]\ntype = "command"\nread = ["battery"]\nstored = { unit = "%" }\ncommand = ["battery", "{power_w}"]',
        ),
      ),
      "homes: expected a battery of its own for each home",
    ],
    [
      "a command that does not say how much",
      steering(
        "",
        '[homes.battery.steering.link]\ntype = "mqtt"\nbroker = "mqtt://x"\nstored = { topic = "soc", unit = "%" }\ncommand = { topic = "set", payload = "on" }',
      ),
      "homes.0.battery.steering.link.command.payload: expected {power_w}, or {watts} and {direction}",
    ],
    [
      "a line that is no TOML",
      good(SERIAL).replace("microgrid = 1", "microgrid = "),
      "line 8, column",
    ],
  ];
  for (const [what, toml, ...said] of wrong) {
    it(`with ${what} is refused with file, key and what is allowed`, () => {
      for (const text of said) {
        expect(() => read(toml)).to.throw(text);
        expect(() => read(toml)).to.throw(household.place("agent.toml"));
      }
    });
  }

  it("that is not there, or whose deployment is none, says what to do", () => {
    expect(() => readSettings(household.place("nothing.toml"))).to.throw("Copy agent.example.toml");
    household.configure(good(SERIAL).replace("deployment.json", "agent.toml"));
    expect(() => readSettings(household.place("agent.toml"))).to.throw("is no deployment");
  });
});
