import {
  type EnergyBySlot,
  LANE_MAX_WH,
  marketDomain,
  ORDER_TYPES,
  type Order,
  packProfile,
  SIDES,
  type Side,
  type SignedOrder,
  sourceIndex,
  sourceMask,
} from "@wattline/sdk";
import { type Address, zeroAddress } from "viem";
import type { Community, Household, Person } from "./community.ts";
import { BATCH_GAS_LIMIT, type Deployment } from "./deployment.ts";

/** What someone can do at the marketplace. */
export type Trading = ReturnType<typeof tradingAt>;

/** A transaction that has been mined. */
export type Receipt = Awaited<ReturnType<Trading["accept"]>>;

/** What a maker puts into an order; everything else follows. */
export interface OrderTerms {
  readonly firstSlot: number;
  /** Included. */
  readonly lastSlot: number;
  readonly pricePerKwh: bigint;
  /** Set for energy that is still to come: what the seller forfeits on shortfall. */
  readonly bondPerKwh?: bigint;
}

/** Energy of one signed order that goes to another. */
export interface BatchMatch {
  readonly offer: SignedOrder;
  readonly bid: SignedOrder;
  readonly energyWh: EnergyBySlot;
}

/** The terms of a forward, as the contracts hash them. */
export interface Position {
  readonly seller: Address;
  readonly buyer: Address;
  readonly meter: Address;
  readonly source: number;
  readonly from: number;
  readonly to: number;
  readonly currency: Address;
  readonly price: bigint;
  readonly charge: bigint;
  readonly bond: bigint;
  readonly lossBps: bigint;
}

/** One block of a forward. */
export interface Release {
  readonly position: Position;
  readonly blockNumber: number;
}

const NO_LIMIT = { buy: 2n ** 128n, sell: 0n } as const;

/** Signing orders and trading against them on `wattline`. */
export function tradingAt(wattline: Deployment) {
  const { marketplace, addresses, chainId, send } = wattline;
  const nonces = new Map<Address, bigint>();

  /** `maker` signs an order in `community`, open for a day after its last slot. */
  async function sign(
    community: Community,
    maker: Person | Household,
    side: Side,
    { firstSlot, lastSlot, pricePerKwh, bondPerKwh }: OrderTerms,
  ): Promise<SignedOrder> {
    const nonce = nonces.get(maker.address) ?? 0n;
    nonces.set(maker.address, nonce + 1n);
    const order: Order = {
      maker: maker.address,
      meter: "device" in maker ? maker.device.address : zeroAddress,
      microgrid: community.microgrid,
      side: SIDES.indexOf(side),
      sources: sourceMask("Solar"),
      firstSlot,
      lastSlot,
      energy: Number(LANE_MAX_WH),
      price: pricePerKwh,
      forward: bondPerKwh !== undefined,
      bond: bondPerKwh ?? 0n,
      counterparty: zeroAddress,
      nonce,
      counter: (await marketplace.accountOf(addresses.euro, maker.address)).counter,
      deadline: (lastSlot + 1) * community.series.slotSeconds + 86_400,
    };
    const signature = await maker.account.signTypedData({
      domain: marketDomain(chainId, addresses.marketplace),
      types: ORDER_TYPES,
      primaryType: "Order",
      message: order,
    });
    return { order, signature };
  }

  /** What `taker`, who lives in `community`, takes of an order at any price. */
  function takeOf(
    community: Community,
    taker: Household,
    { order }: SignedOrder,
    energyWh: EnergyBySlot,
  ) {
    const { firstBlock, words } = packProfile(energyWh);
    return {
      microgrid: community.microgrid,
      meter: taker.device.address,
      source: sourceIndex("Solar"),
      firstBlock,
      energy: [...words],
      limit: SIDES[order.side] === "offer" ? NO_LIMIT.buy : NO_LIMIT.sell,
    };
  }

  return {
    sign,

    /** `taker` takes minted energy of a signed order at its price. */
    accept(community: Community, taker: Household, signed: SignedOrder, energyWh: EnergyBySlot) {
      const { order, signature } = signed;
      const take = takeOf(community, taker, signed, energyWh);
      return send(taker.address, (o) =>
        marketplace.connect(taker.signer).accept(order, signature, take, o),
      );
    },

    /** `buyer` takes energy that is still to come of a signed forward offer. */
    reserve(community: Community, buyer: Household, signed: SignedOrder, energyWh: EnergyBySlot) {
      const { order, signature } = signed;
      const take = takeOf(community, buyer, signed, energyWh);
      return send(buyer.address, (o) =>
        marketplace.connect(buyer.signer).reserve(order, signature, take, o),
      );
    },

    /** `anyone` clears a batch of signed offers and bids. */
    settle(anyone: Person, batch: readonly BatchMatch[]) {
      const signed = [...new Set(batch.flatMap(({ offer, bid }) => [offer, bid]))];
      const matches = batch.map(({ offer, bid, energyWh }) => {
        const { firstBlock, words } = packProfile(energyWh);
        return {
          offer: signed.indexOf(offer),
          bid: signed.indexOf(bid),
          source: sourceIndex("Solar"),
          firstBlock,
          energy: [...words],
        };
      });
      const orders = signed.map(({ order }) => order);
      const signatures = signed.map(({ signature }) => signature);
      return send(
        anyone.address,
        (o) => marketplace.connect(anyone.signer).settle(orders, signatures, matches, o),
        BATCH_GAS_LIMIT,
      );
    },

    /** `anyone` settles blocks of forwards. */
    release(anyone: Person, releases: readonly Release[]) {
      return send(
        anyone.address,
        (o) => marketplace.connect(anyone.signer).release([...releases], o),
        BATCH_GAS_LIMIT,
      );
    },
  };
}
