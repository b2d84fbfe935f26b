import { Worker } from "node:worker_threads";
import type { Domain, SignedOrderJson } from "@wattline/sdk";
import type { SignatureCheck } from "./signatureCheck.ts";
import type { CheckAnswer, CheckRequest } from "./worker.ts";

interface Waiting {
  resolve(checks: readonly SignatureCheck[]): void;
  reject(error: Error): void;
}

/** Checks signatures on a separate thread, so that requests are answered meanwhile. */
export class CheckThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** @param onFailure Called when the thread has died: no order can be accepted any more. */
  constructor(domain: Domain, onFailure: (error: Error) => void) {
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { domain },
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.on("message", (answer: CheckAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("checks" in answer) waiting?.resolve(answer.checks);
      else waiting?.reject(new Error(answer.failure));
    });
    this.#worker.on("error", (error: Error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
      onFailure(error);
    });
  }

  /** Checks each signature, in the given order. */
  check(orders: readonly SignedOrderJson[]): Promise<readonly SignatureCheck[]> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, orders } satisfies CheckRequest);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
