export { readFacts } from "./facts.ts";
export {
  type BookOrder,
  isDown,
  type OrderState,
  type PostResult,
  RelayError,
  submitOrders,
  withdrawOrder,
} from "./relay.ts";
export { type Book, useBook, useOwnOrders } from "./useBook.ts";
export { type Health, useHealth } from "./useHealth.ts";
export { type Indexed, useIndexed } from "./useIndexed.ts";
