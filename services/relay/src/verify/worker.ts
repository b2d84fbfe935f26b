/** The thread that checks signatures, the most expensive part of accepting an order. */
import { workerData } from "node:worker_threads";
import { answerRequests } from "@wattline/common/threads";
import type { Domain, SignedOrderJson } from "@wattline/sdk";
import { signatureChecker } from "./signatureCheck.ts";

const { domain }: { domain: Domain } = workerData;

answerRequests((orders: readonly SignedOrderJson[]) => {
  const check = signatureChecker(domain);
  return orders.map(check);
});
