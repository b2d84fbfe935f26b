import { openThreads, type Threads } from "@wattline/common/threads";
import type { Domain, SignedOrderJson } from "@wattline/sdk";
import type { SignatureCheck } from "./signatureCheck.ts";

/** A separate thread that checks signatures in the given order, so that requests are answered meanwhile. */
export type CheckThread = Threads<readonly SignedOrderJson[], readonly SignatureCheck[]>;

/** @param onFailure Called when the thread has died: no order can be accepted any more. */
export const openCheckThread = (domain: Domain, onFailure: (error: Error) => void): CheckThread =>
  openThreads(new URL("./worker.ts", import.meta.url), {
    workerData: { domain },
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 },
    onFailure,
  });
