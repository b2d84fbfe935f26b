import { parseSignature } from "viem";
import { type Chain, type Contract, callOf } from "../chain/chain.ts";
import { CASES, type Row, slotsOf } from "../row.ts";
import { acceptOffer } from "./accept.ts";
import { type Community, type Household, MONEY } from "./community.ts";

/** Later than every clock of the benchmark, and the same in every run. */
const PERMIT_DEADLINE = 4_000_000_000n;

/** A deposit. Warm: the holder has an account already. */
export const depositRows = (community: Community): Row[] =>
  CASES.flatMap((state) => [
    {
      name: "deposit",
      work: "bring money in",
      slots: 1,
      case: state,
      async prepare() {
        const home = await newcomer(community, state === "warm");
        return [community.deposit(home)];
      },
    },
    {
      name: "deposit with permit",
      work: "bring money in",
      slots: 1,
      case: state,
      async prepare() {
        const { chain, euro, market } = community;
        const home = await newcomer(community, state === "warm");
        await chain.send(callOf(home.address, euro, "approve", [market.address, 0n]));
        const { r, s, yParity } = parseSignature(await permit(chain, home, euro, market));
        const args = [euro.address, home.address, MONEY, PERMIT_DEADLINE, 27 + yParity, r, s];
        return [callOf(home.address, market, "depositWithPermit", args)];
      },
    },
    ...[1, 8, 96].map(
      (slots): Row => ({
        name: `deposit + accept offer, ${slotsOf(slots)}`,
        work: "trade against a signed order",
        slots,
        case: state,
        async prepare() {
          const { chain, market, deposit, prosumer } = community;
          const seller = await prosumer("seller", slots);
          const buyer = await newcomer(community, state === "warm");
          if (state === "warm") {
            await chain.send(await acceptOffer(community, seller, buyer, slots, 0n));
          }
          const accept = await acceptOffer(community, seller, buyer, slots, 1n);
          const calls = [deposit(buyer).data, accept.data];
          return [callOf(buyer.address, market, "multicall", [calls])];
        },
      }),
    ),
  ]);

/** A household with money in its wallet and, when `known`, also in escrow. The escrow holds others' money already. */
async function newcomer(community: Community, known: boolean): Promise<Household> {
  await community.consumer("somebody else");
  const home = await community.household("buyer");
  await community.endow(home);
  if (known) await community.chain.send(community.deposit(home));
  return home;
}

const permit = (chain: Chain, { account, address }: Household, euro: Contract, market: Contract) =>
  account.signTypedData({
    domain: {
      name: "Test Euro",
      version: "1",
      chainId: chain.chainId,
      verifyingContract: euro.address,
    },
    types: {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    },
    primaryType: "Permit",
    message: {
      owner: address,
      spender: market.address,
      value: MONEY,
      nonce: 0n,
      deadline: PERMIT_DEADLINE,
    },
  });
