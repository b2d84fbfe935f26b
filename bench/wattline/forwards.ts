import { marketplaceAbi } from "@wattline/sdk";
import { type Log, parseEventLogs } from "viem";
import { accountOf, type Call, callOf } from "../chain/chain.ts";
import { CASES, type Row, slotsOf } from "../row.ts";
import { acceptOffer } from "./accept.ts";
import { type Community, energyIn, type Household, WH } from "./community.ts";

const SLOTS = 8;
const BOND = 50_000n;

/**
 * A block of future energy sold, and released after delivery. The two have traded a forward in the next block before,
 * as in daily use. Reserved cold, the block is new; warm, the two have a position in it. Released cold, the buyer has no energy in
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
          await community.chain.send(await reserve(community, seller, buyer, 1n));
        return [await reserve(community, seller, buyer, 2n)];
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
        const { logs } = await chain.send(await reserve(community, seller, buyer, 1n));
        await chain.send(await community.report(seller, energyIn(SLOTS, 2n * WH)));
        // The part that was not promised can be sold by the seller now.
        if (state === "warm")
          await chain.send(await acceptOffer(community, seller, buyer, SLOTS, 2n));
        return [release(community, logs)];
      },
    },
  ]);

/** A seller and a buyer who have traded a forward before. */
async function acquainted(community: Community): Promise<{ seller: Household; buyer: Household }> {
  const seller = await community.household("seller");
  const buyer = await community.consumer("buyer");
  await community.endow(seller);
  await community.chain.send(community.deposit(seller));
  await community.chain.send(await reserve(community, seller, buyer, 0n, 1));
  return { seller, buyer };
}

/** The transaction in which `buyer` reserves a block of `seller`'s forward offer, `later` blocks after the first. */
async function reserve(
  { market, sign, take }: Community,
  seller: Household,
  buyer: Household,
  nonce: bigint,
  later = 0,
): Promise<Call> {
  const { order, signature } = await sign(seller, 2 * SLOTS, {
    side: 0,
    forward: true,
    bond: BOND,
    nonce,
  });
  const taken = take(SLOTS, 10n ** 18n);
  const shifted = { ...taken, firstBlock: taken.firstBlock + later };
  return callOf(buyer.address, market, "reserve", [order, signature, shifted]);
}

/** The transaction in which anyone releases the block that the log of a reservation names. */
function release({ market }: Community, reserved: readonly Log[]): Call {
  const [event] = parseEventLogs({
    abi: marketplaceAbi,
    eventName: "Reserved",
    logs: [...reserved],
  });
  if (event === undefined) throw new Error("Nothing was reserved.");
  const { position } = event.args;
  return callOf(accountOf("auctioneer").address, market, "release", [[{ position, blocks: 1n }]]);
}
