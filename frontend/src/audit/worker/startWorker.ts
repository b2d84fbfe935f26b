import type { AuditProgress } from "@wattline/audit";
import type { Network } from "../../chain/index.ts";
import type { AuditJob, AuditMessage, NewHistory, Verified } from "./messages.ts";

/** The audit could not be finished; the message says why. */
export class AuditError extends Error {}

const startWorker = (): Worker =>
  new Worker(new URL("./auditWorker.ts", import.meta.url), { type: "module" });

const jobOn = (kind: AuditJob["kind"], { rpcUrl, deployment }: Network): AuditJob => ({
  kind,
  rpcUrl: new URL(rpcUrl, location.href).href,
  deployment,
});

/** Gives a worker one job. It does one job at a time. */
function ask(
  worker: Worker,
  job: AuditJob,
  onProgress: (progress: AuditProgress) => void,
): Promise<AuditMessage> {
  return new Promise((resolve, reject) => {
    const done = () => {
      worker.removeEventListener("message", listen);
      worker.removeEventListener("error", fail);
    };
    const listen = ({ data }: MessageEvent<AuditMessage>) => {
      if (data.kind === "progress") return onProgress(data);
      done();
      if (data.kind === "failed") reject(new AuditError(data.message));
      else resolve(data);
    };
    const fail = ({ message }: ErrorEvent) => {
      done();
      reject(new AuditError(message || "The audit's code could not be loaded."));
    };
    worker.addEventListener("message", listen);
    worker.addEventListener("error", fail);
    worker.postMessage(job);
  });
}

/**
 * Verifies a network's whole history in a worker.
 * @throws AuditError when the node fails; the signal's reason when it is aborted.
 */
export async function verifyNetwork(
  network: Network,
  signal: AbortSignal,
  onProgress: (progress: AuditProgress) => void,
): Promise<Verified> {
  signal.throwIfAborted();
  const worker = startWorker();
  try {
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    const answer = await Promise.race([ask(worker, jobOn("verify", network), onProgress), stopped]);
    if (answer.kind !== "verified") throw new AuditError(`The audit answered "${answer.kind}".`);
    return answer;
  } finally {
    worker.terminate();
  }
}

/** Follows a network's history in a separate worker. Each call returns what is new since the last one. */
export function followHistory(network: Network): () => Promise<NewHistory> {
  const worker = startWorker();
  let turn: Promise<unknown> = Promise.resolve();
  return () => {
    const next = turn.then(async () => {
      const answer = await ask(worker, jobOn("history", network), () => {});
      if (answer.kind !== "history") throw new AuditError(`The audit answered "${answer.kind}".`);
      return answer;
    });
    turn = next.catch(() => undefined);
    return next;
  };
}
