import { type Hex, isHex } from "viem";
import * as z from "zod/mini";
import { recall, remember } from "../browser/index.ts";

const hex = z.custom<Hex>((value) => isHex(value));
const pending = z.object({
  /** A transaction's hash, or the id of a bundle of calls. */
  id: z.string(),
  kind: z.enum(["transaction", "calls"]),
  chainId: z.number(),
  from: hex,
  /** What it does, in the words that the person saw. */
  title: z.string(),
});

/** Something sent and not yet mined: kept so that a reload loses nothing. */
export type Pending = z.infer<typeof pending>;

const KEY = "wattline.pending";
const MOST = 50;

/** What was sent and has not ended, the oldest first. */
export function pendingNow(): Pending[] {
  try {
    return z.array(pending).parse(JSON.parse(recall(KEY) ?? "[]"));
  } catch {
    return [];
  }
}

export function keepPending(one: Pending): void {
  const others = pendingNow().filter(({ id }) => id !== one.id);
  remember(KEY, JSON.stringify([...others, one].slice(-MOST)));
}

export function dropPending({ id }: Pick<Pending, "id">): void {
  remember(KEY, JSON.stringify(pendingNow().filter((one) => one.id !== id)));
}
