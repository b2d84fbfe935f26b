/** A home's battery: how it is read and told what to do, and who decides that. */
export type { BatteryLink, BatteryReading } from "./link.ts";
export { Neighbours } from "./neighbours.ts";
export { netForecast } from "./net.ts";
export { openLink } from "./open.ts";
export { type PilotOptions, runBattery } from "./pilot.ts";
export {
  type BatteryState,
  batteryOf,
  type Decision,
  type Doing,
  PLAN_HOURS,
  type PlannedSlot,
  Steering,
  wattsOf,
} from "./steering.ts";
