import { heldLanes, sourceIndex } from "@wattline/sdk";
import { readContract } from "viem/actions";
import { useChainQuery, useChainTime } from "../../chain/index.ts";
import type { Forward } from "../history/forward.ts";

/** A block of a forward as an argument of `release`. */
export const releaseOf = (forward: Forward) => ({
  position: {
    seller: forward.seller,
    buyer: forward.buyer,
    meter: forward.meter,
    source: sourceIndex(forward.source),
    from: forward.fromMicrogrid,
    to: forward.toMicrogrid,
    currency: forward.currency,
    price: forward.price,
    charge: forward.charge,
    bond: forward.bond,
    lossBps: forward.lossBps,
  },
  blockNumber: forward.block,
});

/**
 * The open forwards that can be released now, by position and block: each slot with energy is reported on chain, or
 * the reporting deadline of all slots has passed.
 */
export function useDue(open: readonly Forward[]): ReadonlySet<string> {
  const time = useChainTime();
  const { data } = useChainQuery(
    ["due", ...open.map(({ positionId, block, reserved }) => `${positionId} ${block} ${reserved}`)],
    ({ client, contracts }) =>
      Promise.all(
        open.map(async ({ meter, block, reserved }) => {
          const [, , resolved] = await readContract(client, {
            ...contracts.meters,
            functionName: "deliveryOf",
            args: [meter, block],
          });
          return (heldLanes(reserved) & ~resolved) === 0n;
        }),
      ),
    { enabled: open.length > 0 },
  );
  return new Set(
    open
      .filter((one, index) => data?.[index] || (time !== undefined && time > one.deadline))
      .map(({ positionId, block }) => `${positionId} ${block}`),
  );
}
