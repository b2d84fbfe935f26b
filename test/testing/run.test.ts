import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { until } from "../../scripts/testing/until.ts";
import { isAlive } from "../start/support.ts";

const RUN_STEPS = path.join(import.meta.dirname, "support/runSteps.ts");
const TEST = path.join(import.meta.dirname, "../../scripts/test.ts");
const SMALL = "sdk/test/bills.test.ts";

interface Ran {
  readonly code: number;
  readonly said: string;
}

/** Runs a script to its end. */
function runScript(script: string, ...args: string[]): Promise<Ran> {
  const env = { ...process.env, NO_COLOR: "1" };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { env }, (error, stdout, stderr) => {
      const said = stripVTControlCharacters(stdout + stderr);
      resolve({ code: Number(error?.code ?? 0), said });
    });
  });
}

type Listed = readonly [name: string, command: string, after?: readonly string[]];

const stepsOf = (...steps: Listed[]): string =>
  JSON.stringify(steps.map(([name, command, after = []]) => [name, command, after]));

describe("The steps of npm test", function () {
  this.timeout(180_000);
  let folder = "";
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "wattline-steps-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("show the output of each as a whole, whichever ends first", async () => {
    const lines = (who: string) => `for i in 1 2 3; do echo ${who} $i; sleep 0.05; done`;
    const { said } = await runScript(RUN_STEPS, stepsOf(["A", lines("a")], ["B", lines("b")]));
    expect(said).to.contain("A\na 1\na 2\na 3\nA: passed");
    expect(said).to.contain("B\nb 1\nb 2\nb 3\nB: passed");
    expect(said.trim().split("\n").at(-1)).to.equal("2 passed, 0 failed");
  });

  it("wait for what they need, and are named when that fails", async () => {
    const made = path.join(folder, "made");
    const { said } = await runScript(
      RUN_STEPS,
      stepsOf(
        ["Build", `sleep 0.2; touch ${made}`],
        ["Broken", "echo it broke; exit 3"],
        ["Uses the build", `test -e ${made}`, ["Build"]],
        ["Uses what is broken", "true", ["Broken"]],
        ["Uses that in turn", "true", ["Uses what is broken"]],
      ),
    );
    expect(said).to.contain("Uses the build: passed");
    expect(said.indexOf("it broke\nBroken: failed"), "shown last").to.be.greaterThan(
      said.indexOf("Uses the build: passed"),
    );
    expect(said).to.contain("Failed: Broken");
    expect(said).to.contain("has failed: Uses what is broken, Uses that in turn");
    expect(said.trim().split("\n").at(-1)).to.equal("2 passed, 1 failed");
  });

  it("leave no process behind when they are interrupted", async () => {
    const [first, second] = [path.join(folder, "first"), path.join(folder, "second")];
    // The shell starts a process of its own, which ignores what would end it.
    const stubborn = (file: string) =>
      `sh -c 'trap "" INT TERM; echo $$ > ${file}; while :; do sleep 0.1; done' & wait`;
    const child = spawn(
      process.execPath,
      [RUN_STEPS, stepsOf(["One", stubborn(first)], ["Two", stubborn(second)], ["Three", "true"])],
      { stdio: "ignore" },
    );
    const ended = once(child, "exit");
    while (!existsSync(first) && !existsSync(second)) await sleep(20);
    await sleep(100);
    child.kill("SIGINT");
    expect(await ended).to.deep.equal([130, null]);
    for (const file of [first, second].filter((one) => existsSync(one))) {
      const pid = Number(readFileSync(file, "utf8"));
      if (pid > 0) await until(`process ${pid} ends`, () => !isAlive(pid));
    }
  });
});

describe("npm test -- PATH", function () {
  this.timeout(180_000);

  it("runs one file, and with -g some of its tests", async () => {
    const whole = await runScript(TEST, SMALL);
    expect(whole.said.trim().split("\n").at(-1)).to.equal("4 passed, 0 failed");
    const { code, said } = await runScript(TEST, SMALL, "-g", "are a loss");
    expect([code, said.trim().split("\n").at(-1)]).to.deep.equal([0, "1 passed, 0 failed"]);
  });

  it("fails when no test has the words", async () => {
    const { code, said } = await runScript(TEST, SMALL, "-g", "no such words");
    expect(code).to.equal(1);
    expect(said).to.contain('No test there has "no such words" in its title.');
  });

  it("says what is wrong with a path or an option, and runs nothing", async () => {
    for (const [args, words] of [
      [["sdk/test/bill.test.ts"], `does not exist. Was it ${SMALL}?`],
      [["sdk/test/zzz.test.ts"], "does not exist. Give the path of a test file"],
      [["sdk/src/bills.ts"], "is not a test file that npm test runs"],
      [["sdk/src"], "is a folder without tests"],
      [["--foo"], "Unknown option '--foo'"],
      [["-g", "words"], "npm test -- PATH -g WORDS"],
      [["--watch"], "npm test -- PATH --watch"],
    ] as const) {
      const { code, said } = await runScript(TEST, ...args);
      expect(code, said).to.equal(2);
      expect(said).to.contain(words);
      expect(said).not.to.contain("passed");
    }
  });
});
