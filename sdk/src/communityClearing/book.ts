import { isAddressEqual, zeroAddress } from "viem";
import { SOURCES, type Source, sourceMask } from "../energyId.ts";
import {
  communityPriceIn,
  isIslandedIn,
  levelFor,
  type Microgrid,
  NO_RATION_WH,
  rationWhIn,
} from "../microgrid.ts";
import { type Order, SIDES } from "../typedData.ts";
import type { CommunitySlot, LimitOrder } from "./types.ts";

/**
 * A limit as the clearing needs it.
 * @param open What is known of it beyond its terms; see {@link LimitOrder}.
 * @param source Of an offer: the source that it sells. An offer of several sources is given once for each.
 * @throws RangeError when its side is none, or when it is an offer without a source.
 */
export function limitOf(
  order: Order,
  open: Pick<LimitOrder, "leftWh" | "mostWh" | "critical">,
  source?: Source,
): LimitOrder {
  const { maker, nonce, meter, firstSlot, lastSlot, price } = order;
  const side = SIDES[order.side];
  if (side === undefined) throw new RangeError(`${order.side} is no side of the market.`);
  if (side === "offer" && source === undefined) {
    throw new RangeError(`The offer ${nonce} of ${maker} names no source to sell.`);
  }
  return {
    maker,
    nonce,
    side,
    sources:
      side === "offer" && source !== undefined
        ? [source]
        : SOURCES.filter((each) => (order.sources & sourceMask(each)) !== 0),
    firstSlot,
    lastSlot,
    pricePerKwh: price,
    ...(isAddressEqual(meter, zeroAddress) ? {} : { meter }),
    ...open,
  };
}

/** What holds in a slot of a microgrid. */
export function communitySlotIn(microgrid: Microgrid, slot: number): CommunitySlot {
  const conditions = {
    slot,
    pricePerKwh: communityPriceIn(microgrid, slot),
    networkFeePerKwh: levelFor(microgrid, slot).feePerKwh,
  };
  if (!isIslandedIn(microgrid, slot)) return conditions;
  return { ...conditions, rationWh: rationWhIn(microgrid, slot) ?? NO_RATION_WH };
}
