import type { EarningRow } from "@wattline/indexer/client";

/** What a household's trades came to in one hour of delivery. Energy in Wh, money in base units. */
export type Earning = Omit<EarningRow, "holder">;
