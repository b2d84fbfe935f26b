import { createContext, type ReactNode, use, useCallback, useMemo, useState } from "react";
import { recall, remember } from "../browser/index.ts";
import type { Network, Networks } from "./config.ts";

interface NetworkChoice {
  readonly network: Network;
  readonly networks: Networks;
  choose(chainId: number): void;
}

const Choice = createContext<NetworkChoice | undefined>(undefined);
const KEY = "wattline.network";

/** Which of the networks the app shows; chosen once, remembered in this browser. */
export function NetworkProvider({
  networks,
  children,
}: {
  readonly networks: Networks;
  readonly children: ReactNode;
}) {
  const [chainId, setChainId] = useState(() => Number(recall(KEY)));
  const choose = useCallback((next: number) => {
    remember(KEY, String(next));
    setChainId(next);
  }, []);
  const choice = useMemo(() => {
    const network = networks.find((one) => one.deployment.chainId === chainId) ?? networks[0];
    return { network, networks, choose };
  }, [networks, chainId, choose]);
  return <Choice value={choice}>{children}</Choice>;
}

/** The networks there are and the one that is shown. */
export function useNetworks(): NetworkChoice {
  const choice = use(Choice);
  if (choice === undefined) throw new Error("useNetworks is used outside NetworkProvider.");
  return choice;
}

/** The network that is shown. */
export const useNetwork = (): Network => useNetworks().network;
