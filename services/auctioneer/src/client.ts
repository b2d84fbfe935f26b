import type { Hex } from "viem";
import { refusalSchema, type Standing, standingSchema } from "./mandates/answers.ts";

/** A client of an auctioneer that sends what households have signed, for browser and Node. */

export type { Standing } from "./mandates/answers.ts";

/** The auctioneer does not send a call, or the answer is not an auctioneer's. */
export class AuctioneerError extends Error {
  /** The HTTP status. */
  readonly status: number;
  /** The contract's error, when that is why. */
  readonly data: Hex | undefined;

  constructor(status: number, message: string, revert?: Hex) {
    super(message);
    this.name = "AuctioneerError";
    this.status = status;
    this.data = revert;
  }
}

/**
 * Hands a signed call in, or asks how it stands: the same call is sent once, however often it is handed in.
 * @param url Where the auctioneer is, such as `http://127.0.0.1:8593`.
 * @param data The call of the marketplace, as calldata.
 * @throws AuctioneerError when it does not send the call; what fetch throws.
 */
export async function handIn(url: string, data: Hex, signal?: AbortSignal): Promise<Standing> {
  const response = await fetch(`${url.replace(/\/+$/, "")}/mandates`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ data }),
    ...(signal && { signal }),
  });
  const body: unknown = await response.json().catch(() => undefined);
  const standing = standingSchema.safeParse(body);
  if (response.ok && standing.success) return standing.data;
  const refusal = refusalSchema.safeParse(body);
  if (!refusal.success) {
    throw new AuctioneerError(response.status, `${url} does not answer as an auctioneer.`);
  }
  throw new AuctioneerError(response.status, refusal.data.error, refusal.data.revert);
}
