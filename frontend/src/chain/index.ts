export { useAccount } from "./account.ts";
export type { Currency, Network, Networks } from "./config.ts";
export { type Call, callOf, contractsOf } from "./contracts.ts";
export { useChainHead, useChainTime } from "./head.tsx";
export { readEvents } from "./logs.ts";
export { type Microgrid, MODES, type Mode, modeOf, useMicrogrids } from "./microgrids.ts";
export { useNetwork, useNetworks } from "./network.tsx";
export { readMany } from "./readMany.ts";
export { type ChainContext, useChainQuery } from "./useChainQuery.ts";
