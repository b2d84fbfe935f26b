import { execFileSync } from "node:child_process";
import { chownSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A Postgres for tests. */
export interface Postgres {
  readonly url: string;
  end(): void;
}

/**
 * The one named by `DATABASE_URL`, otherwise a temporary cluster of the Postgres installed by Debian.
 * @returns undefined when there is neither.
 */
export function openPostgres(port: number): Postgres | undefined {
  const { DATABASE_URL: url } = process.env;
  if (url) return { url, end: () => {} };
  const bin = globSync("/usr/lib/postgresql/*/bin").sort().at(-1);
  if (bin === undefined) return undefined;

  const folder = mkdtempSync(path.join(tmpdir(), "wattline-postgres-"));
  const owner = ownerOf(folder);
  const run = (program: string, ...args: readonly string[]) =>
    execFileSync(path.join(bin, program), [...args], { ...owner, cwd: folder, stdio: "ignore" });
  const data = path.join(folder, "data");
  run("initdb", "--pgdata", data, "--username", "wattline", "--auth", "trust", "--no-sync");
  const options = `-p ${port} -h 127.0.0.1 -k ${folder} -c fsync=off`;
  run("pg_ctl", "--pgdata", data, "--options", options, "--wait", "start");
  return {
    url: `postgres://wattline@127.0.0.1:${port}/postgres`,
    end() {
      run("pg_ctl", "--pgdata", data, "--mode", "immediate", "--wait", "stop");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Postgres refuses to run as root; then its own user owns the folder. */
function ownerOf(folder: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  const owner = { uid: idOf("-u"), gid: idOf("-g") };
  chownSync(folder, owner.uid, owner.gid);
  return owner;
}
