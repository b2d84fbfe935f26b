import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { recoverAddress } from "@wattline/common/recover";
import { type Claim, type Domains, isSignedByNamed } from "@wattline/sdk";

/** Threads that check signatures while the main one goes through the history. */
export interface Judges {
  judge(claims: readonly Claim[]): Promise<readonly boolean[]>;
  /** Resolves when every thread is ready. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/** Claims that one message carries: enough that the message costs little, few enough to share them out. */
const CLAIMS_PER_MESSAGE = 32;
/** Fewer claims than this are judged where they are. */
const WORTH_A_THREAD = 8;

/** Starts one thread per core, at most four. */
export function startJudges(domains: Domains): Judges {
  const waiting = new Map<number, (verdicts: readonly boolean[]) => void>();
  const failed = new Set<(error: Error) => void>();
  let last = 0;
  let turn = 0;
  const workers = Array.from({ length: Math.min(availableParallelism(), 4) }, () => {
    const worker = new Worker(new URL("judgeWorker.ts", import.meta.url), {
      workerData: { domains },
    });
    worker.unref();
    worker.on("message", ({ id, verdicts }: { id: number; verdicts: readonly boolean[] }) => {
      waiting.get(id)?.(verdicts);
      waiting.delete(id);
    });
    worker.on("error", (error: Error) => {
      for (const fail of failed) fail(error);
    });
    return worker;
  });

  function ask(claims: readonly Claim[]): Promise<readonly boolean[]> {
    const worker = workers[turn++ % workers.length];
    return new Promise((resolve, reject) => {
      const id = ++last;
      failed.add(reject);
      waiting.set(id, (verdicts) => {
        failed.delete(reject);
        resolve(verdicts);
      });
      worker?.ref();
      worker?.postMessage({ id, claims });
    });
  }

  return {
    async judge(claims) {
      if (claims.length < WORTH_A_THREAD) {
        return Promise.all(claims.map((claim) => isSignedByNamed(domains, claim, recoverAddress)));
      }
      const parts: Promise<readonly boolean[]>[] = [];
      for (let at = 0; at < claims.length; at += CLAIMS_PER_MESSAGE) {
        parts.push(ask(claims.slice(at, at + CLAIMS_PER_MESSAGE)));
      }
      return (await Promise.all(parts)).flat();
    },
    async warmUp() {
      await Promise.all(workers.map(() => ask([])));
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
