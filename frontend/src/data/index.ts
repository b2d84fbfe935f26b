export { ownUseIn } from "./agentExport.ts";
export { readFacts } from "./facts.ts";
export { IndexerRefresh } from "./IndexerRefresh.ts";
export { type OwnUseHere, useOwnUse } from "./ownUse.ts";
export { noteOwnBlock } from "./progress.ts";
export {
  type BookOrder,
  fetchOrders,
  isDown,
  type OrderState,
  type PostResult,
  publishDirectory,
  RelayError,
  submitOrders,
  withdrawOrder,
} from "./relay.ts";
export { type Book, useBook, useOwnOrders } from "./useBook.ts";
export { type Health, useHealth } from "./useHealth.ts";
export { type Indexed, useIndexed } from "./useIndexed.ts";
export { type Member, useAllMembers, useMembers } from "./useMembers.ts";
export { useSigned } from "./useSigned.ts";
