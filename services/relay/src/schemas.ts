import { z } from "@hono/zod-openapi";
import {
  LONGEST_NAME,
  LONGEST_STREET,
  MOST_LISTINGS,
  type OrderState,
  SIDES,
  type Side,
  SOURCES,
} from "@wattline/sdk";
import { type Address, getAddress, type Hex } from "viem";
import type { Cursor } from "./store/query.ts";
import { ORDER_KINDS, SORTS } from "./wire.ts";

const STATES = [
  "live",
  "filled",
  "cancelled",
  "expired",
  "unbacked",
  "void",
] as const satisfies readonly OrderState[];

const SIDE_RULE = 'A side is 0 or "offer", 1 or "bid".';

/** The schemas of requests and answers, for validation and for the OpenAPI document. */

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "An address has 0x and 40 hexadecimal digits.")
  .transform((text): Address => getAddress(text))
  .openapi({ type: "string", example: "0x00000000000000000000000000000000000000A1" });

const bytes = (mostBytes: number) =>
  z
    .string()
    .max(2 + 2 * mostBytes, `At most ${mostBytes} bytes.`)
    .regex(/^0x(?:[0-9a-fA-F]{2})*$/, "Bytes have 0x and an even number of hexadecimal digits.")
    .transform((text) => text.toLowerCase() as Hex)
    .openapi({ type: "string", example: "0x" });

const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, "A hash has 0x and 64 hexadecimal digits.")
  .transform((text) => text.toLowerCase() as Hex)
  .openapi({ type: "string" });

const uint = (bits: number) =>
  z
    .int()
    .min(0)
    .max(2 ** bits - 1);

/** An unsigned number too large for a JSON number, in decimal digits. */
const bigUint = (bits: number) =>
  z
    .string()
    .regex(/^(?:0|[1-9]\d{0,28})$/, {
      error: "An unsigned whole number in decimal digits.",
      abort: true,
    })
    .refine((text) => BigInt(text) < 2n ** BigInt(bits), `At most ${bits} bits.`)
    .openapi({ type: "string", example: "170000" });

/** An order's side, as it is signed or by its name: the same in orders and queries, a number or its digit. */
const side = z
  .union([z.int(), z.string()], { error: SIDE_RULE })
  .transform((value, context): number => {
    const index = SIDES.findIndex((name, i) => value === name || String(value) === String(i));
    if (index >= 0) return index;
    context.addIssue({ code: "custom", message: SIDE_RULE });
    return z.NEVER;
  })
  .openapi({ enum: [0, 1, ...SIDES], example: 0 });

/** A plain signature, a bulk signature, or a contract wallet's own format. */
const MOST_SIGNATURE_BYTES = 2_048;

export const orderSchema = z
  .strictObject({
    maker: address,
    meter: address,
    microgrid: uint(32),
    side,
    sources: uint(8),
    firstSlot: uint(32),
    lastSlot: uint(32),
    energy: uint(32),
    price: bigUint(96),
    forward: z.boolean(),
    bond: bigUint(96),
    mostAhead: uint(32),
    crosses: z.boolean(),
    counterparty: address,
    settler: address,
    nonce: bigUint(64),
    counter: bigUint(64),
    deadline: uint(40),
  })
  .openapi("Order");

export const signedOrderSchema = z
  .strictObject({ order: orderSchema, signature: bytes(MOST_SIGNATURE_BYTES) })
  .openapi("SignedOrder");

export const postSchema = (mostOrders: number) =>
  z.strictObject({ orders: z.array(signedOrderSchema).min(1).max(mostOrders) });

const listingSchema = z
  .strictObject({
    account: address,
    name: z.string().max(LONGEST_NAME),
    street: z.string().max(LONGEST_STREET),
    consent: bytes(MOST_SIGNATURE_BYTES),
  })
  .openapi("Listing");

export const signedDirectorySchema = z
  .strictObject({
    directory: z.strictObject({
      microgrid: uint(32),
      version: uint(32),
      listings: z.array(listingSchema).max(MOST_LISTINGS),
    }),
    signature: bytes(MOST_SIGNATURE_BYTES),
  })
  .openapi("SignedDirectory");

export const publishedSchema = z.object({ microgrid: z.int(), version: z.int() });

export const withdrawSchema = z.strictObject({ signature: bytes(MOST_SIGNATURE_BYTES) });

export const hashParam = z.object({
  hash: hash.openapi({ param: { name: "hash", in: "path" } }),
});

