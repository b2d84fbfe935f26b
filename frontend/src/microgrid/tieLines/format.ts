import { formatShare } from "../../ui/index.ts";

const ALL_BPS = 10_000n;

/** A tie line's loss: "3%". */
export const formatLoss = (lossBps: bigint): string => formatShare(lossBps, ALL_BPS);
