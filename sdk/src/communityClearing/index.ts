export {
  type CrossingBook,
  clearAcross,
  type LineBook,
  type LineMatch,
  type LinePrices,
  type LineSlot,
  type LineTrade,
  type LineWay,
  linePricesOf,
  pairAcross,
  waysOver,
} from "./across.ts";
export { communitySlotIn, limitOf } from "./book.ts";
export { clearCommunity } from "./clear.ts";
export { type OpenBook, type OpenLimit, type Pool, pairLimits } from "./open.ts";
export type { CommunityBook, CommunityMatch, CommunitySlot, LimitOrder } from "./types.ts";
