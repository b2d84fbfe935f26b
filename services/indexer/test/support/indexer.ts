import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Deployment } from "@wattline/sdk";
import { createPublicClient, http } from "viem";
import { until } from "../../../../scripts/testing/until.ts";
import { newDatabase } from "../../../../test/support/postgres.ts";
import { connectIndexer } from "../../client/index.ts";
import { type Started, startNode } from "./process.ts";

const LAUNCHER = path.resolve(import.meta.dirname, "../../start.ts");

/** Settings of an indexer under test. */
export interface Place {
  readonly deployment: Deployment;
  readonly rpcUrl: string;
  readonly port: number;
  /**
   * "pglite" is what `npm start` has, or the address of a Postgres database. By default a new one: with it an indexer starts for
   * less than half of the processor time, which PGlite spends on compiling itself and on founding its database.
   */
  readonly database?: "pglite" | URL | undefined;
}

export type RunningIndexer = Awaited<ReturnType<typeof startIndexer>>;

/** An indexer in a process and a folder of its own. */
export async function startIndexer({ deployment, rpcUrl, port, database }: Place) {
  const databaseUrl = database === "pglite" ? "" : (database?.href ?? (await newDatabase()));
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-indexer-"));
  const file = path.join(folder, "deployment.json");
  writeFileSync(file, JSON.stringify(deployment));
  const url = `http://127.0.0.1:${port}`;
  const api = connectIndexer(url);
  const chain = createPublicClient({ transport: http(rpcUrl), cacheTime: 0 });
  let started = launch();

  function launch(): Started {
    return startNode([LAUNCHER], {
      WATTLINE_DEPLOYMENT: file,
      WATTLINE_RPC_URL: rpcUrl,
      WATTLINE_PORT: String(port),
      WATTLINE_DATA: path.join(folder, "data"),
      DATABASE_URL: databaseUrl,
    });
  }

  /** Waits until the whole chain is indexed. */
  async function caughtUp(): Promise<void> {
    const { number, timestamp } = await chain.getBlock();
    const isThere = async () => {
      if (started.child.exitCode !== null) throw new Error("The indexer ended.");
      const status = await api.status().catch(() => undefined);
      const stands = status?.block === Number(number) && status.time === Number(timestamp);
      return (status?.ready && stands) || undefined;
    };
    await until(`indexing up to block ${number} at ${url}`, isThere, 120_000).catch((error) => {
      throw new Error(`${error.message}\n${started.lines.slice(-30).join("\n")}`);
    });
  }

  return {
    url,
    api,
    caughtUp,
    log: () => started.lines,
    stop: (signal: NodeJS.Signals = "SIGTERM") => started.stop(signal),
    /** Starts it again on the same data, after it was stopped. */
    start(): void {
      started = launch();
    },
    /** Kills it with SIGKILL and starts it again on the same data. */
    async killAndRestart(): Promise<void> {
      await started.stop("SIGKILL");
      started = launch();
    },
    async end(): Promise<void> {
      await started.stop("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
