/** What a deal of the contracts' second edition comes to, slot by slot. Pure: nothing here reads a chain or a clock. */
export * from "./deal.ts";
export * from "./grid.ts";
export * from "./loss.ts";
export * from "./order.ts";
export * from "./position.ts";
export * from "./price.ts";
export * from "./schedule.ts";
