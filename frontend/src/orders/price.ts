import { marketplaceAbi } from "@wattline/sdk";
import { type Microgrid, readEvents } from "../chain/index.ts";
import { type Indexed, useIndexed } from "../data/index.ts";

/** The newest price at which a batch of a microgrid has cleared, base units per kWh, fee included; null without one. */
export const useClearingPrice = (microgrid: number): Indexed<bigint | null> =>
  useIndexed(
    ["orders", "clearingPrice", microgrid],
    async (ask) => {
      const { slotPrices } = await ask<{ slotPrices: { items: { clearingPrice: string }[] } }>(
        `query ($microgrid: Int!) {
          slotPrices(where: { microgrid: $microgrid, clearingPrice_not: null }, orderBy: "slot", orderDirection: "desc", limit: 1) {
            items { clearingPrice }
          }
        }`,
        { microgrid },
      );
      const price = slotPrices.items[0]?.clearingPrice;
      return price === undefined ? null : BigInt(price);
    },
    async ({ client, contracts, network, signal }) => {
      const cleared = await readEvents(client, {
        address: contracts.marketplace.address,
        abi: marketplaceAbi,
        eventName: "Cleared",
        args: { microgrid },
        fromBlock: BigInt(network.deployment.fromBlock),
        signal,
      });
      return cleared.at(-1)?.args.prices.findLast((price) => price > 0n) ?? null;
    },
  );

/**
 * A price to begin with, base units per kWh: what the last batch cleared at; before any, the middle between what the
 * grid pays and what it charges. A seller receives it less the network fee. Cut to a whole cent where the tariffs leave
 * room for that.
 */
export function suggestedPrice(
  side: "offer" | "bid",
  { tariffs }: Pick<Microgrid, "tariffs">,
  clearingPrice: bigint | null,
  decimals: number,
): bigint {
  const { feedIn, retail, networkFee } = tariffs;
  const paid = clearingPrice ?? (feedIn + networkFee + retail) / 2n;
  const own = side === "offer" ? paid - networkFee : paid;
  const price = own > 0n ? own : 0n;
  const cent = 10n ** BigInt(Math.max(decimals - 2, 0));
  const whole = price - (price % cent);
  return whole >= feedIn ? whole : price;
}
