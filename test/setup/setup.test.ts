import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";

const scripts = fileURLToPath(new URL("../../scripts", import.meta.url));
const platform = `${process.platform}-${process.arch}`;
const version = process.versions.node;

/** Stands in for npm: notes how it was called, then installs, fails or hangs as the test asks. */
const FAKE_NPM = `
const { appendFileSync, mkdirSync, symlinkSync, rmSync, writeFileSync } = require("node:fs");
appendFileSync("calls", process.argv.slice(2).join(" ") + "\\n");
rmSync("node_modules", { recursive: true, force: true });
const [outcome, detail] = process.env.FAKE_NPM.split(" ");
if (outcome === "fail") {
  writeFileSync(process.env.npm_config_logs_dir + "/debug.log", "12 error code " + detail + "\\n");
  process.exit(1);
}
mkdirSync("node_modules/.bin", { recursive: true });
if (outcome === "hang") setInterval(() => {}, 1000);
else {
  if (process.platform === "win32") throw new Error("This stand-in needs symbolic links.");
  symlinkSync(process.execPath, "node_modules/.bin/node");
  mkdirSync("node_modules/@nomicfoundation/edr", { recursive: true });
  const source = outcome === "break" ? "throw new Error('no native binding')" : "module.exports = {}";
  writeFileSync("node_modules/@nomicfoundation/edr/index.js", source);
  const packages = { "node_modules/@nomicfoundation/edr": { version: "1.0.0" } };
  writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages }));
}
`;

