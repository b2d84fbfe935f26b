import { execFileSync, spawn } from "node:child_process";
import { chownSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { freePort } from "../../../../scripts/testing/ports.ts";
import { kill } from "./node.ts";
import { until } from "./until.ts";

/** A Postgres server for tests. */
export interface PostgresServer {
  /** The address of a new, empty database. */
  newDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** The newest Postgres that Debian has installed. */
const BINARIES = globSync("/usr/lib/postgresql/*/bin/postgres").sort().at(-1);

/** Whether there is a Postgres to test with: the server at DATABASE_URL, or Debian's programs. */
export const hasPostgres = process.env.DATABASE_URL !== undefined || BINARIES !== undefined;

/** Uses the server at DATABASE_URL, or starts one in a folder of its own. */
export async function startPostgres(): Promise<PostgresServer> {
  if (process.env.DATABASE_URL !== undefined) {
    const url = process.env.DATABASE_URL;
    return { newDatabase: () => createDatabase(url), stop: async () => {} };
  }
  if (BINARIES === undefined) throw new Error("There is no Postgres here.");
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-postgres-"));
  // Postgres refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : {};
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = path.join(folder, "data");
  execFileSync(
    path.join(path.dirname(BINARIES), "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"],
    { ...user, cwd: folder, stdio: "ignore" },
  );
  const port = await freePort();
  const server = spawn(
    BINARIES,
    ["-D", data, "-p", `${port}`, "-k", folder, "-c", "listen_addresses=127.0.0.1", "-F"],
    { ...user, cwd: folder, stdio: "ignore" },
  );
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await until("Postgres answers", () => withClient(url, async () => true).catch(() => undefined));
  return {
    newDatabase: () => createDatabase(url),
    async stop() {
      await kill(server, "SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const idOf = (which: "-u" | "-g"): number =>
  Number(execFileSync("id", [which, "postgres"], { encoding: "utf8" }));

let databases = 0;

async function createDatabase(url: string): Promise<string> {
  const name = `wattline_test_${process.pid}_${databases++}`;
  await withClient(url, async (client) => {
    await client.query(`drop database if exists ${name}`);
    await client.query(`create database ${name}`);
  });
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
