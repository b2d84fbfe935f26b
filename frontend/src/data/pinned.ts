import {
  boardAbi,
  hashOrder,
  isAcceptance,
  judgeOrder,
  marketDomain,
  type Order,
  type SignatureFacts,
  type SignedOrder,
  signerOf,
  WALLET_GAS,
  walletQuestion,
} from "@wattline/sdk";
import { type Hex, recoverAddress } from "viem";
import { call, getBlock, readContract } from "viem/actions";
import { type ChainContext, readEvents } from "../chain/index.ts";
import { readFacts } from "./facts.ts";
import type { BookOrder } from "./relay.ts";

/**
 * The book without a relay: orders that makers have announced on chain (`Board.pin`), each verified here as a relay
 * would verify it.
 */
export async function readPinnedOrders(
  context: ChainContext,
  microgrid: number,
): Promise<BookOrder[]> {
  const { client, contracts, network, signal } = context;
  const events = await readEvents(client, {
    address: contracts.board.address,
    abi: boardAbi,
    eventName: "Pinned",
    args: { microgrid },
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  });
  const { timestamp } = await getBlock(client);
  const judged = await Promise.all(
    events.map(({ args, blockNumber }, sequence) =>
      bookOrderOf(context, args, {
        receivedAt: Number(timestamp),
        updatedSequence: Number(blockNumber) * 1_000 + sequence,
      }),
    ),
  );
  return [
    ...new Map(judged.filter((one) => one !== undefined).map((one) => [one.hash, one])).values(),
  ];
}

/** How a signed order stands on chain now. @returns undefined when nobody has signed it who may. */
async function bookOrderOf(
  context: ChainContext,
  signed: SignedOrder,
  times: Pick<BookOrder, "receivedAt" | "updatedSequence">,
): Promise<BookOrder | undefined> {
  const { deployment } = context.network;
  const { order } = signed;
  const domain = marketDomain(deployment.chainId, deployment.marketplace);
  const signer = await signerOf(domain, signed, factsFor(context, order));
  if (signer === undefined) return undefined;
  const { state, remainingWh } = judgeOrder(order, await readFacts(context, order, signer));
  return {
    ...signed,
    ...times,
    hash: hashOrder(domain, order),
    signer: signer.by,
    remainingWh,
    state,
  };
}

const factsFor = (
  { client, contracts: { marketplace }, network }: ChainContext,
  { maker }: Order,
): SignatureFacts => ({
  recover: (digest: Hex, signature: Hex) =>
    recoverAddress({ hash: digest, signature }).catch(() => undefined),
  isDelegate: async (delegate) =>
    (await readContract(client, {
      ...marketplace,
      functionName: "allowanceOf",
      args: [maker, network.currency.address, delegate],
    })) > 0n,
  isAccepted: (digest, signature) =>
    call(client, { to: maker, data: walletQuestion(digest, signature), gas: WALLET_GAS }).then(
      ({ data }) => isAcceptance(data),
      () => false,
    ),
});
