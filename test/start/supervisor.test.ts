import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { logOf } from "../../scripts/start/log.ts";
import type { PartSpec } from "../../scripts/start/part.ts";
import { PartError, Supervisor } from "../../scripts/start/supervisor.ts";
import { freePorts } from "../../scripts/testing/ports.ts";
import { until } from "../../scripts/testing/until.ts";
import { isAlive, isListening } from "./support.ts";

const script = fileURLToPath(new URL("parts/part.ts", import.meta.url));
const IMPATIENT = { firstPauseMs: 20, longestPauseMs: 50, lookMs: 50, looks: 3, stopMs: 300 };

describe("The supervisor of npm start", () => {
  let ports: number[] = [];
  let lines: string[] = [];
  let supervisor: Supervisor | undefined;

  beforeEach(async () => {
    ports = await freePorts(2);
    lines = [];
  });
  afterEach(() => supervisor?.stop());

  const portOf = (index: number): number => ports[index] ?? 0;

  async function ask(index: number, path = ""): Promise<{ pid: number; child?: number }> {
    const response = await fetch(`http://127.0.0.1:${portOf(index)}${path}`);
    const answer: { pid: number; child?: number } = JSON.parse(await response.text());
    return answer;
  }

  const part = (name: string, index: number, habit?: string): PartSpec => ({
    name,
    script,
    args: [String(portOf(index)), ...(habit === undefined ? [] : [habit])],
    needs: [],
    async check(signal) {
      const response = await fetch(`http://127.0.0.1:${portOf(index)}`, { signal });
      if (!response.ok) throw new Error("not yet");
    },
    startSeconds: 20,
    whenDead: "restart",
  });

  function supervise(...specs: PartSpec[]): Supervisor {
    const log = logOf(
      specs.map(({ name }) => name),
      (line) => lines.push(line),
    );
    supervisor = new Supervisor(specs, log, IMPATIENT);
    return supervisor;
  }

  const says = (text: string): boolean => lines.some((line) => line.includes(text));

  it("starts a part when those that it needs answer, and logs with part names", async () => {
    const { missing } = await supervise(
      { ...part("second", 1), needs: ["first"] },
      part("first", 0),
    ).start();
    expect(missing).to.deep.equal([]);
    const order = ["first  │ ready", "second │ listening as usual", "second │ ready"];
    expect(lines.filter((line) => order.includes(line))).to.deep.equal(order);
  });

  it("names a part that has ended, and restarts it", async () => {
    await supervise(part("first", 0)).start();
    const { pid } = await ask(0);
    process.kill(pid, "SIGKILL");
    await until("it answers again", () => says("first │ answers again"));
    expect(says("first │ has ended (SIGKILL); restarting it")).to.equal(true);
    expect((await ask(0)).pid).not.to.equal(pid);
  });

  it("names a part that no longer answers, and restarts it", async () => {
    await supervise(part("first", 0)).start();
    const { pid } = await ask(0, "/mute");
    await until("it answers again", () => says("first │ answers again"));
    expect(says("first │ does not answer")).to.equal(true);
    expect((await ask(0)).pid).not.to.equal(pid);
  });

  it("gives up a part that never answers, and those that need it; the rest continues", async () => {
    const { missing } = await supervise(part("first", 0), part("sick", 1, "die"), {
      ...part("third", 1),
      needs: ["sick"],
    }).start();
    expect(missing).to.deep.equal(["sick", "third"]);
    expect(says("sick  │ I can't go on.")).to.equal(true);
    expect(says("sick  │ is given up: it ended 3 times (exit code 3)")).to.equal(true);
    expect(says("third │ is given up: it needs sick")).to.equal(true);
    expect((await ask(0)).pid).to.be.above(0);
  });

  it("fails when a necessary part ends", async () => {
    const { over } = await supervise({ ...part("first", 0), whenDead: "stop" }).start();
    process.kill((await ask(0)).pid, "SIGKILL");
    const error = await over.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(PartError);
    expect(String(error)).to.contain("The first has ended (SIGKILL)");
  });

  it("fails when a necessary part can't be started", async () => {
    const error = await supervise({ ...part("sick", 0, "die"), whenDead: "stop" })
      .start()
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(PartError);
    expect(String(error)).to.contain("The sick has ended (exit code 3)");
  });

  it("continues without a part that is not restarted", async () => {
    await supervise(part("first", 0), { ...part("second", 1), whenDead: "go on" }).start();
    process.kill((await ask(1)).pid, "SIGKILL");
    await until("it is named", () => says("second │ has ended (SIGKILL); the rest continues"));
    expect((await ask(0)).pid).to.be.above(0);
  });

  it("stops all parts, also unresponsive ones and their children", async () => {
    const stack = supervise(part("first", 0, "stubborn"), part("second", 1, "parent"));
    await stack.start();
    const [first, second] = [await ask(0), await ask(1)];
    await stack.stop();
    for (const pid of [first.pid, second.pid, second.child ?? process.pid]) {
      await until(`process ${pid} ends`, () => !isAlive(pid));
    }
    for (const port of ports) expect(await isListening(port), String(port)).to.equal(false);
  });

  it("stops while parts are still starting, and starts none after that", async () => {
    const stack = supervise(part("first", 0, "mute"), { ...part("second", 1), needs: ["first"] });
    void stack.start();
    await until("the first listens", () => says("first  │ listening"));
    await stack.stop();
    expect(says("second │")).to.equal(false);
    expect(await isListening(portOf(0))).to.equal(false);
  });
});
