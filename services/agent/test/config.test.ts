import { copyFileSync } from "node:fs";
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
