import type { Connector } from "wagmi";
import { DEMO_WALLET } from "./demo/connector.ts";

/** The connector for what older wallets put into `window.ethereum` instead of announcing themselves. */
export const INJECTED = "injected";

/**
 * The wallets to choose from, each once: one that announces itself twice does so under the same name of EIP-6963 (`rdns`).
 * One that only puts itself into the page is shown where none announces itself.
 * @param hasInjected Whether there is one of the latter kind.
 */
export function walletsIn<Wallet extends Pick<Connector, "id">>(
  connectors: readonly Wallet[],
  hasInjected: boolean,
): Wallet[] {
  const byName = new Map<string, Wallet>();
  for (const wallet of connectors) {
    if (wallet.id === DEMO_WALLET || wallet.id === INJECTED) continue;
    if (!byName.has(wallet.id)) byName.set(wallet.id, wallet);
  }
  const announced = [...byName.values()];
  if (announced.length > 0 || !hasInjected) return announced;
  return connectors.filter(({ id }) => id === INJECTED);
}
