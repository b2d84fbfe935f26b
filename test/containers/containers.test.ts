/**
 * The container files, run without a container engine: each image is built into a clean folder, its command is started as the
 * container would start it, and its health check has to pass.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { parse } from "yaml";
import * as z from "zod";
import { builtApp } from "../../frontend/test/support/build.ts";
import { ROOT } from "../../scripts/testing/groups.ts";
import { freePort } from "../../scripts/testing/ports.ts";
import { until as untilWithin } from "../../scripts/testing/until.ts";
import { Household, keyIn, TRIAL_METER } from "../../services/agent/test/support/folder.ts";
import { type Started, startNode } from "../../services/indexer/test/support/process.ts";
import { type LocalNode, startAnvil } from "../../services/relay/test/support/node.ts";
import { createWorld } from "../../services/relay/test/support/world.ts";
import { build, type Image, STAGES } from "./image.ts";
import { LOCKED, neededBy } from "./lock.ts";

const until: typeof untilWithin = (what, ask) => untilWithin(what, ask, 180_000);

const TARGETS = ["relay", "indexer", "auctioneer", "agent", "pages"] as const;
type Target = (typeof TARGETS)[number];

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      build: z.object({ context: z.literal(".."), dockerfile: z.string(), target: z.string() }),
      read_only: z.literal(true),
      tmpfs: z.tuple([z.literal("/tmp")]),
      cap_drop: z.tuple([z.literal("ALL")]),
      environment: z.record(z.string(), z.string()).default({}),
      volumes: z.array(z.string()),
      ports: z.array(z.string()),
      depends_on: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
  volumes: z.record(z.string(), z.null()),
});
const COMPOSE = composeSchema.parse(
  parse(readFileSync(path.join(ROOT, "deploy/compose.yml"), "utf8"), { merge: true }),
);

/** What a part finds in its container: where that is on the machine, and where it is there. */
const mountsOf = (part: string): [from: string, to: string][] =>
  (COMPOSE.services[part]?.volumes ?? []).map((volume) => {
    const [from = "", to = ""] = volume.replace(/\$\{[^}]*\}/g, "FOLDER").split(":");
    return [from, to];
  });

