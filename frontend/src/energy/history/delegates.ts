import type { DelegateRow } from "@wattline/indexer/client";
import type { Address } from "viem";
import { readContract } from "viem/actions";
import { readEvents } from "../../chain/index.ts";
import { useHistory } from "./useHistory.ts";

/** A key that may sign orders for a household: what it may still spend and until when, and what it has spent. */
export interface Delegate
  extends Pick<DelegateRow, "delegate" | "allowanceMillis" | "drawnMillis"> {
  readonly untilSeconds: number;
}

/** The delegates of a maker, revoked and used-up ones included. */
export const useDelegates = (maker: Address, currency: Address) =>
  useHistory<readonly Delegate[]>(
    ["delegates", maker, currency],
    async (indexer, signal) => {
      const all = await indexer.delegatesOf(maker, { signal });
      return all
        .filter((one) => one.currency === currency.toLowerCase())
        .map(({ delegate, allowanceMillis, drawnMillis, until }) => ({
          delegate,
          allowanceMillis,
          drawnMillis,
          untilSeconds: until,
        }));
    },
    async ({ client, contracts, network, signal }) => {
      const own = {
        ...contracts.marketplace,
        args: { maker, currency },
        fromBlock: BigInt(network.deployment.fromBlock),
        signal,
      };
      const [authorized, drawn] = await Promise.all([
        readEvents(client, { ...own, eventName: "Authorized" }),
        readEvents(client, { ...own, eventName: "Drawn" }),
      ]);
      const delegates = new Set(authorized.map(({ args }) => args.delegate));
      return Promise.all(
        [...delegates].map(async (delegate) => {
          const { amount, until } = await readContract(client, {
            ...contracts.marketplace,
            functionName: "allowanceOf",
            args: [maker, currency, delegate],
          });
          return {
            delegate,
            allowanceMillis: amount,
            untilSeconds: until,
            drawnMillis: drawn
              .filter(({ args }) => args.delegate === delegate)
              .reduce((sum, { args }) => sum + args.amount, 0n),
          };
        }),
      );
    },
  );
