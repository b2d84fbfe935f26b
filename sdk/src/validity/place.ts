import { isAddressEqual } from "viem";
import { isPosted } from "../deals/order.ts";
import type { Level } from "../deals/schedule.ts";
import { sourceMask } from "../energyId.ts";
import type { MeterFacts, OrderFacts } from "../facts.ts";
import { isClosedIn, levelsOver, type Microgrid } from "../microgrid.ts";
import type { Order } from "../typedData.ts";
import { type Breach, isOffer, type Reason } from "./judgement.ts";

/** Where an order trades: its microgrid and its meter. */

export function microgridBreaches(order: Order, { microgrid }: OrderFacts): Breach[] {
  const unfit = (
    code: string,
    path: keyof Order,
    message: string,
    values: NonNullable<Reason["values"]> = {},
  ): Breach[] => [{ code, message, path, values, makes: "void" }];
  if (microgrid === undefined) {
    return unfit("Microgrids_Unknown", "microgrid", `There is no microgrid ${order.microgrid}.`, {
      microgrid: order.microgrid,
    });
  }
  if (isClosedIn(microgrid, order.firstSlot)) {
    return unfit(
      "Deals_Closed",
      "microgrid",
      `The microgrid ${order.microgrid} is closed for trades of slots from ${microgrid.closedFrom} on.`,
    );
  }
  if (!isPosted(order) || !isIslandedThroughout(microgrid, order)) return [];
  const levels = levelsOver(microgrid, order);
  const paid = ({ feePerKwh }: Level) => order.price + (isOffer(order) ? feePerKwh : 0n);
  if (levels.some((level) => paid(level) <= level.capPerKwh)) return [];
  const most = levels.map(({ capPerKwh }) => capPerKwh).join(", ");
  return unfit(
    "Deals_PricesDontMeet",
    "price",
    `A buyer would pay more per kWh than the most in islanded slots, ${most}.`,
  );
}

/** Whether an order is for islanded slots only. */
const isIslandedThroughout = (
  { islands }: Microgrid,
  { firstSlot, lastSlot }: Pick<Order, "firstSlot" | "lastSlot">,
): boolean =>
  islands.some(
    (island) =>
      island.firstSlot <= firstSlot &&
      (island.lastSlot === undefined || lastSlot <= island.lastSlot),
  );

/** Rules about the named meter: whose energy a forward offer sells, or for which load islanded slots are bought. */
export function meterBreaches(order: Order, { meter, microgrid }: OrderFacts): Breach[] {
  if (microgrid === undefined) return [];
  if (order.forward && isOffer(order)) return promiseBreaches(order, meter);
  const needsLoad = !isOffer(order) && isIslandedThroughout(microgrid, order);
  if (!needsLoad || isOwn(order, meter)) return [];
  return [
    {
      code: "Deals_Rationed",
      message: `Islanded slots are bought for a meter of one's own: ${order.maker} names none in the microgrid ${order.microgrid}.`,
      path: "meter",
      makes: "void",
    },
  ];
}

export const isOwn = (order: Order, meter: MeterFacts | undefined): boolean =>
  meter?.active === true &&
  isAddressEqual(meter.owner, order.maker) &&
  meter.microgrid === order.microgrid;

/** What keeps a meter from promising the energy of a forward offer. */
function promiseBreaches(order: Order, meter: MeterFacts | undefined): Breach[] {
  const unfit = (
    code: string,
    message: string,
    values: NonNullable<Reason["values"]>,
  ): Breach[] => [{ code, message, path: "meter", values, makes: "void" }];
  if (meter === undefined) {
    return unfit("Meters_Unknown", `No meter ${order.meter} is registered.`, {
      meter: order.meter,
    });
  }
  if (!isAddressEqual(meter.owner, order.maker)) {
    return unfit(
      "Meters_NotOwner",
      `The meter ${order.meter} belongs to ${meter.owner}, not to ${order.maker}.`,
      { meter: order.meter, caller: order.maker, owner: meter.owner },
    );
  }
  if (!meter.active) {
    return unfit("Meters_Inactive", `The meter ${order.meter} is retired.`, { meter: order.meter });
  }
  const isNamed = (order.sources & sourceMask(meter.source)) !== 0;
  if (meter.microgrid !== order.microgrid || !isNamed) {
    return unfit(
      "Meters_NotSuch",
      `The meter ${order.meter} makes ${meter.source} energy in the microgrid ${meter.microgrid}, which the order does not sell.`,
      { meter: order.meter, microgrid: order.microgrid, source: meter.source },
    );
  }
  if (meter.isLeaving) {
    return unfit(
      "Meters_Leaving",
      `The meter ${order.meter} is offered to a new owner or about to move: until then it promises nothing.`,
      { meter: order.meter },
    );
  }
  return [];
}
