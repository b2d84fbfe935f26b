import { hostname } from "node:os";
import { type KeyConfig, openSigner } from "@wattline/common/keys";
import { metersDomain, REGISTRATION_TYPES, type Source, sourceIndex } from "@wattline/sdk";
import { type Address, type Hex, hashTypedData } from "viem";
import type { Settings } from "./config/read.ts";
import type { HomeConfig } from "./config/schema.ts";
import { AgentError } from "./errors.ts";

/** What the operator needs to register a device. */
export interface Pairing {
  readonly device: Address;
  readonly source: Source;
  /** The most that it can export, in W. */
  readonly capacityW: number;
  readonly consent: Hex;
  /** Opens the operator's form in the dApp with all of it. */
  readonly link: string;
}

/**
 * Opens the dApp's autopilot with the key that trades for a home, and with the agent's page, to which it hands the limits.
 * @returns undefined for a home without a delegate.
 */
export function autopilotLink(
  { page }: Settings["config"],
  { name, delegate }: HomeConfig,
  dapp: string,
): string | undefined {
  if (delegate === undefined) return undefined;
  const link = new URL("autopilot", dapp);
  link.search = new URLSearchParams({
    delegate: openSigner(delegate).address,
    home: name,
    ...(page && {
      page: `http://${page.host === "0.0.0.0" ? hostname() : page.host}:${page.port}/`,
    }),
  }).toString();
  return link.href;
}

/**
 * The consents of a home's devices to be registered for a household: of the meter's, and of the battery's if that has one.
 * @param owner The household's account.
 * @param dapp Where the community's dApp is.
 * @throws AgentError when a key can't be used, or the configuration does not say how much a device exports.
 */
export async function pair(
  { deployment }: Settings,
  { name, microgrid, device, source, capacity_w, battery }: HomeConfig,
  owner: Address,
  dapp: string,
): Promise<Pairing[]> {
  const domain = metersDomain(deployment.chainId, deployment.meters);

  async function pairingOf(
    key: KeyConfig,
    made: Source,
    capacityW: number | undefined,
  ): Promise<Pairing> {
    if (capacityW === undefined) {
      throw new AgentError(
        `${name}: add capacity_w beside the device ${"command" in key ? key.address : key.keystore}, the most that it can export, in W (0 for a home that only consumes). The device consents to it.`,
      );
    }
    const signer = openSigner(key);
    const meter = signer.address;
    const registration = { microgrid, owner, meter, source: sourceIndex(made), capacityW };
    const consent = await signer.sign(
      hashTypedData({
        domain: { ...domain },
        types: REGISTRATION_TYPES,
        primaryType: "Registration",
        message: registration,
      }),
    );
    const link = new URL("microgrid", dapp);
    link.search = new URLSearchParams({
      microgrid: `${microgrid}`,
      owner,
      device: meter,
      source: made,
      capacity: `${capacityW}`,
      consent,
    }).toString();
    return { device: meter, source: made, capacityW, consent, link: link.href };
  }

  const pairings = [await pairingOf(device, source, capacity_w)];
  if (battery?.device !== undefined) {
    pairings.push(await pairingOf(battery.device, "Storage", battery.capacity_w));
  }
  return pairings;
}