describe("The containers", function () {
  this.timeout(900_000);
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-images-"));
  const started: Started[] = [];
  const ports = new Map<number, number>();
  const images = new Map<Target, Image>();
  let node: LocalNode;
  let files: Household;
  let deployment = "";

  before(async () => {
    node = await startAnvil();
    const world = await createWorld(node.rpcUrl);
    deployment = JSON.stringify(world.deployment);
    files = new Household();
    for (const name of ["sender", "device"]) await files.key(name);
    for (const target of TARGETS) {
      const image = await build(target, path.join(folder, target), builtApp);
      images.set(target, image);
      for (const port of image.ports) ports.set(port, await freePort());
    }
  });
  after(async () => {
    for (const each of started) await each.stop("SIGKILL");
    files?.remove();
    rmSync(folder, { recursive: true, force: true });
    await node?.stop();
  });

  it("are composed of images, ports and folders that the images have", () => {
    expect(Object.keys(COMPOSE.services).sort()).to.deep.equal([...TARGETS].sort());
    for (const [name, service] of Object.entries(COMPOSE.services)) {
      const { target, dockerfile } = service.build;
      expect(STAGES.has(target), target).to.equal(true);
      expect(existsSync(path.join(ROOT, dockerfile)), dockerfile).to.equal(true);
      const image = imageOf(name);
      for (const port of service.ports)
        expect(image.ports).to.include(Number(port.split(":").at(-1)));
      for (const [from, to] of mountsOf(name)) {
        expect([...image.volumes, "/config"], name).to.include(to);
        if (!from.startsWith("FOLDER")) expect(COMPOSE.volumes).to.have.property(from);
      }
      for (const other of Object.keys(service.depends_on))
        expect(COMPOSE.services).to.have.property(other);
    }
  });

  for (const target of TARGETS) {
    it(`run the ${target}, without root and writing nowhere but in its data`, async () => {
      const image = imageOf(target);
      expect(image.user).to.equal("node");
      configure(target, image);
      const before = filesIn(image.root);
      const [program = "", ...args] = image.command.map((word) => here(image, word));
      expect(program).to.equal("node");
      const [cwd, env] = [path.join(image.root, image.workdir), environmentOf(target, image)];
      const service = startNode(args, env, cwd);
      started.push(service);
      await until(`the ${target} is healthy`, () => {
        if (service.child.exitCode !== null) throw new Error(service.lines.join("\n"));
        const [, ...check] = image.health.map((word) => here(image, word));
        return spawnSync(process.execPath, check, { env, cwd }).status === 0;
      });
      expect(filesIn(image.root)).to.deep.equal(before);
      if (target === "pages") await expectPages();
      // The auctioneer reads the relay's book meanwhile.
      if (target === "relay") return;
      await service.stop();
      expect(service.child.exitCode, service.lines.join("\n")).to.equal(0);
    });
  }

  async function expectPages(): Promise<void> {
    const url = `http://127.0.0.1:${ports.get(8080)}`;
    const page = await fetch(`${url}/market?slot=1`);
    expect(await page.text()).to.contain('<div id="root">');
    expect(page.headers.get("content-security-policy")).to.contain("script-src 'self'");
    expect(await (await fetch(`${url}/wattline.json`)).json()).to.deep.equal({ networks: [] });
    expect((await fetch(`${url}/no-such.js`)).status).to.equal(404);
    expect((await fetch(`${url}/%2e%2e/%2e%2e/deploy/pages.ts`)).status).to.equal(404);
    const [, script = ""] = /src="(\/[\w./-]+\.js)"/.exec(await (await fetch(url)).text()) ?? [];
    const loaded = await fetch(`${url}${script}`);
    expect(loaded.headers.get("content-type")).to.contain("text/javascript");
    expect(loaded.headers.get("content-encoding")).to.equal("gzip");
  }

  function imageOf(target: string): Image {
    const image = images.get(target as Target);
    if (image === undefined) throw new Error(`There is no image of ${target}.`);
    return image;
  }

  /** A word of a command or of the environment with this machine's ports, and paths in the image's folder. */
  function here({ root }: Image, word: string): string {
    const place = /^\/(config|data)\b/.test(word) ? `${root}${word}` : word;
    return place.replace(/\b\d{4,5}\b/g, (port) => `${ports.get(Number(port)) ?? port}`);
  }

  function environmentOf(target: Target, image: Image): Record<string, string> {
    const ours = Object.entries(COMPOSE.services[target]?.environment ?? {}).map(
      ([name, value]) =>
        [
          name,
          value.startsWith("${WATTLINE_RPC_URL") ? node.rpcUrl : value.replace(/^\$\{.*\}$/, ""),
        ] as const,
    );
    const { PATH = "" } = process.env;
    const given = Object.entries({ ...image.env, ...Object.fromEntries(ours) });
    return {
      PATH,
      DATABASE_URL: "",
      ...Object.fromEntries(given.map(([name, value]) => [name, here(image, value)])),
    };
  }

  /** What its folder of the community, or of the home, has. */
  function configure(target: Target, image: Image): void {
    const [config, data] = [path.join(image.root, "config"), path.join(image.root, "data")];
    if (mountsOf(target).some(([, to]) => to === "/config")) {
      mkdirSync(config, { recursive: true });
      writeFileSync(path.join(config, "deployment.json"), deployment);
      writeFileSync(path.join(config, "wattline.json"), JSON.stringify({ networks: [] }));
    }
    if (target !== "auctioneer" && target !== "agent") return;
    for (const name of globSync("*.{json,password}", { cwd: files.folder })) {
      cpSync(files.place(name), path.join(data, name));
    }
    if (target === "auctioneer") {
      const text = readFileSync(path.join(ROOT, "deploy/auctioneer.toml"), "utf8")
        .replace("http://127.0.0.1:8545", node.rpcUrl)
        .replace("/config/", `${config}/`)
        .replace("http://relay:", "http://127.0.0.1:");
      writeFileSync(path.join(data, "auctioneer.toml"), here(image, text));
      return;
    }
    writeFileSync(path.join(data, "deployment.json"), deployment);
    const text = `
data = "agent"
[chain]
deployment = "deployment.json"
rpc_url = "${node.rpcUrl}"
[report]
by = "file"
file = "readings.json"
[page]
host = "0.0.0.0"
port = 8580
[[homes]]
name = "Jane"
microgrid = 1
capacity_w = 10000
device = ${keyIn("device")}
${TRIAL_METER}`;
    writeFileSync(path.join(data, "agent.toml"), text.replace("8580", `${ports.get(8_580)}`));
  }
});

