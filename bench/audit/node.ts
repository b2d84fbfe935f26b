/** What the audit of a long chain with few logs asks of its node. */
import { findAudited, rpcAt, runAudit } from "@wattline/audit";
import { recoverAddress } from "@wattline/common/recover";
import { createAudit } from "@wattline/sdk";
import { playOn } from "../../services/indexer/test/support/played.ts";
import { stretchedNode } from "./stretched.ts";

/** What one audit cost. */
export interface Cost {
  readonly blocks: number;
  readonly seconds: number;
  /** Requests by method, many of which travel together. */
  readonly requests: ReadonlyMap<string, number>;
  /** Bodies over HTTP. */
  readonly bodies: number;
  /** Bytes of the answers. */
  readonly bytes: number;
}

/**
 * Audits a few hours of trade on a chain that goes on for `length` blocks of others' transactions.
 * @param offersHeaders Whether the node gives headers alone.
 */
export async function costOfChain(length: number, offersHeaders: boolean): Promise<Cost> {
  const hours = { skipped: 40, slots: 24, households: 4, outage: [10, 14] } as const;
  const [{ rpcUrl, deployment }, chain] = await playOn({ market: "accept", ...hours });
  const node = await stretchedNode(rpcUrl, length, offersHeaders);
  try {
    return await costOf(node.url, deployment);
  } finally {
    await node.close();
    await chain.stop();
  }
}

async function costOf(
  rpcUrl: string,
  deployment: Awaited<ReturnType<typeof playOn>>[0]["deployment"],
): Promise<Cost> {
  const { signal } = new AbortController();
  const requests = new Map<string, number>();
  let [bodies, bytes] = [0, 0];
  const usual = globalThis.fetch;
  globalThis.fetch = async (url, init) => {
    // What the stretched node asks the true one is not the audit's.
    if (url !== rpcUrl) return usual(url, init);
    const sent: { method: string } | { method: string }[] = JSON.parse(String(init?.body));
    for (const { method } of [sent].flat()) requests.set(method, (requests.get(method) ?? 0) + 1);
    bodies++;
    const response = await usual(url, init);
    const text = await response.text();
    bytes += text.length;
    return new Response(text, response);
  };
  try {
    const start = performance.now();
    const audited = await findAudited(rpcAt(rpcUrl, signal), deployment, signal);
    const { chainId, contracts, firstBlock } = audited.subject;
    const begin = () => ({
      audit: createAudit({ chainId, contracts, recover: recoverAddress }),
    });
    const { end, findings } = await runAudit(audited, begin, { signal });
    if (findings[0] !== undefined) throw new Error(`A finding: ${findings[0].message}`);
    const seconds = (performance.now() - start) / 1000;
    return { blocks: end.number - firstBlock + 1, seconds, requests, bodies, bytes };
  } finally {
    globalThis.fetch = usual;
  }
}
