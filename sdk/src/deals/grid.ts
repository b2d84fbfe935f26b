import { isAddressEqual } from "viem";
import { sourceMask } from "../energyId.ts";
import type { Microgrid } from "../microgrid.ts";
import type { Order } from "../typedData.ts";
import { OFFER } from "./order.ts";

const GRID_ONLY = sourceMask("Grid");

/**
 * Whether an order is a standing order of the grid and none of a neighbour: the DSO's own, or a retailer's offer of the energy
 * that its meter brings in from the grid.
 * @param microgrid The order's.
 */
export const isOfGrid = (
  { maker, side, sources }: Pick<Order, "maker" | "side" | "sources">,
  { dso }: Pick<Microgrid, "dso">,
): boolean => isAddressEqual(maker, dso) || (side === OFFER && sources === GRID_ONLY);
