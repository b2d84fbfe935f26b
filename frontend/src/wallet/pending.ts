import { type Address, type Client, type Hex, isHex } from "viem";
import { getBlock } from "viem/actions";
import * as z from "zod/mini";
import { recall, remember } from "../browser/index.ts";
import type { Network } from "../chain/index.ts";

const hex = z.custom<Hex>((value) => isHex(value));
const pending = z.object({
  /** A transaction's hash, the id of a bundle of calls, or the hash of what the auctioneer was given. */
  id: z.string(),
  kind: z.enum(["transaction", "calls", "mandate"]),
  /** What the auctioneer was given. */
  data: z.optional(hex),
  chainId: z.number(),
  /**
   * The chain's first block and the marketplace on it. A local chain that was started anew has the same chain id, and
   * neither of these. Undefined in what an earlier edition of the app has kept.
   */
  genesis: z.optional(z.string()),
  marketplace: z.optional(hex),
  from: hex,
  /** What was asked for, so that another transaction in its place is known as such. */
  to: z.optional(hex),
  dataHash: z.optional(hex),
  /** The transaction's number among those of the account, once a node has told it. */
  nonce: z.optional(z.number()),
  /** How many the account had when it was sent: most likely this one's number. */
  expectedNonce: z.optional(z.number()),
  /** What it does, in the words that the person saw. */
  title: z.string(),
});

/** Something sent and not yet mined: kept so that a reload loses nothing. */
export type Pending = z.infer<typeof pending>;

/** A chain, told apart from others with the same id. */
export interface ChainIdentity {
  readonly chainId: number;
  readonly genesis: string;
  readonly marketplace: Address;
}

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

/** Keeps something sent, or what is known of it by now. */
export function keepPending(one: Pending): void {
  const others = pendingNow().filter(({ id }) => id !== one.id);
  remember(KEY, JSON.stringify([...others, one].slice(-MOST)));
}

export function dropPending({ id }: Pick<Pending, "id">): void {
  remember(KEY, JSON.stringify(pendingNow().filter((one) => one.id !== id)));
}

/** Which chain a node of this network is on. @throws What the node fails with. */
export async function chainIdentity(
  client: Client,
  { deployment: { chainId, marketplace } }: Network,
): Promise<ChainIdentity> {
  const { hash } = await getBlock(client, { blockNumber: 0n });
  return { chainId, marketplace, genesis: hash };
}

/** Whether something was sent on this very chain, and not on one that had its id before. */
export const isOnChain = (
  { chainId, genesis, marketplace }: Pending,
  chain: ChainIdentity,
): boolean =>
  chainId === chain.chainId &&
  genesis === chain.genesis &&
  marketplace?.toLowerCase() === chain.marketplace.toLowerCase();
