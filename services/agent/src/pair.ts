import { metersDomain, REGISTRATION_TYPES } from "@wattline/sdk";
import { type Address, hashTypedData } from "viem";
import type { Settings } from "./config/read.ts";
import type { HomeConfig } from "./config/schema.ts";
import { openSigner } from "./keys/signer.ts";

/** What the operator needs to register a device, and the wallet to authorise the agent. */
export interface Pairing {
  readonly device: Address;
  readonly consent: `0x${string}`;
  readonly delegate: Address | undefined;
  /** Opens the operator's form in the dApp with all of it. */
  readonly link: string;
}

/**
 * The device's consent to be registered for a household.
 * @param owner The household's account.
 * @param dapp Where the community's dApp is.
 * @throws AgentError when a key can't be used.
 */
export async function pair(
  { deployment }: Settings,
  { microgrid, device, delegate }: HomeConfig,
  owner: Address,
  dapp: string,
): Promise<Pairing> {
  const signer = openSigner(device);
  const consent = await signer.sign(
    hashTypedData({
      domain: { ...metersDomain(deployment.chainId, deployment.meters) },
      types: REGISTRATION_TYPES,
      primaryType: "Registration",
      message: { microgrid, owner },
    }),
  );
  const delegateAddress = delegate && openSigner(delegate).address;
  const link = new URL("microgrid", dapp);
  link.search = new URLSearchParams({
    microgrid: `${microgrid}`,
    owner,
    device: signer.address,
    consent,
  }).toString();
  return { device: signer.address, consent, delegate: delegateAddress, link: link.href };
}
