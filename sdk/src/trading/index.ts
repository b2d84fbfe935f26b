/** What a home's agent orders, within the household's limits. Pure: nothing here reads a chain or a clock. */
export { planTrades, SPOT_SECONDS } from "./plan.ts";
export * from "./types.ts";
