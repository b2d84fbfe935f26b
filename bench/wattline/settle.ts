import { ANYONE, packProfile } from "@wattline/sdk";
import { accountOf, type Call, callOf } from "../chain/chain.ts";
import { CASES, type Case, pairsOf, type Row, slotsOf } from "../row.ts";
import { type Community, energyIn, type Household, SOLAR } from "./community.ts";

const OFFER = 0;
const BID = 1;

/** A batch, and the number of households on either side of it. */
interface Size {
  readonly slots: number;
  readonly pairs: number;
  readonly households: number;
}

/**
 * Batches of pairs, every order used once. Where every household is in one pair only, no storage word is shared: that
 * is the most expensive batch. Warm: the same households have settled the same slots before.
 */
export const settleRows = (community: Community): Row[] => [
  ...[1, 8].flatMap((slots) =>
    [1, 5, 20, 50].flatMap((pairs) =>
      CASES.map((state) =>
        settleRow(community, { slots, pairs, households: pairs }, state, {
          name: `settle, ${pairsOf(pairs)} of ${slotsOf(slots)}`,
          work: "match signed orders",
        }),
      ),
    ),
  ),
  ...[
    { slots: 8, pairs: 20, households: 5 },
    { slots: 1, pairs: 50, households: 25 },
  ].flatMap((size) =>
    CASES.map((state) =>
      settleRow(community, size, state, {
        name: `settle, ${pairsOf(size.pairs)} of ${slotsOf(size.slots)} among ${2 * size.households} homes`,
        work: "match several orders of each home",
      }),
    ),
  ),
];

const settleRow = (
  community: Community,
  size: Size,
  state: Case,
  named: Pick<Row, "name" | "work">,
): Row => ({
  ...named,
  slots: size.slots,
  pairs: size.pairs,
  case: state,
  async prepare() {
    const { chain } = community;
    const sellers: Household[] = [];
    const buyers: Household[] = [];
    for (let i = 0; i < size.households; i++) {
      sellers.push(await community.household(`seller ${i}`));
      buyers.push(await community.consumer(`buyer ${i}`));
    }
    for (const seller of sellers) await community.stock(seller, size.slots);
    const each = BigInt(size.pairs / size.households);
    if (state === "warm") await chain.send(await settle(community, sellers, buyers, size, 0n));
    return [await settle(community, sellers, buyers, size, each)];
  },
});

/**
 * The transaction in which anyone settles an offer of each pair's seller with a bid of its buyer. A seller of several
 * pairs sells to as many buyers. Nonces of both sides count from `firstNonce`.
 */
async function settle(
  { market, sign }: Community,
  sellers: readonly Household[],
  buyers: readonly Household[],
  { slots, pairs, households }: Size,
  firstNonce: bigint,
): Promise<Call> {
  const { firstBlock, words } = packProfile(energyIn(slots));
  const orders = [];
  const signatures = [];
  const matches = [];
  for (let pair = 0; pair < pairs; pair++) {
    const round = Math.floor(pair / households);
    const seller = sellers[pair % households];
    const buyer = buyers[(pair + round) % households];
    if (seller === undefined || buyer === undefined)
      throw new Error(`No household is in pair ${pair}.`);
    const nonce = firstNonce + BigInt(round);
    const offered = await sign(seller, slots, { side: OFFER, settler: ANYONE, nonce });
    const wanted = await sign(buyer, slots, { side: BID, settler: ANYONE, nonce });
    matches.push({
      offer: orders.length,
      bid: orders.length + 1,
      source: SOLAR,
      schedule: 0,
      bidSchedule: 0,
      firstBlock,
      energy: [...words],
    });
    orders.push(offered.order, wanted.order);
    signatures.push(offered.signature, wanted.signature);
  }
  return callOf(accountOf("auctioneer").address, market, "settle", [orders, signatures, matches]);
}
