import { type Address, maxUint256 } from "viem";
import { type Artifact, accountOf, type Chain, type Contract, callOf } from "../chain/chain.ts";
import { pick } from "./artifact.ts";
import { compile } from "./compile.ts";
import { benchContracts } from "./contracts.ts";

/** What peers trade: energy as OpenZeppelin's ERC-1155, one id per slot, against an ERC-20, all approved to them. */
export type Goods = Awaited<ReturnType<typeof deployGoods>>;

/** The first slot's id, as long as one of Wattline's. */
const FIRST_ID = (1n << 40n) | 2_013_704n;
/** Wh per slot, as in Wattline's rows. */
export const WH = 250n;
/** Base units per kWh. */
export const PRICE = 200_000n;
const STOCK_WH = 2_000n;
const MONEY = 1_000_000_000n;
/** Later than every clock of the benchmark. */
export const DEADLINE = 1_815_004_800n;

export const costOf = (slots: number): bigint => (PRICE * WH * BigInt(slots)) / 1_000n;
export const idsOf = (slots: number): bigint[] =>
  Array.from({ length: slots }, (_, i) => FIRST_ID + BigInt(i));

export const benchArtifact = async (contract: string): Promise<Artifact> =>
  pick(await compile(benchContracts), contract);

export async function deployGoods(chain: Chain) {
  const energy = await chain.deploy(await benchArtifact("OpenZeppelinEnergy"));
  const euro = await chain.deploy(await benchArtifact("TestEuro"));
  const giver = accountOf("giver").address;

  const mint = (to: Address, slots: number, wh: bigint) => {
    const ids = idsOf(slots);
    return chain.send(callOf(giver, energy, "mintBatch", [to, ids, ids.map(() => wh)]));
  };
  const pay = (to: Address, amount: bigint) =>
    chain.send(callOf(giver, euro, "mint", [to, amount]));

  return {
    energy,
    euro,
    /** Gives `seller` more energy than is traded, approved for `market`. */
    async supply(seller: Address, slots: number, market: Contract): Promise<void> {
      await mint(seller, slots, STOCK_WH);
      await chain.send(callOf(seller, energy, "setApprovalForAll", [market.address, true]));
    },
    /** Gives `buyer` more money than is paid, approved for `market`. */
    async endow(buyer: Address, market: Contract): Promise<void> {
      await pay(buyer, MONEY);
      await chain.send(callOf(buyer, euro, "approve", [market.address, maxUint256]));
    },
    /** Makes the storage words of a trade between the two warm. */
    async warm(seller: Address, buyer: Address, slots: number): Promise<void> {
      await pay(seller, 1n);
      await mint(buyer, slots, 1n);
    },
  };
}
