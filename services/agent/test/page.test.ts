import { once } from "node:events";
import { createServer } from "node:net";
import { Aedes } from "aedes";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { freePort } from "../../../scripts/testing/ports.ts";
import { until } from "../../../scripts/testing/until.ts";
import { type RunningAgent, startAgent } from "../src/agent.ts";
import { readSettings } from "../src/config/read.ts";
import { Household, keyIn, TRIAL_METER } from "./support/folder.ts";

const METERS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

let household: Household;
let agent: RunningAgent | undefined;
let lines: string[];
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  household = new Household();
  household.deployment({ chainId: 31_337, meters: METERS });
  await household.key("device");
  lines = [];
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  for (const close of closing.splice(0)) await close();
  household.remove();
});

const toml = (more: string): string => `
data = "data"
[chain]
deployment = "deployment.json"
[report]
by = "file"
${more}
[[homes]]
name = "Jane <script>"
microgrid = 1
device = ${keyIn("device")}
${TRIAL_METER}`;

async function start(more: string): Promise<void> {
  const settings = readSettings(household.configure(toml(more)));
  agent = await startAgent(settings, { report: (line) => lines.push(line) });
}

describe("The agent's page", () => {
  let url: string;
  const page = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { redirect: "manual", ...init });
  const pair = (code: string) =>
    page("/pair", { method: "POST", body: new URLSearchParams({ code }) });
  const codeShown = (): string => /with the code (\d{8})/.exec(lines.join("\n"))?.[1] ?? "";

  beforeEach(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    await start(`[page]\nport = ${port}`);
  });

  it("shows strangers nothing but the form to pair", async () => {
    for (const path of ["/", "/export.json?home=Jane%20%3Cscript%3E", "/anything"]) {
      const answer = await page(path);
      expect(answer.status, path).to.equal(401);
      const text = await answer.text();
      expect(text).to.contain("Pair with the home agent").and.not.contain("Jane");
    }
    expect((await page("/", { headers: { cookie: "wattline-agent=guess" } })).status).to.equal(401);
  });

  it("shows readings to a browser that was given the code, which serves once", async () => {
    const code = codeShown();
    const answer = await pair(`${code.slice(0, 4)} ${code.slice(4)}`);
    expect(answer.status).to.equal(303);
    const cookie = answer.headers.get("set-cookie") ?? "";
    expect(cookie).to.contain("HttpOnly").and.contain("SameSite=Strict");
    const headers = { cookie: cookie.split(";")[0] ?? "" };
    const text = await (await page("/", { headers })).text();
    expect(text)
      .to.contain("Exported today")
      .and.contain("trial")
      .and.contain("Jane &lt;script&gt;");
    const file = await (await page("/export.json?home=Jane%20%3Cscript%3E", { headers })).json();
    expect(file).to.include({ chainId: 31_337, slotSeconds: 900 });
    expect((await pair(code)).status).to.equal(403);
  });

  it("keeps a browser paired when the agent starts again", async () => {
    const cookie = (await pair(codeShown())).headers.get("set-cookie")?.split(";")[0] ?? "";
    await agent?.stop();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    await start(`[page]\nport = ${port}`);
    expect((await page("/", { headers: { cookie } })).status).to.equal(200);
  });

  it("has another code after five wrong ones", async () => {
    for (let i = 0; i < 5; i++) expect((await pair("1234567x")).status).to.equal(403);
    expect((await pair(codeShown())).status).to.equal(403);
  });

  it("shows anybody the limits that a link hands over, and takes them from a paired browser only", async () => {
    const limits = { home: "Nobody's", floor: "0.10", ceiling: "0.28", most_a_day: "5.00" };
    const path = `/limits?${new URLSearchParams(limits)}`;
    const asked = await (await page(path)).text();
    expect(asked).to.contain("Sell surplus not below").and.contain("0.28 per kWh");
    expect((await page("/limits?home=x&floor=cheap")).status).to.equal(400);
    const post = (headers: Record<string, string>) =>
      page("/limits", { method: "POST", headers, body: new URLSearchParams(limits) });
    const stranger = await post({});
    expect(stranger.status).to.equal(401);
    const next = /name="next" value="([^"]+)"/.exec(await stranger.text())?.[1] ?? "";
    const paired = await page("/pair", {
      method: "POST",
      body: new URLSearchParams({ code: codeShown(), next: next.replaceAll("&amp;", "&") }),
    });
    expect(paired.headers.get("location")).to.equal(path);
    const cookie = paired.headers.get("set-cookie")?.split(";")[0] ?? "";
    // It has no home that trades.
    expect((await post({ cookie })).status).to.equal(404);
  });

  it("has metrics for this machine", async () => {
    await until("it has read", () => agent?.homes[0]?.status()[0]?.lastMs !== undefined);
    const text = await (await page("/metrics")).text();
    expect(text).to.contain(
      'wattline_agent_register_wh{home="Jane <script>",meter="trial",direction="import"}',
    );
    expect(text).to.contain("wattline_agent_waiting_blocks");
  });
});

describe("Home Assistant", () => {
  it("finds the sensors, and hears when the agent goes", async () => {
    const broker = await Aedes.createBroker();
    const server = createServer(broker.handle);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closing.push(
      () => new Promise<void>((resolve) => broker.close(() => resolve())),
      () => new Promise((resolve) => server.close(resolve)),
    );
    const messages = new Map<string, string>();
    broker.on("publish", ({ topic, payload }) => messages.set(topic, payload.toString()));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : "";
    await start(`[home_assistant]\nbroker = "mqtt://127.0.0.1:${port}"`);
    const find = (end: string) => [...messages].find(([topic]) => topic.endsWith(end));
    await until("the sensors are announced", () => find("/state/config") && find("/exported"));
    const [topic = "", description = "{}"] = find("/exported/config") ?? [];
    expect(topic).to.match(/^homeassistant\/sensor\/wattline_[0-9a-f]{10}\/exported\/config$/);
    const sensor = JSON.parse(description);
    expect(sensor).to.include({
      device_class: "energy",
      state_class: "total_increasing",
      unit_of_measurement: "kWh",
    });
    expect(messages.get(sensor.state_topic)).to.match(/^\d+\.\d{3}$/);
    expect(messages.get(sensor.availability_topic)).to.equal("online");
    await agent?.stop();
    agent = undefined;
    await until("it is told", () => messages.get(sensor.availability_topic) === "offline");
  });
});
