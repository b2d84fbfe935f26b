/** Which entries are shown: everything, trades, forwards that are open, orders, or energy and money alone. */
export const SHOWN = ["all", "trades", "open", "orders", "other"] as const;
export type Shown = (typeof SHOWN)[number];
