import { t } from "@lingui/core/macro";
import type { QueryClient } from "@tanstack/react-query";
import { type Address, type Client, isAddressEqual, type TransactionReceipt } from "viem";
import { call, getTransaction, waitForTransactionReceipt } from "viem/actions";
import type { Config, Connector } from "wagmi";
import { getClient, waitForCallsStatus } from "wagmi/actions";
import type { Network } from "../chain/index.ts";
import { noteOwnBlock } from "../data/index.ts";
import { type Ending, endingOf } from "./ending.ts";
import { Reverted, Told } from "./errors.ts";
import { dropPending, type Pending } from "./pending.ts";
import type { DeedToast } from "./toasts.tsx";

interface Surroundings {
  readonly config: Config;
  readonly network: Network;
  readonly queries: QueryClient;
  readonly toast: DeedToast;
}

/** What is being followed already, so that nothing is followed twice. */
const followed = new Map<string, Promise<readonly TransactionReceipt[]>>();

/**
 * Waits until something sent is mined, tells so, and lets everything on the chain be read again.
 * @throws Told when another transaction took its place; Reverted when it was mined and refused.
 */
export function follow(pending: Pending, surroundings: Surroundings) {
  let outcome = followed.get(pending.id);
  if (outcome === undefined) {
    outcome = end(pending, surroundings).finally(() => followed.delete(pending.id));
    followed.set(pending.id, outcome);
  }
  return outcome;
}

async function end(
  pending: Pending,
  { config, network, queries, toast }: Surroundings,
): Promise<readonly TransactionReceipt[]> {
  const { chainId, kind } = pending;
  toast.sent(kind === "transaction" ? explorerLink(network, pending.id) : undefined);
  if (kind === "calls") {
    const receipts = await callsReceipts(config, pending);
    dropPending(pending);
    for (const { blockNumber } of receipts) noteOwnBlock(chainId, blockNumber);
    void queries.invalidateQueries({ queryKey: ["chain", chainId] });
    toast.done(explorerLink(network, receipts.at(-1)?.transactionHash));
    return receipts;
  }
  const client = clientOf(config, chainId);
  const ending =
    kind === "mandate"
      ? await submittedEnding(client, pending, network)
      : await endingOf(client, pending);
  dropPending(pending);
  if ("receipt" in ending) noteOwnBlock(chainId, ending.receipt.blockNumber);
  // It is done now, however long the pages take to read the chain again.
  void queries.invalidateQueries({ queryKey: ["chain", chainId] });
  if (!("receipt" in ending)) throw new Told(wordsForEnding(ending.status));
  const { receipt, status } = ending;
  if (receipt.status !== "success") throw await revertOf(config, pending, receipt);
  const link = explorerLink(network, receipt.transactionHash);
  toast.done(link, status === "spedUp" ? t`Done: your wallet sped it up.` : undefined);
  return [receipt];
}

function wordsForEnding(status: Exclude<Ending["status"], "mined" | "spedUp">): string {
  switch (status) {
    case "cancelled":
      return t`You cancelled it in your wallet. Nothing was done, beyond the fee of cancelling.`;
    case "replaced":
      return t`Your wallet sent another transaction in its place. This one was not done, and will not be.`;
    case "lost":
      return t`The chain has not heard of it for three minutes. Look in your wallet whether it still waits there before you try again.`;
  }
}

/** Why a mined transaction was refused, as far as the contract still says so. */
async function revertOf(config: Config, { chainId }: Pending, receipt: TransactionReceipt) {
  const client = clientOf(config, chainId);
  const { from, to, input, value } = await getTransaction(client, {
    hash: receipt.transactionHash,
  });
  const cause = await call(client, { account: from, data: input, value, ...(to && { to }) }).then(
    () => undefined,
    (error: unknown) => error,
  );
  return new Reverted("The transaction was mined and refused.", { cause });
}

/** Asks the auctioneer until what it was given is mined. One that does not answer is asked again. */
async function submittedEnding(
  client: Client,
  pending: Pending,
  { auctioneerUrl = "" }: Network,
): Promise<Ending> {
  const { handIn, AuctioneerError } = await import("@wattline/auctioneer/client");
  for (;;) {
    const standing = await handIn(auctioneerUrl, pending.data ?? "0x").catch((error: unknown) => {
      const isRefused = error instanceof AuctioneerError && error.status < 500;
      if (!isRefused || error.status === TOO_MANY_REQUESTS) return undefined;
      dropPending(pending);
      throw error;
    });
    if (standing?.status === "done" || standing?.status === "failed") {
      const receipt = await waitForTransactionReceipt(client, { hash: standing.hash });
      return { status: "mined", receipt };
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

const TOO_MANY_REQUESTS = 429;
/** Between two questions to the auctioneer. */
const ASK_MS = 500;

async function callsReceipts(
  config: Config,
  { id, chainId, from }: Pending,
): Promise<TransactionReceipt[]> {
  const client = clientOf(config, chainId);
  const connector = await connectorOf(config, from);
  const { receipts = [], status } = await waitForCallsStatus(config, {
    id,
    connector,
    timeout: 600_000,
  });
  if (status === "failure") {
    dropPending({ id });
    throw new Reverted("The wallet's bundle of calls was refused.");
  }
  const hashes = [...new Set(receipts.map(({ transactionHash }) => transactionHash))];
  return Promise.all(hashes.map((hash) => waitForTransactionReceipt(client, { hash })));
}

/** The wallet of an account, which alone knows of its bundles; after a reload it is there only once it is reconnected. */
function connectorOf(config: Config, account: Address): Promise<Connector> {
  return new Promise((resolve) => {
    const look = ({ status, connections }: Config["state"]): boolean => {
      if (status !== "connected") return false;
      const found = [...connections.values()].find(({ accounts }) =>
        accounts.some((one) => isAddressEqual(one, account)),
      );
      if (found !== undefined) resolve(found.connector);
      return found !== undefined;
    };
    if (look(config.state)) return;
    const stop = config.subscribe(
      (state) => state,
      (state) => look(state) && stop(),
    );
  });
}

function clientOf(config: Config, chainId: number) {
  const client = getClient(config, { chainId });
  if (client === undefined) throw new Error(`There is no client for chain ${chainId}.`);
  return client;
}

const explorerLink = ({ explorerUrl }: Network, hash: string | undefined): string | undefined =>
  explorerUrl && hash ? `${explorerUrl.replace(/\/$/, "")}/tx/${hash}` : undefined;
