import type { AuditProgress } from "@wattline/audit";
import type { Network } from "../../chain/index.ts";
import type { AuditJob, AuditSaid, NewHistory, Verified } from "./messages.ts";

/** The audit could not come to an end; the message says why. */
export class AuditError extends Error {}

const startWorker = (): Worker =>
  new Worker(new URL("./auditWorker.ts", import.meta.url), { type: "module" });

const jobOn = (kind: AuditJob["kind"], { rpcUrl, deployment }: Network): AuditJob => ({
  kind,
  rpcUrl: new URL(rpcUrl, location.href).href,
  deployment,
});

/** Asks a worker once. It answers one job at a time. */
function ask(
  worker: Worker,
  job: AuditJob,
  onProgress: (progress: AuditProgress) => void,
): Promise<AuditSaid> {
  return new Promise((resolve, reject) => {
    const done = () => {
      worker.removeEventListener("message", listen);
      worker.removeEventListener("error", fail);
    };
    const listen = ({ data }: MessageEvent<AuditSaid>) => {
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
 * Judges a network's whole history in a worker.
 * @throws AuditError when the node fails; the signal's reason when it is told to stop.
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
    const said = await Promise.race([ask(worker, jobOn("verify", network), onProgress), stopped]);
    if (said.kind !== "verified") throw new AuditError(`The audit answered "${said.kind}".`);
    return said;
  } finally {
    worker.terminate();
  }
}

/** Follows a network's history in a worker of its own, which remembers where it was. */
export function followHistory(network: Network): () => Promise<NewHistory> {
  const worker = startWorker();
  let turn: Promise<unknown> = Promise.resolve();
  return () => {
    const next = turn.then(async () => {
      const said = await ask(worker, jobOn("history", network), () => {});
      if (said.kind !== "history") throw new AuditError(`The audit answered "${said.kind}".`);
      return said;
    });
    turn = next.catch(() => undefined);
    return next;
  };
}
