/** The layer under all tables: bytes to text, text to rows, cells to numbers. For files that are no meter's. */
export { type CsvRow, csvRowsOf, separatorOf } from "./csv.ts";
export { decodeText } from "./input.ts";
export { type DecimalMark, decimalMarkOf } from "./numbers.ts";
export { dateOrderOf, stampReader } from "./stamps.ts";
