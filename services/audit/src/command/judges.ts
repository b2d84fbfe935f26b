import { availableParallelism } from "node:os";
import { recoverAddress } from "@wattline/common/recover";
import { openThreads } from "@wattline/common/threads";
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
  const threads = openThreads<readonly Claim[], readonly boolean[]>(
    new URL("judgeWorker.ts", import.meta.url),
    { count: Math.min(availableParallelism(), 4), workerData: { domains } },
  );
  return {
    async judge(claims) {
      if (claims.length < WORTH_A_THREAD) {
        return Promise.all(claims.map((claim) => isSignedByNamed(domains, claim, recoverAddress)));
      }
      const parts: Promise<readonly boolean[]>[] = [];
      for (let at = 0; at < claims.length; at += CLAIMS_PER_MESSAGE) {
        parts.push(threads.ask(claims.slice(at, at + CLAIMS_PER_MESSAGE)));
      }
      return (await Promise.all(parts)).flat();
    },
    async warmUp() {
      await threads.askAll([]);
    },
    close: () => threads.close(),
  };
}
