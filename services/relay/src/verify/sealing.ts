import { Worker } from "node:worker_threads";
import type { Domain, SignedOrderJson } from "@wattline/sdk";
import type { Seal } from "./seal.ts";
import type { SealAnswer, SealRequest } from "./worker.ts";

interface Waiting {
  resolve(seals: readonly Seal[]): void;
  reject(error: Error): void;
}

/** Checks signatures on a thread of its own, so that requests are answered meanwhile. */
export class Sealing {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** @param onFailure Is told when the thread has died: nothing can be taken in any more. */
  constructor(domain: Domain, onFailure: (error: Error) => void) {
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { domain },
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.on("message", (answer: SealAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("seals" in answer) waiting?.resolve(answer.seals);
      else waiting?.reject(new Error(answer.failure));
    });
    this.#worker.on("error", (error: Error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
      onFailure(error);
    });
  }

  /** What each signature says by itself, in the orders' order. */
  seal(orders: readonly SignedOrderJson[]): Promise<readonly Seal[]> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, orders } satisfies SealRequest);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
