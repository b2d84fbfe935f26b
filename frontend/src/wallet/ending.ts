import { type Client, type Hex, isAddressEqual, keccak256, type TransactionReceipt } from "viem";
import {
  getBlock,
  getBlockNumber,
  getTransaction,
  getTransactionCount,
  getTransactionReceipt,
} from "viem/actions";
import { keepPending, type Pending } from "./pending.ts";

/** How a transaction ended. A wallet can send another one with the same nonce: then this one is never mined. */
export type Ending =
  | { readonly status: "mined" | "spedUp"; readonly receipt: TransactionReceipt }
  /** Another one took its place: nothing but a fee, something else, or one that was not found. */
  | { readonly status: "cancelled" | "replaced" }
  /** No node has heard of it for {@link PATIENCE_MS}. */
  | { readonly status: "lost" };

/** How long a transaction may be unknown to the node before it counts as lost: its wallet may hold it back. */
const PATIENCE_MS = 180_000;
/** How many blocks are looked through for the transaction that took the place of another. */
const MOST_BLOCKS = 200n;

/** A transaction, as far as it tells what it does. */
interface Sent {
  readonly hash: Hex;
  readonly to: Hex | null;
  readonly input: Hex;
  readonly value: bigint;
}

/**
 * Waits until a transaction is mined, or another one with its nonce is. A node that does not answer is asked again.
 * @param pauseMs Between two questions.
 */
export async function endingOf(
  client: Client,
  pending: Pending,
  pauseMs = client.pollingInterval,
): Promise<Ending> {
  const unknownSince = { at: Date.now() };
  for (;;) {
    const ending = await look(client, pending, unknownSince).catch(() => undefined);
    if (ending !== undefined) return ending;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** One look at the chain; undefined while nothing has ended. */
async function look(
  client: Client,
  pending: Pending,
  unknownSince: { at: number },
): Promise<Ending | undefined> {
  const hash = pending.id as Hex;
  const receipt = await receiptOf(client, hash);
  if (receipt !== undefined) return { status: "mined", receipt };
  const known = await nonceOf(client, pending, unknownSince);
  const nonce = known ?? pending.expectedNonce;
  const mined = await getTransactionCount(client, { address: pending.from });
  if (nonce !== undefined && mined > nonce) {
    // It may have been mined between the two questions.
    const late = await receiptOf(client, hash);
    if (late !== undefined) return { status: "mined", receipt: late };
    const other = await transactionWith(client, pending, nonce);
    const status = other === undefined ? "replaced" : replacementOf(pending, other);
    // With a nonce that is only likely, something else proves nothing: this one may still wait.
    if (other !== undefined && status === "spedUp") {
      const otherReceipt = await receiptOf(client, other.hash);
      return otherReceipt && { status, receipt: otherReceipt };
    }
    if (status === "cancelled" || (status === "replaced" && known !== undefined)) return { status };
  }
  const isUnheardOf = known === undefined && Date.now() - unknownSince.at > PATIENCE_MS;
  return isUnheardOf ? { status: "lost" } : undefined;
}

const receiptOf = (client: Client, hash: Hex): Promise<TransactionReceipt | undefined> =>
  getTransactionReceipt(client, { hash }).catch(unlessMissing("TransactionReceiptNotFoundError"));

/** The nonce of a transaction, asked of the node until it knows it, and then kept. */
async function nonceOf(
  client: Client,
  pending: Pending,
  unknownSince: { at: number },
): Promise<number | undefined> {
  const found = await getTransaction(client, { hash: pending.id as Hex }).catch(
    unlessMissing("TransactionNotFoundError"),
  );
  if (found === undefined) return pending.nonce;
  unknownSince.at = Date.now();
  if (pending.nonce === undefined) {
    Object.assign(pending, { nonce: found.nonce });
    keepPending(pending);
  }
  return found.nonce;
}

const unlessMissing = (name: string) => (error: unknown) => {
  if (error instanceof Error && error.name === name) return undefined;
  throw error;
};

/** The newest mined transaction of the account with this nonce; undefined when it lies further back than is looked. */
async function transactionWith(
  client: Client,
  { from }: Pending,
  nonce: number,
): Promise<Sent | undefined> {
  const head = await getBlockNumber(client, { cacheTime: 0 });
  for (let number = head; number >= 0n && number > head - MOST_BLOCKS; number--) {
    const { transactions } = await getBlock(client, {
      blockNumber: number,
      includeTransactions: true,
    });
    const found = transactions.find((one) => one.nonce === nonce && isAddressEqual(one.from, from));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a transaction is that took the place of another: the same with another fee, nothing at all, or something else. */
function replacementOf(
  { from, to, dataHash }: Pick<Pending, "from" | "to" | "dataHash">,
  other: Pick<Sent, "to" | "input" | "value">,
): "spedUp" | "cancelled" | "replaced" {
  const isSame =
    to !== undefined &&
    other.to !== null &&
    isAddressEqual(other.to, to) &&
    keccak256(other.input) === dataHash;
  if (isSame) return "spedUp";
  const isNothing = other.input === "0x" && other.value === 0n;
  return isNothing && other.to !== null && isAddressEqual(other.to, from)
    ? "cancelled"
    : "replaced";
}
