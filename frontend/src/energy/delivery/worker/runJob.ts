import type { Network } from "../../../chain/index.ts";
import type {
  AskedNode,
  CheckedDelivery,
  DeliveryJob,
  DeliveryMessage,
  DeliveryProgress,
} from "./messages.ts";

/** A statement could not be checked or made; `isFile` when that is the file's fault. */
export class DeliveryError extends Error {
  readonly isFile: boolean;

  constructor(message: string, isFile = false) {
    super(message);
    this.isFile = isFile;
  }
}

/**
 * Does a job in a worker of its own.
 * @throws DeliveryError; the signal's reason when it is aborted.
 */
export async function runDeliveryJob(
  { rpcUrl, deployment }: Network,
  job: DeliveryJob,
  signal: AbortSignal,
  onProgress: (progress: DeliveryProgress) => void,
): Promise<CheckedDelivery> {
  signal.throwIfAborted();
  const worker = new Worker(new URL("./deliveryWorker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }: MessageEvent<DeliveryMessage>) => {
        if (data.kind === "progress") onProgress(data);
        else if (data.kind === "failed") reject(new DeliveryError(data.message, data.isFile));
        else resolve(data);
      });
      worker.addEventListener("error", ({ message }) =>
        reject(new DeliveryError(message || "The code that checks could not be loaded.")),
      );
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      const node: AskedNode = { rpcUrl: new URL(rpcUrl, location.href).href, deployment };
      worker.postMessage({ ...node, job });
    });
  } finally {
    worker.terminate();
  }
}
