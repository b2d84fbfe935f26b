/** How a home runs its battery: a plan for the next slots, and what the battery does in one. Pure. */
export {
  type Battery,
  type BatteryFlow,
  mostWhOf,
  requireBattery,
  roomWhOf,
  storedAfter,
} from "./battery.ts";
export { type BatterySlot, type BatteryStep, flowFor, planBattery, worthOfNext } from "./plan.ts";
export type { Piece, Worth } from "./worth.ts";
