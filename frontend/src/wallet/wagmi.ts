import { http } from "viem";
import { createConfig, createStorage, injected } from "wagmi";
import { forget, recall, remember } from "../browser/index.ts";
import { chainOf, type Networks } from "../chain/index.ts";
import { demoConnector } from "./demo/connector.ts";

/** How often a chain is asked for its newest block: a local one makes them quickly and costs nothing to ask. */
const LOCAL_POLLING_MS = 400;
const POLLING_MS = 4_000;

const MEMORY = {
  getItem: (key: string) => recall(key) ?? null,
  setItem: remember,
  removeItem: forget,
};

/**
 * wagmi over the networks: every wallet that announces itself (EIP-6963), one that is only in the page (`window.ethereum`),
 * and on a local chain the demo wallet.
 */
export function wagmiConfigOf(networks: Networks) {
  const [first, ...others] = networks;
  const demo = networks.find((one) => one.demo !== undefined);
  return createConfig({
    chains: [chainOf(first), ...others.map(chainOf)],
    transports: Object.fromEntries(
      networks.map((one) => [
        one.deployment.chainId,
        http(one.rpcUrl, { batch: true, retryCount: 1, timeout: 10_000 }),
      ]),
    ),
    pollingInterval: Object.fromEntries(
      networks.map((one) => [one.deployment.chainId, one.demo ? LOCAL_POLLING_MS : POLLING_MS]),
    ),
    connectors: [...(demo ? [demoConnector(demo)] : []), injected()],
    multiInjectedProviderDiscovery: true,
    storage: createStorage({ storage: MEMORY, key: "wattline.wagmi" }),
  });
}
