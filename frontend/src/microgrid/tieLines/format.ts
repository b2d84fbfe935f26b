import { formatShare } from "../../ui/index.ts";

const ALL_BPS = 10_000n;

/** A tie line's loss: "3%". */
export const formatLoss = (lossBps: number): string => formatShare(BigInt(lossBps), ALL_BPS);