const ruleBrokenShape = {
  code: z.string().openapi({ example: "Orders_Expired" }),
  message: z.string(),
  path: z.string().optional(),
  values: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .readonly()
    .optional(),
};
const ruleBrokenSchema = z.object(ruleBrokenShape).openapi("RuleBroken");

export const problemSchema = z
  .object({ ...ruleBrokenShape, reasons: z.array(ruleBrokenSchema).readonly().optional() })
  .openapi("Problem");

export const resultsSchema = z
  .object({
    results: z.array(
      z.union([
        z.object({ hash: z.string(), status: z.literal("accepted") }),
        z.object({ hash: z.string(), status: z.literal("known"), state: z.enum(STATES) }),
        z.object({
          hash: z.string().optional(),
          status: z.literal("refused"),
          reasons: z.array(ruleBrokenSchema).readonly(),
        }),
      ]),
    ),
  })
  .openapi("PostResults");

export const refusedSchema = problemSchema.extend({
  results: resultsSchema.shape.results.optional(),
});

export const bookOrderSchema = z
  .object({
    order: z.object({
      ...orderSchema.shape,
      maker: z.string(),
      meter: z.string(),
      counterparty: z.string(),
      settler: z.string(),
    }),
    signature: z.string(),
    hash: z.string(),
    signer: z.enum(["maker", "delegate", "lockSigner", "wallet"]),
    remainingWh: z.string(),
    state: z.enum(STATES),
    receivedAt: z.int(),
    updatedSequence: z.int(),
    withdrawal: z.string().optional(),
  })
  .openapi("BookOrder");

export const pageSchema = z
  .object({
    orders: z.array(bookOrderSchema),
    eventId: z.string(),
    nextCursor: z.string().optional(),
  })
  .openapi("OrdersPage");

export const healthSchema = z
  .object({
    status: z.enum(["ok", "degraded"]),
    chainId: z.int(),
    block: z.int(),
    blockHash: z.string().optional(),
    head: z.int(),
    lagBlocks: z.int(),
    isOffline: z.boolean(),
    orders: z.int(),
  })
  .openapi("Health");

/** A whole number in a query. */
const uintText = (bits: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, { error: "An unsigned whole number in decimal digits.", abort: true })
    .transform(Number)
    .pipe(uint(bits))
    .openapi({ type: "integer", minimum: 0 });

const cursorText = z
  .string()
  .max(512)
  .transform((text, context): Cursor => {
    const [, value, sequence] = /^(\d{1,29}) (\d{1,15})$/.exec(decodeCursor(text)) ?? [];
    if (value === undefined || sequence === undefined) {
      context.addIssue({
        code: "custom",
        message: "This cursor is not one of this relay's: start without one.",
      });
      return z.NEVER;
    }
    return { value, sequence: Number(sequence) };
  })
  .openapi({ type: "string" });

export const microgridParam = z.object({
  microgrid: uintText(32).openapi({
    type: "integer",
    param: { name: "microgrid", in: "path" },
  }),
});

export const ordersQuerySchema = z.strictObject({
  microgrid: uintText(32).optional(),
  side: side.transform((index): Side | undefined => SIDES[index]).optional(),
  source: z.enum(SOURCES).optional(),
  fromSlot: uintText(32).optional(),
  toSlot: uintText(32).optional(),
  minPrice: bigUint(96).transform(BigInt).openapi({ type: "string" }).optional(),
  maxPrice: bigUint(96).transform(BigInt).openapi({ type: "string" }).optional(),
  maker: address.optional(),
  counterparty: address.optional(),
  kind: z.enum(ORDER_KINDS).optional(),
  settler: address.optional(),
  forward: z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .openapi({ type: "boolean" })
    .optional(),
  state: z.enum(["live", "all"]).optional(),
  sort: z.enum(SORTS).optional(),
  cursor: cursorText.optional(),
  limit: z
    .string()
    .regex(/^\d{1,4}$/, "1 to 500.")
    .transform(Number)
    .pipe(z.int().min(1).max(500))
    .openapi({ type: "integer", minimum: 1, maximum: 500, default: 100 })
    .optional(),
});

export const streamQuerySchema = z.strictObject({
  microgrid: uintText(32).optional(),
  from: z
    .string()
    .regex(/^(\d{1,16}|[0-9a-z]{1,32}-\d{1,15})$/, "The id of an event, or 0 for the whole book.")
    .optional(),
});

export const encodeCursor = ({ value, sequence }: Cursor): string =>
  Buffer.from(`${value} ${sequence}`).toString("base64url");

const decodeCursor = (text: string): string => Buffer.from(text, "base64url").toString();
