import type { Address } from "viem";
import { createConnector } from "wagmi";
import { later, recall, remember } from "../../browser/index.ts";
import type { Network } from "../../chain/index.ts";

export const DEMO_WALLET = "wattline.demo";
const SELECTED = "wattline.demo.account";

type DemoWallet = ReturnType<typeof import("./provider.ts").demoProvider>;
type Provider = Pick<DemoWallet, "request">;
let choose: ((index: number) => void) | undefined;
/** Whether somebody has just asked to act as one of the accounts: that needs no question. */
let isAsked = false;

/** Which of the demo accounts acts now. */
export const selectedDemoAccount = (): number => Number(recall(SELECTED) ?? 0);

/** Lets another of the demo accounts act from now on. */
export function selectDemoAccount(index: number): void {
  remember(SELECTED, String(index));
  choose?.(index);
}

/** Lets one of the demo accounts act, as the person has asked for: the wallet that is connected next asks nothing. */
export function actAsDemoAccount(index: number): void {
  selectDemoAccount(index);
  isAsked = true;
}

/**
 * The demo wallet as wagmi sees it: one more wallet, which asks before it signs as any other does. Its keys are in
 * `/wattline.json`, which is why `parseNetworks` keeps them on a local development chain only.
 */
export function demoConnector(network: Network) {
  const { chainId } = network.deployment;
  const load = later(async (): Promise<DemoWallet> => {
    const { demoProvider } = await import("./provider.ts");
    return demoProvider(network, selectedDemoAccount);
  });
  // wagmi asks every wallet for its provider before anybody wants to connect: the code comes with the first request.
  const provider: Provider = { request: async (asked) => (await load()).request(asked) };
  return createConnector<Provider>((config) => {
    const accounts = async (): Promise<readonly Address[]> => {
      const { accounts: all } = await load();
      const selected = all[selectedDemoAccount()] ?? all[0];
      return selected === undefined ? [] : [selected];
    };
    return {
      id: DEMO_WALLET,
      name: "Demo wallet",
      type: "demo",
      getProvider: async () => provider,
      getAccounts: accounts,
      getChainId: async () => chainId,
      isAuthorized: async () =>
        (await config.storage?.getItem("recentConnectorId")) === DEMO_WALLET,
      async connect({ isReconnecting, withCapabilities } = {}) {
        const wallet = await load();
        const isAgreed = isReconnecting || isAsked;
        isAsked = false;
        if (isAgreed) wallet.reconnect();
        else await wallet.request({ method: "eth_requestAccounts" });
        choose = (index) => {
          const account = wallet.accounts[index];
          if (account !== undefined) config.emitter.emit("change", { accounts: [account] });
        };
        const connected = await accounts();
        return {
          chainId,
          accounts: (withCapabilities
            ? connected.map((address) => ({ address, capabilities: {} }))
            : connected) as never,
        };
      },
      async disconnect() {
        choose = undefined;
        (await load()).disconnect();
      },
      async switchChain({ chainId: wanted }) {
        const chain = config.chains.find(({ id }) => id === wanted && id === chainId);
        if (chain === undefined) throw new Error("The demo wallet knows its local chain only.");
        return chain;
      },
      onAccountsChanged() {},
      onChainChanged() {},
      onDisconnect() {
        config.emitter.emit("disconnect");
      },
    };
  });
}
