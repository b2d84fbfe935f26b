/** The parts of an agent, for who runs many homes in one process and says when each acts. */
export { Neighbours, Steering } from "./battery/index.ts";
export { Home, headerOf } from "./home.ts";
export { MemoryRecords } from "./journal/records.ts";
export { Reporter, type Reporting } from "./reporting/reporter.ts";
export { Market } from "./trading/market.ts";
export { Trader } from "./trading/trader.ts";
