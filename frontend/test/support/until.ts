import { until as untilWithin } from "../../../scripts/testing/until.ts";
import { WAIT_MS } from "./limits.ts";

/** Asks again and again until something holds. @throws When it never does. */
export const until = (holds: () => boolean | Promise<boolean>): Promise<boolean> =>
  untilWithin("the condition holds", holds, WAIT_MS);
