import type { Microgrid } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { getBlock } from "viem/actions";
import { localZone } from "../browser/index.ts";
import { useChainQuery } from "../chain/index.ts";
import { useHealth, useOwnOrders } from "../data/index.ts";
import type { Beginning } from "./defaults.ts";
import { type HomeMeter, metersOf, useHomes } from "./homes.ts";
import { readHoldings, unsoldOf } from "./surplus.ts";

/** All that the form begins with; undefined while it is being read. */
export function useBeginning(
  side: "offer" | "bid",
  of: Microgrid,
  maker: Address | undefined,
): {
  readonly beginning: Beginning | undefined;
  readonly homes: readonly HomeMeter[];
  readonly error: Error | null;
  refetch(): void;
} {
  const { slotSeconds, microgrid } = of;
  const homes = useHomes(microgrid);
  const own = useOwnOrders(microgrid, maker);
  const isOffline = useHealth().relay === "offline";
  const holdings = useChainQuery(
    ["orders", "holdings", microgrid, maker],
    async (context) => {
      const { timestamp } = await getBlock(context.client);
      return readHoldings(context, maker ?? "0x", microgrid, Number(timestamp), slotSeconds);
    },
    { enabled: maker !== undefined && side === "offer" },
  );
  const error = homes.error ?? holdings.error;
  const waits = homes.isPending || own.isPending || (side === "offer" && holdings.isPending);
  const refetch = () => {
    homes.refetch();
    holdings.refetch();
  };
  const others = (homes.data ?? []).filter(
    ({ owner }) => maker === undefined || !isAddressEqual(owner, maker),
  );
  if (waits || error || homes.data === undefined || maker === undefined) {
    return { beginning: undefined, homes: others, error, refetch };
  }
  const beginning = {
    meters: metersOf(homes.data, maker),
    surplus: holdings.data && unsoldOf(holdings.data, own.orders, slotSeconds, localZone()),
    microgrid: of,
    isOffline,
  };
  return { beginning, homes: others, error, refetch };
}
