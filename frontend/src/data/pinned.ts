import {
  boardAbi,
  type ChainView,
  type Domain,
  hashOrder,
  judgeOrder,
  marketDomain,
  readOrderFacts,
  type SignedOrder,
  signatureFactsIn,
  signerOf,
} from "@wattline/sdk";
import { type Hex, recoverAddress } from "viem";
import { type ChainContext, readEvents, readView } from "../chain/index.ts";
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
  const view = await readView(context);
  const domain = marketDomain(network.deployment.chainId, network.deployment.marketplace);
  const judged = await Promise.all(
    events.map(({ args, blockNumber }, sequence) =>
      bookOrderOf(view, domain, args, {
        receivedAt: view.nowSeconds,
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
  view: ChainView,
  domain: Domain,
  signed: SignedOrder,
  times: Pick<BookOrder, "receivedAt" | "updatedSequence">,
): Promise<BookOrder | undefined> {
  const { order } = signed;
  const signer = await signerOf(domain, signed, signatureFactsIn(view, order, recover));
  if (signer === undefined) return undefined;
  const { state, remainingWh } = judgeOrder(order, await readOrderFacts(view, order, signer));
  return {
    ...signed,
    ...times,
    hash: hashOrder(domain, order),
    signer: signer.by,
    remainingWh,
    state,
  };
}

const recover = (digest: Hex, signature: Hex) =>
  recoverAddress({ hash: digest, signature }).catch(() => undefined);
