import { t } from "@lingui/core/macro";
import type { Hex, TypedDataDefinition } from "viem";
import { useConfig, useConnection } from "wagmi";
import { later } from "../browser/index.ts";
import { type Network, useNetwork } from "../chain/index.ts";
import { Told } from "./errors.ts";

const signing = later(() => import("./sign.ts"));

/** Signs typed data with the connected wallet. */
export type SignTypedData = (data: TypedDataDefinition) => Promise<Hex>;

/**
 * The one place where a wallet is asked for a signature: only while it is on the network, and the signature comes back in
 * the form that contracts and relays take.
 * @throws Told when no wallet is connected, or one on another network.
 */
export function useSignature(): SignTypedData {
  const config = useConfig();
  const network = useNetwork();
  const { address, connector } = useConnection();
  return async (data) => {
    if (address === undefined || connector === undefined)
      throw new Told(t`Connect a wallet first.`);
    expectOnNetwork(await connector.getChainId(), network);
    const { sign } = await signing();
    return sign(config, data, { account: address, connector });
  };
}

/** @throws Told when a wallet is on another network: many sign nothing for a network that they are not on. */
export function expectOnNetwork(walletChainId: number | undefined, { deployment, name }: Network) {
  if (walletChainId === deployment.chainId) return;
  throw new Told(t`Your wallet is on another network: switch it to ${name} first.`);
}
