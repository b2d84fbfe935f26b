import { rmSync } from "node:fs";
import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Hex } from "viem";
import { freePort } from "../../../../scripts/testing/ports.ts";
import { until } from "../../../../scripts/testing/until.ts";
import { RelayClient } from "../../src/client.ts";
import { type RelayOptions, type RunningRelay, startRelay } from "../../src/server.ts";
import { openDatabase } from "../../src/store/database.ts";
import type { BookOrder } from "../../src/wire.ts";
import type { World } from "./world.ts";

/** A relay in this process, and a client that talks to it. */
export interface TestRelay extends RunningRelay {
  readonly client: RelayClient;
  /** Waits until the book stands at the chain's newest block. */
  caughtUp(): Promise<void>;
  /** What it has reported to its operator. */
  readonly reports: readonly string[];
}

/** Folders that are gone when the tests are over. */
const folders = new Set<string>();
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** By marketplace: a book is of one deployment. */
const templates = new Map<string, Promise<string>>();

/** A folder with an empty book for `world`. Founding a database takes seconds, so it is done once and copied. */
export async function freshFolder({ deployment }: Pick<World, "deployment">): Promise<string> {
  const template = templates.get(deployment.marketplace) ?? foundBook();
  templates.set(deployment.marketplace, template);
  const folder = await mkdtemp(path.join(tmpdir(), "wattline-relay-"));
  await cp(await template, folder, { recursive: true });
  folders.add(folder);
  return folder;

  async function foundBook(): Promise<string> {
    const founded = await mkdtemp(path.join(tmpdir(), "wattline-relay-"));
    folders.add(founded);
    await (await openDatabase({ folder: founded }, deployment)).close();
    return founded;
  }
}

/** Starts a relay for `world`, its book in a folder of its own unless told otherwise. */
export async function openRelay(
  world: World,
  options: Partial<RelayOptions> = {},
): Promise<TestRelay> {
  const reports: string[] = [];
  const relay = await startRelay({
    rpcUrl: world.rpcUrl,
    deployment: world.deployment,
    storage: options.storage ?? { folder: await freshFolder(world) },
    port: await freePort(),
    pollMs: 20,
    report: (message) => reports.push(message),
    ...options,
    limits: { requests: { burst: 1e6, perSecond: 1e6 }, ...options.limits },
  });
  const client = new RelayClient(relay.url);
  const caughtUp = () => standsAtHead(client, world);
  await caughtUp();
  return { ...relay, client, caughtUp, reports };
}

/** Waits until a relay's book stands at the chain's newest block. */
export async function standsAtHead(
  client: RelayClient,
  chain: { readonly client: { getBlock(): Promise<{ readonly hash: Hex | null }> } },
  patienceMs?: number,
): Promise<void> {
  const isThere = async () => {
    const { hash } = await chain.client.getBlock();
    const health = await client.health().catch(() => undefined);
    return health?.status === "ok" && health.blockHash === hash;
  };
  await until("the relay stands at the newest block", isThere, patienceMs);
}

/** The whole book, as far as two relays must agree on it. */
export async function bookOf(
  client: RelayClient,
  state: "live" | "all" = "all",
): Promise<Map<string, Pick<BookOrder, "state" | "remainingWh">>> {
  const book = new Map<string, Pick<BookOrder, "state" | "remainingWh">>();
  for await (const { hash, ...order } of client.allOrders({ state, limit: 500 })) {
    book.set(hash, { state: order.state, remainingWh: order.remainingWh });
  }
  return new Map([...book].sort(([a], [b]) => (a < b ? -1 : 1)));
}
