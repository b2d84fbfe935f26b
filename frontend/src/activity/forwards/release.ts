import { blockOverdueAtSeconds, heldLanes } from "@wattline/sdk";
import { readContract } from "viem/actions";
import { useChainQuery, useChainTime, useMicrogrids } from "../../chain/index.ts";
import type { Forward } from "../../energy/index.ts";

/** Blocks of forwards as arguments of `release` or `undelivered`: each position once, its blocks as bits. */
export function releasesOf(forwards: readonly Forward[]) {
  const byPosition = Map.groupBy(forwards, ({ positionId }) => positionId);
  return [...byPosition.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const { position } = first;
    const blocks = own.reduce(
      (bits, { block: { block } }) => bits | (1n << BigInt(block - position.firstBlock)),
      0n,
    );
    return [{ position, blocks }];
  });
}

/** What can be done with an open block of a forward now. */
export type Readiness =
  /** Every slot with energy is reported: anyone may release it. */
  | { readonly kind: "due" }
  /** Slots have no reading, and their deadlines have passed: the buyer may call them undelivered. */
  | { readonly kind: "overdue" }
  /** Until then its readings may come, Unix seconds; undefined while an island of its slots lasts. */
  | { readonly kind: "waiting"; readonly untilSeconds: number | undefined };

export const keyOf = ({ positionId, block }: Forward): string => `${positionId} ${block.block}`;

/** What can be done with open forwards, by {@link keyOf}. */
export function useReadiness(open: readonly Forward[]): ReadonlyMap<string, Readiness> {
  const time = useChainTime();
  const { data: microgrids } = useMicrogrids();
  const { data: isReported } = useChainQuery(
    ["due", ...open.map(keyOf)],
    ({ client, contracts }) =>
      Promise.all(
        open.map(async ({ position: { meter }, block: { block, energy } }) => {
          const [, , reported] = await readContract(client, {
            ...contracts.meters,
            functionName: "deliveryOf",
            args: [meter, block],
          });
          return (heldLanes(energy) & ~reported) === 0n;
        }),
      ),
    { enabled: open.length > 0 },
  );
  return new Map(
    open.map((forward, index): [string, Readiness] => {
      const { position, block } = forward;
      if (isReported?.[index]) return [keyOf(forward), { kind: "due" }];
      const microgrid = microgrids?.find((each) => each.microgrid === position.from);
      const untilSeconds =
        microgrid === undefined || time === undefined
          ? undefined
          : blockOverdueAtSeconds(microgrid, block.block, block.energy, time);
      const isOverdue =
        isReported !== undefined &&
        untilSeconds !== undefined &&
        time !== undefined &&
        untilSeconds <= time;
      return [keyOf(forward), isOverdue ? { kind: "overdue" } : { kind: "waiting", untilSeconds }];
    }),
  );
}
