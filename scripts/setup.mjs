/**
 * Makes node_modules match package-lock.json before any other script runs, so that `npm start` or
 * `npm test` is the only command that a newcomer needs. Runs on Node 18 and without dependencies,
 * because nothing is installed yet.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isOlderThan } from "./setup/node.mjs";
import { npmCi } from "./setup/npm.mjs";
import { Refusal } from "./setup/refusal.mjs";
import { takeTurn } from "./setup/turn.mjs";

const OLDEST_NODE = "18.0.0";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const stamp = join(modules, ".wattline-setup");
const platform = `${process.platform}-${process.arch}`;

try {
  refuseOldNode();
  await setUp();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function setUp() {
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  const { packages } = JSON.parse(lockText);
  const wanted = fingerprint(lockText, packages);
  if (isStamped(wanted)) return;

  refuseUnsupportedPlatform(packages);
  const turn = await takeTurn(join(root, ".wattline", "setup"));
  try {
    if (isStamped(wanted)) return;
    await installUnlessDone(packages, turn);
    writeFileSync(stamp, wanted);
  } finally {
    turn.end();
  }
}

async function installUnlessDone(packages, turn) {
  const nodeVersion = packages[""].devDependencies.node;
  if (matchesLock(packages) && whatIsBroken(nodeVersion) === undefined) return;

  console.error(
    `Installing Wattline's tools under Node ${nodeVersion}, once: usually a minute, a few on a slow connection.`,
  );
  await npmCi(root, nodeVersion, turn);
  const broken = whatIsBroken(nodeVersion);
  if (broken) throw new Refusal(broken);
}

function refuseOldNode() {
  if (isOlderThan(OLDEST_NODE)) {
    throw new Refusal(
      `Node ${process.versions.node} is too old for Wattline: install Node 20 or later from nodejs.org.`,
    );
  }
}

function refuseUnsupportedPlatform(packages) {
  const edr = "@nomicfoundation/edr";
  const { optionalDependencies } = packages[`node_modules/${edr}`];
  const supported = Object.keys(optionalDependencies).map((name) => name.slice(edr.length + 1));
  if (!supported.some((name) => name === platform || name.startsWith(`${platform}-`))) {
    throw new Refusal(
      `Hardhat does not run on ${platform}: use a machine with one of ${supported.join(", ")}.`,
    );
  }
}

/** Removes the npm scripts from our package.json files: changing one does not require an install. */
function fingerprint(lockText, packages) {
  const wishes = Object.keys(packages)
    .filter((path) => !path.includes("node_modules/"))
    .map((path) => readJson(root, path, "package.json"))
    .map(({ dependencies, devDependencies, overrides, workspaces, allowScripts }) => {
      return { dependencies, devDependencies, overrides, workspaces, allowScripts };
    });
  const everything = [platform, lockText, JSON.stringify(wishes)].join("\n");
  return createHash("sha256").update(everything).digest("hex");
}

function isStamped(wanted) {
  try {
    return readFileSync(stamp, "utf8") === wanted;
  } catch {
    return false;
  }
}

/**
 * Avoids a second install after `npm install`, by the list that npm writes. A workspace's own copies of libraries count,
 * too: they are in its own node_modules.
 */
function matchesLock(packages) {
  try {
    const installed = readJson(modules, ".package-lock.json").packages;
    return Object.entries(packages)
      .filter(([path, { optional }]) => path.includes("node_modules/") && !optional)
      .every(([path, { version }]) => installed[path]?.version === version);
  } catch {
    return false;
  }
}

function whatIsBroken(nodeVersion) {
  if (runNode("--version") !== `v${nodeVersion}`) {
    return `Node ${nodeVersion} from npm does not run here: allow install scripts in npm's settings, delete node_modules and run the same command again.`;
  }
  if (runNode("--print", "typeof require('@nomicfoundation/edr')") !== "object") {
    return `Hardhat's native package for ${platform} does not load: delete node_modules and run the same command again.`;
  }
}

function runNode(...args) {
  const node = join(modules, process.platform === "win32" ? "node/bin/node.exe" : ".bin/node");
  return spawnSync(node, args, { cwd: root, encoding: "utf8" }).stdout?.trim();
}

function readJson(...path) {
  return JSON.parse(readFileSync(join(...path), "utf8"));
}
