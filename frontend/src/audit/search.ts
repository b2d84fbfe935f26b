import { type Address, type Hex, isAddress, isHex } from "viem";
import * as z from "zod/mini";
import { appSearch } from "../app/index.ts";

const address = z.custom<Address>(
  (value) => typeof value === "string" && isAddress(value, { strict: false }),
);
const hash = z.custom<Hex>((value) => isHex(value) && value.length === 66);
const maybe = <Type extends z.ZodMiniType>(type: Type) => z.catch(z.optional(type), undefined);

/** The page's search parameters: the filters and the open settlement. */
export const auditSearch = z.extend(appSearch, {
  household: maybe(address),
  meter: maybe(address),
  slot: maybe(z.number().check(z.int(), z.nonnegative())),
  tx: maybe(hash),
  /** `transaction-logIndex` */
  row: maybe(z.string().check(z.regex(/^0x[0-9a-f]{64}-\d+$/))),
});
