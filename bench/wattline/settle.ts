import { packProfile } from "@wattline/sdk";
import { accountOf, type Call, callOf } from "../chain/chain.ts";
import { CASES, pairsOf, type Row, slotsOf } from "../row.ts";
import { type Community, energyIn, type Household, SOLAR } from "./community.ts";

const OFFER = 0;
const BID = 1;

/**
 * A batch of pairs, every order used once and every household in one pair only: nobody's storage word is shared, which
 * is the dearest batch there is. Warm: the same pairs have settled the same slots before.
 */
export const settleRows = (community: Community): Row[] =>
  [1, 8].flatMap((slots) =>
    [1, 5, 20, 50].flatMap((pairs) =>
      CASES.map((state) => ({
        name: `settle, ${pairsOf(pairs)} of ${slotsOf(slots)}`,
        work: "match signed orders" as const,
        slots,
        pairs,
        case: state,
        async prepare() {
          const { chain } = community;
          const sellers: Household[] = [];
          const buyers: Household[] = [];
          for (let i = 0; i < pairs; i++) {
            sellers.push(await community.household(`seller ${i}`));
            buyers.push(await community.consumer(`buyer ${i}`));
          }
          for (const seller of sellers) await community.stock(seller, slots);
          if (state === "warm")
            await chain.send(await settle(community, sellers, buyers, slots, 0n));
          return [await settle(community, sellers, buyers, slots, 1n)];
        },
      })),
    ),
  );

/** The transaction in which anyone settles seller i's offer with buyer i's bid. */
async function settle(
  { market, sign }: Community,
  sellers: readonly Household[],
  buyers: readonly Household[],
  slots: number,
  nonce: bigint,
): Promise<Call> {
  const { firstBlock, words } = packProfile(energyIn(slots));
  const orders = [];
  const signatures = [];
  const matches = [];
  for (const [index, seller] of sellers.entries()) {
    const buyer = buyers[index];
    if (buyer === undefined) throw new Error(`Seller ${index} has nobody to sell to.`);
    const offered = await sign(seller, slots, { side: OFFER, nonce });
    const wanted = await sign(buyer, slots, { side: BID, nonce });
    matches.push({
      offer: orders.length,
      bid: orders.length + 1,
      source: SOLAR,
      firstBlock,
      energy: [...words],
    });
    orders.push(offered.order, wanted.order);
    signatures.push(offered.signature, wanted.signature);
  }
  return callOf(accountOf("auctioneer").address, market, "settle", [orders, signatures, matches]);
}
