import { Trans } from "@lingui/react/macro";
import { isOfGrid, isPosted, type Microgrid, OFFER, slotStart } from "@wattline/sdk";
import { zeroAddress } from "viem";
import { useBook } from "../data/index.ts";
import { formatClock, Price } from "../ui/index.ts";

/** When neighbours offer energy to come at the lowest posted price; nothing while nobody does. */
export function CheapestHours({
  microgrid,
  slot,
}: {
  readonly microgrid: Microgrid;
  /** The current one. */
  readonly slot: number;
}) {
  const { orders } = useBook(microgrid.microgrid);
  const cheapest = orders
    .map(({ order }) => order)
    .filter(
      (order) =>
        order.side === OFFER &&
        order.forward &&
        // A limit is nobody's to take: it trades at the community price.
        isPosted(order) &&
        order.lastSlot > slot &&
        order.counterparty === zeroAddress &&
        !isOfGrid(order, microgrid),
    )
    .reduce<(typeof orders)[number]["order"] | undefined>(
      (best, order) => (best === undefined || order.price < best.price ? order : best),
      undefined,
    );
  if (cheapest === undefined) return null;
  const from = formatClock(
    slotStart(Math.max(cheapest.firstSlot, slot + 1), microgrid.slotSeconds),
  );
  const to = formatClock(slotStart(cheapest.lastSlot + 1, microgrid.slotSeconds));
  return (
    <span className="block">
      <Trans>
        cheapest to come: {from}–{to}, <Price perKwh={cheapest.price} />
      </Trans>
    </span>
  );
}
