export { crc16 } from "./crc16.ts";
export { DIALECTS, type P1Dialect } from "./dialects.ts";
export { type P1Fault, P1Stream, type P1StreamEvent } from "./stream.ts";
export {
  type Direction,
  P1Error,
  type P1Register,
  type P1Telegram,
  parseTelegram,
} from "./telegram.ts";
