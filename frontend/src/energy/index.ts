import { lazily } from "../ui/index.ts";

/** What a household has, and has earned; its pages. */
export { useEarnings } from "./history/earnings.ts";
export type { Forward } from "./history/forward.ts";
export { type MyMeter, useMyMeters, useReadings } from "./history/meters.ts";
export { slotsOf, useForwards } from "./history/positions.ts";
export { type JudgedReading, useReportCalls, useWaiting } from "./meters/useWaiting.ts";
export { byDay, monthOf } from "./periods.ts";
export {
  autopilotRoute,
  certificateRoute,
  deliveryRoute,
  energyRoute,
  statementRoute,
} from "./route.ts";

/** With its words, for a page that is not of this folder. */
export const WaitingReadings = lazily(() => import("./meters/Waiting.tsx"));
