/** A thread that judges claims: see `judges.ts`. */
import { workerData } from "node:worker_threads";
import { recoverAddress } from "@wattline/common/recover";
import { answerRequests } from "@wattline/common/threads";
import { type Claim, type Domains, isSignedByNamed } from "@wattline/sdk";

const { domains }: { domains: Domains } = workerData;

answerRequests((claims: readonly Claim[]) =>
  Promise.all(claims.map((claim) => isSignedByNamed(domains, claim, recoverAddress))),
);