describe("setup", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "wattline-setup-"));
    cpSync(join(scripts, "setup.mjs"), join(root, "scripts", "setup.mjs"));
    cpSync(join(scripts, "setup"), join(root, "scripts", "setup"), { recursive: true });
    writeFileSync(join(root, "npm-cli.js"), FAKE_NPM);
    writePackage({ devDependencies: { node: version } });
    writeLock(`${platform}-gnu`);
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("installs once, and then does nothing", () => {
    expect(setup().status).to.equal(0);
    const second = setup();
    expect(second.status).to.equal(0);
    expect(second.stderr).to.equal("");
    expect(calls()).to.deep.equal(["ci --include=dev --include=optional"]);
  });

  it("says what it is doing before it installs", () => {
    expect(setup().stderr).to.match(/^Installing Wattline's tools under Node \S+, once: /);
  });

  it("installs under the newer Node when its own is too old for Hardhat", () => {
    expect(setup({ node: "20.20.2" }).status).to.equal(0);
    expect(calls()).to.deep.equal([
      `exec --yes --package=node@${version} -- node ${join(root, "npm-cli.js")} ci --include=dev --include=optional`,
    ]);
  });

  it("installs again when a dependency changes, but not when a script does", () => {
    setup();
    writePackage({ devDependencies: { node: version }, scripts: { hello: "echo" } });
    setup();
    expect(calls()).to.have.length(1);
    writePackage({ devDependencies: { node: version, chai: "6.3.0" } });
    rmSync(join(root, "node_modules", ".package-lock.json"));
    setup();
    expect(calls()).to.have.length(2);
  });

  it("accepts what a developer installed by hand", () => {
    setup();
    rmSync(stamp());
    expect(setup().stderr).to.equal("");
    expect(calls()).to.have.length(1);
  });

  it("installs again when the lock gains a library that only a workspace has", () => {
    setup();
    writeLock(`${platform}-gnu`, { "sdk/node_modules/zod": { version: "4.0.0" } });
    setup();
    expect(calls()).to.have.length(2);
  });

  it("mends a node_modules whose native package does not load", () => {
    setup({ npm: "break" });
    expect(setup().status).to.equal(0);
    expect(calls()).to.have.length(2);
  });

  for (const code of ["ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN"]) {
    it(`says that no registry can be reached on ${code}`, () => {
      expectRefusal(setup({ npm: `fail ${code}` }), `No npm registry can be reached (${code})`);
    });
  }

  it("says that the disk is full", () => {
    expectRefusal(setup({ npm: "fail ENOSPC" }), "The disk is full");
  });

  it("says that the lock file is out of date", () => {
    expectRefusal(setup({ npm: "fail EUSAGE" }), "package-lock.json does not match package.json");
  });

  it("points at npm's own words when it does not know better", () => {
    expectRefusal(setup({ npm: "fail E418" }), "npm could not install Wattline's tools");
  });

  it("says that the native package does not load", () => {
    expectRefusal(setup({ npm: "break" }), `Hardhat's native package for ${platform}`);
  });

  it("says that npm is missing", () => {
    expectRefusal(setup({ env: { npm_execpath: "", PATH: root } }), "npm is missing");
  });

  it("refuses a Node that is too old", () => {
    const result = setup({ node: "16.20.2" });
    expectRefusal(result, "Node 16.20.2 is too old for Wattline");
    expect(existsSync(join(root, "calls"))).to.equal(false);
  });

  it("refuses a platform without Hardhat's native package, and lists the others", () => {
    writeLock("sunos-sparc");
    expectRefusal(setup(), `Hardhat does not run on ${platform}: use a machine with one of sunos`);
  });

  it("leaves neither npm nor a stamp behind when interrupted, and starts afresh", async () => {
    const child = spawn(process.execPath, ["scripts/setup.mjs"], options({ npm: "hang" }));
    await until(() => existsSync(join(root, "node_modules", ".bin")));
    const npm = readdirSync(join(root, ".wattline", "setup", "lock")).find((id) =>
      id.endsWith("."),
    );
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
    expect(child.exitCode).to.equal(143);
    expect(isRunning(Number.parseInt(npm ?? "", 10))).to.equal(false);
    expect(existsSync(stamp())).to.equal(false);
    expect(setup().status).to.equal(0);
    expect(readdirSync(join(root, ".wattline", "setup"))).to.deep.equal([]);
  });

  it("installs once when started twice", async () => {
    const both = [1, 2].map(() => spawn(process.execPath, ["scripts/setup.mjs"], options({})));
    const codes = await Promise.all(
      both.map((child) => new Promise((resolve) => child.once("exit", resolve))),
    );
    expect(codes).to.deep.equal([0, 0]);
    expect(calls()).to.have.length(1);
  });

  it("does not wait for a setup that is gone", () => {
    const gone = spawnSync(process.execPath, ["--version"]).pid;
    const lock = join(root, ".wattline", "setup", "lock");
    mkdirSync(lock, { recursive: true });
    writeFileSync(join(lock, `${gone}.1`), "");
    expect(setup().status).to.equal(0);
    expect(existsSync(lock)).to.equal(false);
  });

  interface Circumstances {
    /** What the stand-in for npm does: install, break, hang or fail with a code. */
    npm?: string;
    env?: NodeJS.ProcessEnv;
    /** The version of Node that setup believes it runs on. */
    node?: string;
  }

  function setup(circumstances: Circumstances = {}): SpawnSyncReturns<string> {
    const { node = version } = circumstances;
    const pretend = `Object.defineProperty(process, "versions", { value: { node: "${node}" } })`;
    const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
    return spawnSync(process.execPath, ["--import", preload, "scripts/setup.mjs"], {
      ...options(circumstances),
      encoding: "utf8",
    });
  }

  function options({ npm = "install", env = {} }: Circumstances) {
    const npmScript = join(root, "npm-cli.js");
    return {
      cwd: root,
      env: { ...process.env, npm_execpath: npmScript, FAKE_NPM: npm, ...env },
    };
  }

  function writePackage(content: object): void {
    writeFileSync(join(root, "package.json"), JSON.stringify(content));
  }

  function writeLock(edrPlatform: string, more: Readonly<Record<string, unknown>> = {}): void {
    const packages = {
      "": { devDependencies: { node: version } },
      "node_modules/@nomicfoundation/edr": {
        version: "1.0.0",
        optionalDependencies: { [`@nomicfoundation/edr-${edrPlatform}`]: "1.0.0" },
      },
      ...more,
    };
    writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
  }

  function calls(): string[] {
    return readFileSync(join(root, "calls"), "utf8").trim().split("\n");
  }

  function stamp(): string {
    return join(root, "node_modules", ".wattline-setup");
  }

  function expectRefusal(result: SpawnSyncReturns<string>, sentence: string): void {
    expect(result.status).to.equal(1);
    expect(result.stderr.trim().split("\n").at(-1)).to.include(sentence);
    expect(existsSync(stamp())).to.equal(false);
  }
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}
