import { hashReading, metersDomain } from "@wattline/sdk";
import { isAddressEqual, recoverAddress } from "viem";
import type { Network } from "../../chain/index.ts";
import type { SignedReading } from "./signedReading.ts";

/** Whether the meter's key has signed. */
export async function isSignedByMeter(
  { reading, signature }: SignedReading,
  { deployment }: Network,
): Promise<boolean> {
  const domain = metersDomain(deployment.chainId, deployment.meters);
  const hash = hashReading(domain, reading);
  const signer = await recoverAddress({ hash, signature }).catch(() => undefined);
  return signer !== undefined && isAddressEqual(signer, reading.meter);
}
