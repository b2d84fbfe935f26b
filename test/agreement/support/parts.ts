import { existsSync } from "node:fs";
import path from "node:path";
import { type AuditResult, readOptions } from "@wattline/audit/command";
import {
  type Deployment,
  hashOrder,
  marketDomain,
  type SignedOrderJson,
  signedOrderFromJson,
} from "@wattline/sdk";
import { expect } from "chai";
import { freePort } from "../../../scripts/testing/ports.ts";
import { until } from "../../../scripts/testing/until.ts";
import { audit, auditsOf } from "../../../services/audit/test/support/auditing.ts";
import { type LyingNode, lyingNode } from "../../../services/audit/test/support/proxy.ts";
import {
  type RunningIndexer,
  startIndexer,
} from "../../../services/indexer/test/support/indexer.ts";
import { type Started, startNode } from "../../../services/indexer/test/support/process.ts";
import { type RelayProcess, spawnRelay } from "../../../services/relay/test/support/process.ts";
import { freshFolder, standsAtHead } from "../../../services/relay/test/support/relays.ts";
import { expectSameBook } from "./book.ts";
import { ordersIn } from "./orders.ts";
import type { Replay } from "./recording.ts";
import { expectSameTables } from "./tables.ts";

/** The longest that a part may take on a busy machine. */
const PATIENCE_MS = 120_000;
/** Blocks that the killed audit gets at once: few, so that it can stop at many places. */
const RANGE = 8;

/** A relay and an indexer that follow a replay, and audits of it. */
export type Parts = Awaited<ReturnType<typeof startParts>>;

export async function startParts(chain: Replay, deployment: Deployment) {
  const { rpcUrl } = chain;
  const audits = auditsOf();
  const domain = marketDomain(deployment.chainId, deployment.marketplace);
  const env = { WATTLINE_DATA: await freshFolder({ deployment }) };
  const indexer: RunningIndexer = await startIndexer({
    deployment,
    rpcUrl,
    port: await freePort(),
  });
  let relay: RelayProcess = await spawnRelay({ deployment, rpcUrl }, env);
  /** Orders that a relay has accepted. */
  const taken = new Map<string, SignedOrderJson>();
  const node: LyingNode = await lyingNode(rpcUrl, ({ method, params }, result) => {
    const [filter] = params as [{ fromBlock: string; toBlock: string }];
    if (method === "eth_getLogs" && Number(filter.toBlock) - Number(filter.fromBlock) >= RANGE) {
      throw new Error("too many blocks");
    }
    return result;
  });
  const again = audits.argumentsOf(node.url, { deployment });
  const out = again[again.indexOf("--out") + 1] ?? "";
  let auditing: Started | undefined;

  const startAudit = (): Started =>
    startNode([path.join(import.meta.dirname, "auditProcess.ts"), ...again]);

  /** Posts orders to the relay until it answers. */
  async function post(orders: readonly SignedOrderJson[]): Promise<void> {
    if (orders.length === 0) return;
    const results = await until(
      "the relay takes orders",
      () => relay.client.post(orders).catch(() => undefined),
      PATIENCE_MS,
    );
    for (const [index, { status }] of results.entries()) {
      const order = orders[index];
      if (status === "refused" || order === undefined) continue;
      taken.set(hashOrder(domain, signedOrderFromJson(order).order), order);
    }
  }

  async function caughtUp(): Promise<void> {
    await Promise.all([indexer.caughtUp(), standsAtHead(relay.client, chain, PATIENCE_MS)]);
  }

  return {
    caughtUp,
    /** Replays the next recorded blocks; the relay gets their orders before. */
    async advance(count: number): Promise<void> {
      await post(ordersIn(deployment, chain.coming(count)));
      await chain.advance(count);
    },
    /** Kills a part and starts it again. */
    kill: {
      async relay(): Promise<void> {
        await relay.kill();
        relay = await spawnRelay({ deployment, rpcUrl }, env);
      },
      indexer: () => indexer.killAndRestart(),
      async audit(): Promise<void> {
        const running = startAudit();
        auditing = running;
        await until(
          "the audit has a checkpoint or is done",
          () => existsSync(path.join(out, "checkpoint.json")) || running.child.exitCode !== null,
          PATIENCE_MS,
        );
        await running.stop("SIGKILL");
      },
    },
    /** Finishes the killed audit, and expects it to have written the same as `result`. */
    async expectSameFiles(filesOf: (folder: string) => unknown, fresh: string): Promise<void> {
      auditing = startAudit();
      await until("the audit ends", () => auditing?.child.exitCode !== null, PATIENCE_MS);
      expect(auditing.lines.slice(1).join("\n")).to.equal("");
      expect(filesOf(out)).to.deep.equal(filesOf(fresh));
    },
    /** Expects relay, indexer and a new audit to agree about a chain at rest; returns the audit and its folder. */
    async expectAgreement(): Promise<readonly [AuditResult, string]> {
      await caughtUp();
      const command = readOptions(audits.argumentsOf(rpcUrl, { deployment }), {});
      if (command === "help") throw new Error("Nobody asked for help.");
      const result = await audit(command);
      const tables = await expectSameTables(indexer.url, result, command.out);
      // Positions may all be released.
      for (const [name, table] of Object.entries(tables)) {
        if (name !== "positions") expect(table, name).not.to.be.empty;
      }
      const orders = [...taken.values()];
      expect(orders).not.to.be.empty;
      await expectSameBook(relay.client, result, orders, deployment);
      return [result, command.out];
    },
    async stop(): Promise<void> {
      await auditing?.stop("SIGKILL").catch(() => undefined);
      await Promise.all([relay.kill(), indexer.end(), node.close()]);
      audits.clear();
    },
  };
}
