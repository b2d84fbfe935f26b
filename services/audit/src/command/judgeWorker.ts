/** A worker that judges claims: see `judges.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { recoverAddress } from "@wattline/common/recover";
import { type Claim, type Domains, isSignedByNamed } from "@wattline/sdk";

const { domains }: { domains: Domains } = workerData;

parentPort?.on("message", async ({ id, claims }: { id: number; claims: readonly Claim[] }) => {
  const verdicts = await Promise.all(
    claims.map((claim) => isSignedByNamed(domains, claim, recoverAddress)),
  );
  parentPort?.postMessage({ id, verdicts });
});
