import { type Call, callOf } from "../chain/chain.ts";
import { CASES, type Row, slotsOf } from "../row.ts";
import type { Community, Household } from "./community.ts";

const OFFER = 0;
const BID = 1;

/** Energy traded at a posted price. Warm: the same two have traded the same slots before. */
export const acceptRows = (community: Community): Row[] =>
  [1, 8, 96].flatMap((slots) =>
    CASES.flatMap((state) => [
      {
        name: `accept offer, ${slotsOf(slots)}`,
        work: "trade against a signed order",
        slots,
        case: state,
        async prepare() {
          const seller = await community.prosumer("seller", slots);
          const buyer = await community.consumer("buyer");
          return traded(community, state === "warm", (nonce) =>
            acceptOffer(community, seller, buyer, slots, nonce),
          );
        },
      },
      {
        name: `accept bid, ${slotsOf(slots)}`,
        work: "trade against a signed order",
        slots,
        case: state,
        async prepare() {
          const seller = await community.prosumer("seller", slots);
          const buyer = await community.consumer("buyer");
          return traded(community, state === "warm", (nonce) =>
            acceptBid(community, seller, buyer, slots, nonce),
          );
        },
      },
    ]),
  );

/** The transaction in which `buyer` takes `seller`'s offer. */
export async function acceptOffer(
  { market, sign, take }: Community,
  seller: Household,
  buyer: Household,
  slots: number,
  nonce: bigint,
): Promise<Call> {
  const { order, signature } = await sign(seller, slots, { side: OFFER, nonce });
  return callOf(buyer.address, market, "accept", [
    order,
    signature,
    take(slots, 10n * order.price),
  ]);
}

async function acceptBid(
  { market, sign, take }: Community,
  seller: Household,
  buyer: Household,
  slots: number,
  nonce: bigint,
): Promise<Call> {
  const { order, signature } = await sign(buyer, slots, { side: BID, nonce });
  return callOf(seller.address, market, "accept", [order, signature, take(slots, 1n)]);
}

/** The measured trade, after a similar one when `before` is set. */
async function traded(
  { chain }: Community,
  before: boolean,
  trade: (nonce: bigint) => Promise<Call>,
): Promise<Call[]> {
  if (before) await chain.send(await trade(0n));
  return [await trade(1n)];
}
