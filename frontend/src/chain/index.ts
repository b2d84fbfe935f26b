export { type Account, useAccount } from "./account.ts";
export { type PastAct, readActs } from "./acts.ts";
export { chainOf } from "./chain.ts";
export { ConfigError, type Currency, loadNetworks, type Network, type Networks } from "./config.ts";
export { type Call, callOf, contractsOf } from "./contracts.ts";
export { blockTimes, contractsIn, plainLog } from "./events.ts";
export { HeadProvider, useChainHead, useChainTime } from "./head.tsx";
export { readEvents } from "./logs.ts";
export {
  readCommunities,
  useCurrentSlot,
  useMicrogrids,
  useProposals,
  useTieLines,
} from "./microgrids.ts";
export { NetworkProvider, useNetwork, useNetworks } from "./network.tsx";
export { readMany } from "./readMany.ts";
export { type ChainContext, type ChainQuery, useChainQuery } from "./useChainQuery.ts";
export { readView } from "./view.ts";
