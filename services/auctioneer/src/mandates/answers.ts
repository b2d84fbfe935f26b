import type { Hex } from "viem";
import * as z from "zod/mini";

/** What is said over HTTP about a household's signed calls: the one schema for server and client. */

const hex = z.custom<Hex>(
  (value) => typeof value === "string" && /^0x([0-9a-f]{2})*$/i.test(value),
  "bytes in hexadecimal, such as 0x12ab",
);

/** A call of the marketplace that the household has signed, as calldata. */
export const requestSchema = z.strictObject({ data: hex });

/** How a call stands: it waits for its turn, is on its way, was mined and done, or was mined and has failed. */
export const standingSchema = z.discriminatedUnion("status", [
  z.object({ status: z.literal("waiting") }),
  z.object({ status: z.enum(["sent", "done", "failed"]), hash: hex }),
]);

/** Why a call is not sent. */
export const refusalSchema = z.object({
  error: z.string(),
  /** The contract's error, when that is why. */
  revert: z.optional(hex),
});

export type Standing = z.infer<typeof standingSchema>;
export type RefusalBody = z.infer<typeof refusalSchema>;
