import type { Order } from "@wattline/sdk";
import { accountOf, type Call, callOf } from "../chain/chain.ts";
import { CASES, type Row, slotsOf } from "../row.ts";
import { acceptOffer } from "./accept.ts";
import {
  type Community,
  energyIn,
  FIRST_BLOCK,
  type Household,
  MICROGRID,
  SOLAR,
  WH,
} from "./community.ts";

const SLOTS = 8;
const BOND = 50_000n;

/**
 * A block of future energy sold, and released after delivery. The two have traded a forward in the next block before,
 * as in daily use. Reserved cold, the block is new; warm, the position grows. Released cold, the buyer has no energy in
 * the block yet; warm, it has.
 */
export const forwardRows = (community: Community): Row[] =>
  CASES.flatMap((state): Row[] => [
    {
      name: `reserve, ${slotsOf(SLOTS)}`,
      work: "sell future energy",
      slots: SLOTS,
      case: state,
      async prepare() {
        const { seller, buyer } = await acquainted(community);
        if (state === "warm")
          await community.chain.send((await reserve(community, seller, buyer, 1n)).call);
        return [(await reserve(community, seller, buyer, 2n)).call];
      },
    },
    {
      name: `release, ${slotsOf(SLOTS)}`,
      work: "deliver future energy",
      slots: SLOTS,
      case: state,
      async prepare() {
        const { chain } = community;
        const { seller, buyer } = await acquainted(community);
        const { call, order } = await reserve(community, seller, buyer, 1n);
        await chain.send(call);
        await chain.send(await community.report(seller, energyIn(SLOTS, 2n * WH)));
        // The part that was not promised can be sold by the seller now.
        if (state === "warm")
          await chain.send(await acceptOffer(community, seller, buyer, SLOTS, 2n));
        return [release(community, order, buyer)];
      },
    },
  ]);

/** A seller and a buyer who have traded a forward before. */
async function acquainted(community: Community): Promise<{ seller: Household; buyer: Household }> {
  const seller = await community.household("seller");
  const buyer = await community.consumer("buyer");
  await community.endow(seller);
  await community.chain.send(community.deposit(seller));
  await community.chain.send((await reserve(community, seller, buyer, 0n, 1)).call);
  return { seller, buyer };
}

/** The transaction in which `buyer` reserves a block of `seller`'s forward offer, `later` blocks after the first. */
async function reserve(
  { market, sign, take }: Community,
  seller: Household,
  buyer: Household,
  nonce: bigint,
  later = 0,
): Promise<{ call: Call; order: Order }> {
  const { order, signature } = await sign(seller, 2 * SLOTS, {
    side: 0,
    forward: true,
    bond: BOND,
    nonce,
  });
  const taken = take(SLOTS, 10n ** 18n);
  const shifted = { ...taken, firstBlock: taken.firstBlock + later };
  return { call: callOf(buyer.address, market, "reserve", [order, signature, shifted]), order };
}

/** The transaction in which anyone releases the block. */
function release({ market, euro }: Community, order: Order, buyer: Household): Call {
  const position = {
    seller: order.maker,
    buyer: buyer.address,
    meter: order.meter,
    source: SOLAR,
    from: MICROGRID,
    to: MICROGRID,
    currency: euro.address,
    price: order.price,
    charge: 0n,
    bond: order.bond,
    lossBps: 0,
  };
  return callOf(accountOf("auctioneer").address, market, "release", [
    [{ position, blockNumber: FIRST_BLOCK }],
  ]);
}
