/** Days of a community, played on a chain. */
export { type LocalAccount, localAccount, OPERATOR } from "./accounts.ts";
export { AHEAD_SECONDS, buildContracts, type Chain, ChainError, openChain } from "./chain.ts";
export {
  fund,
  type Household,
  register,
  report,
  settleCommunity,
  signReading,
} from "./community.ts";
export { deploy, type PlayMoney } from "./deployment.ts";
export type { MarketName } from "./market.ts";
export { openSimulation } from "./opening.ts";
export { readOptions, type SimulationOptions, USAGE } from "./options.ts";
export { jsonOf, tablesOf } from "./print.ts";
export { type Played, play, playOn } from "./run.ts";
export type { Simulation } from "./simulation.ts";
export { tieLineFor } from "./tieLine.ts";
export { tradingAt } from "./trading.ts";
export { CURRENCY_DECIMALS } from "./values.ts";
