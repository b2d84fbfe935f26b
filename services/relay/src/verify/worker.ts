/** The thread that checks signatures, the most expensive part of accepting an order. */
import { parentPort, workerData } from "node:worker_threads";
import type { Domain, SignedOrderJson } from "@wattline/sdk";
import { type SignatureCheck, signatureChecker } from "./signatureCheck.ts";

/** A request to the thread. */
export interface CheckRequest {
  readonly id: number;
  readonly orders: readonly SignedOrderJson[];
}

/** Its answer. */
export type CheckAnswer =
  | { readonly id: number; readonly checks: readonly SignatureCheck[] }
  | { readonly id: number; readonly failure: string };

const { domain }: { domain: Domain } = workerData;

parentPort?.on("message", ({ id, orders }: CheckRequest) => {
  const check = signatureChecker(domain);
  Promise.all(orders.map(check)).then(
    (checks) => answer({ id, checks }),
    (error: unknown) => answer({ id, failure: String(error) }),
  );
});

const answer = (message: CheckAnswer): void => parentPort?.postMessage(message);
