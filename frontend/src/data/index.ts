export {
  type BookOrder,
  type OrderState,
  RelayError,
  submitOrders,
  withdrawOrder,
} from "./relay.ts";
export { type Book, useBook } from "./useBook.ts";
export { type Health, useHealth } from "./useHealth.ts";
export { type Indexed, useIndexed } from "./useIndexed.ts";
