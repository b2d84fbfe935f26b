import { callOf } from "../chain/chain.ts";
import { CASES, type Row } from "../row.ts";
import type { Community } from "./community.ts";

/** A maker cancels orders. Warm: another order of the same word was cancelled before. */
export const cancelRows = ({ chain, household, market }: Community): Row[] =>
  [1, 8].flatMap((orders) =>
    CASES.map((state) => ({
      name: `cancel, ${orders} ${orders === 1 ? "order" : "orders"}`,
      work: "cancel orders",
      slots: orders,
      case: state,
      async prepare() {
        const { address } = await household("maker");
        // The last of the eight that share a word; of eight orders, one was then cancelled already.
        if (state === "warm") await chain.send(callOf(address, market, "cancel", [[15n]]));
        const nonces = Array.from({ length: orders }, (_, i) => BigInt(8 + i));
        return [callOf(address, market, "cancel", [nonces])];
      },
    })),
  );