/** The files of an image that its process has to leave as they are, with their times. */
const filesIn = (root: string): Record<string, number> =>
  Object.fromEntries(
    globSync("**/*", { cwd: root, exclude: ["data/**", "**/node_modules/**/*"] })
      .map((file) => [file, lstatSync(path.join(root, file))] as const)
      .filter(([, stat]) => stat.isFile())
      .map(([file, stat]) => [file, stat.mtimeMs]),
  );

describe("The agent on a Raspberry Pi", () => {
  it("finds all that is compiled for its processor in the lock file", () => {
    const needed = neededBy("services/agent");
    for (const place of needed.filter((each) => each.includes("linux-x64"))) {
      const ours = place.replace("linux-x64", "linux-arm64");
      expect(LOCKED[ours]?.integrity, ours).to.match(/^sha512-/);
    }
    const withBinaries = needed.filter((place) => existsSync(path.join(ROOT, place, "prebuilds")));
    expect(withBinaries).to.include("node_modules/@serialport/bindings-cpp");
    for (const place of withBinaries) {
      const found = globSync("prebuilds/linux-arm64/*.node", { cwd: path.join(ROOT, place) });
      expect(found, place).not.to.be.empty;
    }
    // What compiles when it is installed takes a compiler, unless its binaries came with it.
    const compiling = needed.filter((place) => LOCKED[place]?.hasInstallScript === true);
    expect(compiling).to.deep.equal(withBinaries);
  });

  it("starts at boot by the command that its container has", () => {
    const unit = readFileSync(path.join(ROOT, "deploy/wattline-agent.service"), "utf8");
    const [, command = ""] = /^ExecStart=\/usr\/bin\/env (.*)$/m.exec(unit) ?? [];
    const [, container = ""] =
      /^CMD (.*agent.*)$/m.exec(
        STAGES.get("agent")
          ?.steps.map(({ keyword, rest }) => `${keyword} ${rest}`)
          .join("\n") ?? "",
      ) ?? [];
    expect(command.split(" ")).to.deep.equal(
      JSON.parse(container).map((word: string) => word.replace("/data/", "/var/lib/wattline/")),
    );
    expect(unit)
      .to.match(/^ReadWritePaths=\/var\/lib\/wattline$/m)
      .and.to.match(/^User=wattline$/m);
    const guide = readFileSync(path.join(ROOT, "services/agent/README.md"), "utf8");
    expect(guide).to.contain("npm ci --omit=dev --workspace services/agent");
    expect(guide).to.contain("deploy/wattline-agent.service");
  });

  it("has a unit that systemd takes, where there is one to ask", function () {
    const unit = path.join(ROOT, "deploy/wattline-agent.service");
    if (spawnSync("systemd-analyze", ["--version"]).status !== 0) this.skip();
    const { stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
    expect(stderr).not.to.match(/wattline-agent\.service:\d+:/);
  });
});
