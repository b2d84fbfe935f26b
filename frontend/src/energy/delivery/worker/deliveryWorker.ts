import { findAudited, readActs, reasonOf, rpcAt } from "@wattline/audit";
import {
  buildDelivery,
  checkDelivery,
  deliveryFromJson,
  deliveryToJson,
  StatementFormatError,
  signedImportsFromJson,
  statementHistoryOf,
  usedByStatement,
} from "@wattline/sdk/statements";
import { getAddress } from "viem";
import type { AskedNode, CheckedDelivery, DeliveryJob, DeliveryMessage } from "./messages.ts";

/* A worker that reads a chain's history from a node, and checks or makes a delivery statement with it. To cancel a job, the
page terminates the worker. */

/** A statement of a year of five-minute slots has a quarter of this. */
const MOST_BYTES = 64 * 2 ** 20;

const post = (message: DeliveryMessage): void => self.postMessage(message);
const { signal } = new AbortController();

self.addEventListener("message", ({ data }: MessageEvent<AskedNode & { job: DeliveryJob }>) => {
  answer(data, data.job).then(
    (checked) => post({ kind: "checked", ...checked }),
    (error: unknown) =>
      post({
        kind: "failed",
        message: reasonOf(error),
        isFile: error instanceof StatementFormatError,
      }),
  );
});

async function answer(node: AskedNode, job: DeliveryJob): Promise<CheckedDelivery> {
  const { file } = job;
  if (file.size > MOST_BYTES) {
    throw new StatementFormatError(`${file.name} has more than 64 MB: choose another file.`);
  }
  const text = await file.text();
  if (job.kind === "check") {
    const statement = deliveryFromJson(text, file.name);
    const { history, block } = await read(node);
    const findings = await checkDelivery(statement, history);
    const { retirement } = job;
    const isAsked = retirement !== undefined && findings.length === 0;
    const usedWh = isAsked ? usedByStatement(statement, history, retirement) : 0n;
    return { statement, findings, block, usedWh };
  }
  const imports = signedImportsFromJson(text, file.name);
  const { history, block } = await read(node);
  const { statement, due } = buildDelivery(history, job.request, imports);
  const findings = await checkDelivery(statement, history);
  return { statement, findings, block, usedWh: 0n, made: { json: deliveryToJson(statement), due } };
}

async function read({ rpcUrl, deployment }: AskedNode) {
  const audited = await findAudited(
    rpcAt(rpcUrl, signal),
    {
      chainId: deployment.chainId,
      fromBlock: deployment.fromBlock,
      marketplace: getAddress(deployment.marketplace),
      meters: getAddress(deployment.meters),
      energy: getAddress(deployment.energy),
    },
    signal,
  );
  const { acts, end } = await readActs(audited, signal, (done, of) =>
    post({ kind: "progress", done, of }),
  );
  const { chainId, contracts } = audited.subject;
  return { history: statementHistoryOf(chainId, contracts, acts), block: end.number };
}
