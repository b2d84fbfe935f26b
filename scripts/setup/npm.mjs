/** Runs `npm ci` under a Node new enough for Hardhat, and reports npm's failures in one sentence. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { isOlderThan } from "./node.mjs";
import { Refusal } from "./refusal.mjs";

/** Hardhat's requirement. Under an older Node npm silently skips its native package. */
const OLDEST_NODE_FOR_INSTALL = "22.13.0";

const UNREACHABLE =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)$/;

const windows = process.platform === "win32";

export async function npmCi(root, nodeVersion, turn) {
  const logs = join(root, ".wattline", "npm");
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  const exitCode = await run(installCommand(root, nodeVersion), root, logs, turn);
  if (exitCode !== 0) throw new Refusal(whyNpmFailed(logs));
}

function installCommand(root, nodeVersion) {
  const script = process.env.npm_execpath;
  const underNpm = script?.endsWith("npm-cli.js");
  const npm = underNpm ? [process.execPath, script] : ["npm"];
  const ci = ["ci", "--include=dev", "--include=optional"];
  if (!isOlderThan(OLDEST_NODE_FOR_INSTALL)) return [...npm, ...ci];

  // npm would mistake the Node of an interrupted install for the newer one.
  rmSync(join(root, "node_modules"), { recursive: true, force: true });
  // On Windows `npm` starts the Node that it came with, so the newer Node is given npm's script.
  const npmOfNewerNode = underNpm ? ["node", script] : ["npm"];
  return [...npm, "exec", "--yes", `--package=node@${nodeVersion}`, "--", ...npmOfNewerNode, ...ci];
}

function run([command, ...args], root, logs, turn) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: {
        ...process.env,
        npm_config_logs_dir: logs,
        npm_config_logs_max: "10",
        npm_config_prefer_offline: "true",
        // By default npm waits for more than a minute before it reports that there is no network.
        npm_config_fetch_retry_mintimeout: "1000",
        npm_config_fetch_retry_maxtimeout: "5000",
      },
      stdio: ["ignore", "inherit", "inherit"],
      shell: windows && command === "npm",
      detached: !windows,
    });
    child.once("error", () => {
      reject(new Refusal("npm is missing: install Node together with npm from nodejs.org."));
    });
    child.once("close", resolve);
    if (child.pid === undefined) return;

    turn.share(child.pid);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.once(signal, () => {
        child.removeAllListeners("close");
        child.once("close", () => {
          turn.end();
          process.exit(128 + constants.signals[signal]);
        });
        kill(child.pid);
      });
    }
  });
}

/** npm ignores weaker signals while a package's install script runs. */
function kill(pid) {
  if (windows) spawnSync("taskkill", ["/pid", String(pid), "/T", "/F"]);
  else process.kill(-pid, "SIGKILL");
}

/** Reads npm's log, not its output, which is left to the terminal for its progress. */
function whyNpmFailed(logs) {
  const log = readdirSync(logs)
    .map((name) => readFileSync(join(logs, name), "utf8"))
    .join("\n");
  const codes = [...log.matchAll(/\berror code (\w+)/g)].map(([, code]) => code);
  const unreachable = codes.find((code) => UNREACHABLE.test(code));

  if (/\bENOSPC\b/.test(log)) {
    return "The disk is full: free 2 GB and run the same command again.";
  }
  if (unreachable) {
    return `No npm registry can be reached (${unreachable}): check the network and \`npm config get registry\`, then run the same command again.`;
  }
  if (codes.includes("EUSAGE")) {
    return "package-lock.json does not match package.json: run `npm install` to bring it up to date.";
  }
  return "npm could not install Wattline's tools; the reason is above. Fix it, then run the same command again.";
}
