/** The thread that checks signatures: the costliest part of taking an order in. */
import { parentPort, workerData } from "node:worker_threads";
import type { Domain, SignedOrderJson } from "@wattline/sdk";
import { type Seal, sealer } from "./seal.ts";

/** What the thread is asked. */
export interface SealRequest {
  readonly id: number;
  readonly orders: readonly SignedOrderJson[];
}

/** What it answers. */
export type SealAnswer =
  | { readonly id: number; readonly seals: readonly Seal[] }
  | { readonly id: number; readonly failure: string };

const { domain }: { domain: Domain } = workerData;

parentPort?.on("message", ({ id, orders }: SealRequest) => {
  const seal = sealer(domain);
  Promise.all(orders.map(seal)).then(
    (seals) => answer({ id, seals }),
    (error: unknown) => answer({ id, failure: String(error) }),
  );
});

const answer = (message: SealAnswer): void => parentPort?.postMessage(message);
