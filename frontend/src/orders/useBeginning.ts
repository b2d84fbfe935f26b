import { type Address, isAddressEqual } from "viem";
import { getBlock } from "viem/actions";
import { localZone } from "../browser/index.ts";
import { type Microgrid, useChainQuery, useNetwork } from "../chain/index.ts";
import { useOwnOrders } from "../data/index.ts";
import type { Beginning } from "./defaults.ts";
import { type HomeMeter, metersOf, useHomes } from "./homes.ts";
import { suggestedPrice, useClearingPrice } from "./price.ts";
import { readHoldings, unsoldOf } from "./surplus.ts";

/** All that the form begins with; undefined while it is being read. */
export function useBeginning(
  side: "offer" | "bid",
  microgrid: Microgrid,
  maker: Address | undefined,
): {
  readonly beginning: Beginning | undefined;
  readonly homes: readonly HomeMeter[];
  readonly error: Error | null;
  refetch(): void;
} {
  const { currency } = useNetwork();
  const { slotSeconds } = microgrid.charter;
  const homes = useHomes(microgrid.id);
  const own = useOwnOrders(microgrid.id, maker);
  const clearing = useClearingPrice(microgrid.id);
  const holdings = useChainQuery(
    ["orders", "holdings", microgrid.id, maker],
    async (context) => {
      const { timestamp } = await getBlock(context.client);
      return readHoldings(context, maker ?? "0x", microgrid.id, Number(timestamp), slotSeconds);
    },
    { enabled: maker !== undefined && side === "offer" },
  );
  const error = homes.error ?? holdings.error;
  const waits =
    homes.isPending ||
    own.isPending ||
    clearing.isPending ||
    (side === "offer" && holdings.isPending);
  const refetch = () => {
    void homes.refetch();
    void holdings.refetch();
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
    pricePerKwh: suggestedPrice(side, microgrid, clearing.data ?? null, currency.decimals),
    feedInPerKwh: microgrid.tariffs.feedIn,
  };
  return { beginning, homes: others, error, refetch };
}
