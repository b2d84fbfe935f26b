import { boardAbi, FIRST_FIRM_NONCE, freeNonces, LANES } from "@wattline/sdk";
import { type Address, zeroAddress } from "viem";
import { recall, remember } from "../browser/index.ts";
import { type ChainContext, readEvents } from "../chain/index.ts";
import { fetchOrders } from "../data/index.ts";
import { readFill } from "./fills.ts";

/**
 * Nonces that this maker has never signed an order with, as far as the relay's book, the board on chain, the fills on
 * chain and this browser know. While no relay answers, its book can't be asked: then they are drawn at random from all
 * that there are, so that they meet no other.
 * @param firmFor The settler of firm orders, whose nonces are those of the upper half; undefined for ordinary ones.
 */
export async function chooseNonces(
  context: ChainContext,
  maker: Address,
  count: number,
  firmFor: Address | undefined,
): Promise<bigint[]> {
  const [booked, pinned] = await Promise.all([
    bookedNonces(context, maker),
    pinnedNonces(context, maker),
  ]);
  const used = new Set([
    ...(booked ?? []),
    ...pinned,
    ...signedHere(context.network.deployment.chainId, maker),
  ]);
  const first = firmFor === undefined ? 0n : FIRST_FIRM_NONCE;
  const from = booked === undefined ? first + randomWord() : first;
  for (;;) {
    context.signal.throwIfAborted();
    const free = freeNonces(used, count, from);
    const spent = await Promise.all(
      free.map(async (nonce) => {
        const of = { maker, settler: firmFor ?? zeroAddress, nonce };
        const { filledWh, cancelled } = await readFill(context, of);
        return cancelled || filledWh > 0n;
      }),
    );
    if (!spent.includes(true)) return free;
    for (const [index, nonce] of free.entries()) if (spent[index]) used.add(nonce);
  }
}

/** Remembers what was signed: from then on anyone may have a copy of the order. */
export function rememberNonces(chainId: number, maker: Address, nonces: readonly bigint[]): void {
  const all = [...signedHere(chainId, maker), ...nonces].slice(-MOST_REMEMBERED);
  remember(keyOf(chainId, maker), all.join(" "));
}

const MOST_REMEMBERED = 4_096;
const keyOf = (chainId: number, maker: Address) =>
  `wattline.nonces.${chainId}.${maker.toLowerCase()}`;

const signedHere = (chainId: number, maker: Address): bigint[] =>
  (recall(keyOf(chainId, maker)) ?? "")
    .split(" ")
    .filter((text) => /^\d+$/.test(text))
    .map(BigInt);

/** Undefined while no relay answers. */
async function bookedNonces({ network, signal }: ChainContext, maker: Address) {
  if (network.relayUrl === undefined) return undefined;
  const query = { maker, state: "all" } as const;
  const book = await fetchOrders(network.relayUrl, query, signal).catch(() => undefined);
  return book?.orders.map(({ order }) => order.nonce);
}

async function pinnedNonces({ client, contracts, network, signal }: ChainContext, maker: Address) {
  const events = await readEvents(client, {
    address: contracts.board.address,
    abi: boardAbi,
    eventName: "Pinned",
    args: { maker },
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  });
  return events.map(({ args }) => args.order.nonce);
}

/** The first nonce of one of 2^60 storage words: of those that ordinary orders have, counted from the first. */
function randomWord(): bigint {
  const [word = 0n] = crypto.getRandomValues(new BigUint64Array(1));
  const nonce = word % FIRST_FIRM_NONCE;
  return nonce - (nonce % BigInt(LANES));
}
