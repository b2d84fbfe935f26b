import { localAccount } from "@wattline/community/simulation";
import { type RelayOptions, startRelay } from "@wattline/relay/server";
import { type SignedOrder, signedOrderToJson } from "@wattline/sdk";
import { RelayClient } from "../../../services/relay/src/client.ts";
import { freshFolder } from "../../../services/relay/test/support/relays.ts";
import type { Network } from "../../src/chain/config.ts";
import { WAIT_MS } from "./limits.ts";
import type { Stack } from "./stack.ts";

const AT_ONCE = 1_000;

/**
 * Starts a relay for a network, ready to accept orders.
 * @param more Options that differ from the default.
 */
export async function openRelay({ rpcUrl, deployment }: Network, more: Partial<RelayOptions> = {}) {
  const relay = await startRelay({
    rpcUrl,
    deployment,
    storage: { folder: await freshFolder({ deployment }) },
    port: 0,
    pollMs: 100,
    ...more,
    limits: {
      ordersPerMaker: AT_ONCE,
      requests: { burst: 10_000, perSecond: 10_000 },
      ...more.limits,
    },
  });
  const client = new RelayClient(relay.url);
  const until = Date.now() + WAIT_MS;
  while ((await client.health()).status !== "ok") {
    if (Date.now() > until) throw new Error("The relay has not read the chain in time.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url: relay.url,
    client,
    /** Posts orders. @throws When the relay refuses any. */
    async post(orders: readonly SignedOrder[]): Promise<void> {
      for (let from = 0; from < orders.length; from += AT_ONCE) {
        const results = await client.post(
          orders.slice(from, from + AT_ONCE).map((one) => signedOrderToJson(one)),
        );
        const refused = results.find(({ status }) => status === "refused");
        if (refused !== undefined) throw new Error(JSON.stringify(refused));
      }
    },
    close: () => relay.stop(),
  };
}

/** A relay with one offer: somebody's surplus of the morning, at 15 cents per kWh. Jane, who buys, is the third local account. */
export async function openRelayWithOffer({ network, community, trading, morning, CENT }: Stack) {
  const relay = await openRelay(network);
  const seller = community.households.find(
    ({ address, series }) => series.capacityW > 0 && address !== localAccount(2).account.address,
  );
  if (seller === undefined) throw new Error("Nobody but Jane has a roof.");
  await relay.post([
    await trading.sign(community, seller, "offer", { ...morning, pricePerKwh: 15n * CENT }),
  ]);
  return relay;
}
