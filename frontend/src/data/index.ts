export { readFacts } from "./facts.ts";
export {
  type BookOrder,
  fetchOrders,
  isDown,
  type OrderState,
  type PostResult,
  RelayError,
  submitOrders,
  withdrawOrder,
} from "./relay.ts";
export { type Book, useBook, useOwnOrders } from "./useBook.ts";
export { type Health, useHealth } from "./useHealth.ts";
export { type Indexed, IndexerRefresh, useIndexed } from "./useIndexed.ts";
export { type Member, useAllMembers, useMembers } from "./useMembers.ts";
