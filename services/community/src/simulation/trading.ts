import {
  type Batch,
  bidOf,
  type EnergyBySlot,
  forwardBidOf,
  forwardOfferOf,
  LANE_MAX_WH,
  type Maker,
  marketDomain,
  ORDER_TYPES,
  type Order,
  offerOf,
  packProfile,
  SIDES,
  type Side,
  type SignedOrder,
  sourceIndex,
  sourceMask,
  type Terms,
} from "@wattline/sdk";
import { isCallException } from "ethers";
import { type Address, zeroAddress } from "viem";
import type { Community, Household, Person } from "./community.ts";
import { BATCH_GAS_LIMIT, type Deployment } from "./deployment.ts";

/** An account's functions of the marketplace. */
export type Trading = ReturnType<typeof tradingAt>;

/** A transaction that has been mined. */
export type Receipt = Awaited<ReturnType<Trading["accept"]>>;

/** A maker's terms of an order; everything else follows. */
export interface OrderTerms extends Omit<Terms, "energyWh"> {
  /** By default, as much as an order can hold. */
  readonly energyWh?: bigint;
  /** Given for a forward: the seller's bond. */
  readonly bondPerKwh?: bigint;
}

/** Someone with a meter. */
export type Taker = Person & Pick<Household, "device">;

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

/** Signs orders and trades against them on `wattline`. */
export function tradingAt(wattline: Deployment) {
  const { marketplace, addresses, chainId, send } = wattline;
  const nonces = new Map<Address, bigint>();

  /** `maker` signs an order in `community`, with a new nonce. */
  async function sign(
    community: Community,
    maker: Person | Taker,
    side: Side,
    terms: OrderTerms,
  ): Promise<SignedOrder> {
    const nonce = nonces.get(maker.address) ?? 0n;
    nonces.set(maker.address, nonce + 1n);
    const { counter } = await marketplace.accountOf(addresses.euro, maker.address);
    const by: Maker = {
      maker: maker.address,
      microgrid: community.microgrid,
      slotSeconds: community.series.slotSeconds,
      now: await wattline.chain.chainTime(),
      counter,
      nonce,
    };
    const order = orderOf(by, side, {
      energyWh: LANE_MAX_WH,
      sources: ["Solar"],
      ...("device" in maker && { meter: maker.device.address }),
      ...terms,
    });
    const signature = await maker.account.signTypedData({
      domain: marketDomain(chainId, addresses.marketplace),
      types: ORDER_TYPES,
      primaryType: "Order",
      message: order,
    });
    return { order, signature };
  }

  /** The arguments with which `taker`, a member of `community`, takes an order at any price. */
  function takeOf(
    community: Community,
    taker: Taker,
    { order }: SignedOrder,
    energyWh: EnergyBySlot,
  ) {
    const { firstBlock, words } = packProfile(energyWh);
    return {
      microgrid: community.microgrid,
      meter: taker.device.address,
      source: order.sources & sourceMask("Solar") ? sourceIndex("Solar") : lowestSource(order),
      firstBlock,
      energy: [...words],
      limit: SIDES[order.side] === "offer" ? NO_LIMIT.buy : NO_LIMIT.sell,
    };
  }

  return {
    sign,

    /** `taker` takes minted energy from a signed order at its price. */
    accept(community: Community, taker: Taker, signed: SignedOrder, energyWh: EnergyBySlot) {
      const { order, signature } = signed;
      const take = takeOf(community, taker, signed, energyWh);
      return send(taker.address, (o) =>
        marketplace.connect(taker.signer).accept(order, signature, take, o),
      );
    },

    /** Whether {@link accept} would succeed now: somebody else may have been faster, or the tie line may be full. */
    async isAcceptable(
      community: Community,
      taker: Taker,
      signed: SignedOrder,
      energyWh: EnergyBySlot,
    ): Promise<boolean> {
      const { order, signature } = signed;
      const take = takeOf(community, taker, signed, energyWh);
      try {
        await marketplace.connect(taker.signer).accept.staticCall(order, signature, take);
        return true;
      } catch (error) {
        if (isCallException(error)) return false;
        throw error;
      }
    },

    /** `buyer` reserves energy from a signed forward offer. */
    reserve(community: Community, buyer: Taker, signed: SignedOrder, energyWh: EnergyBySlot) {
      const { order, signature } = signed;
      const take = takeOf(community, buyer, signed, energyWh);
      return send(buyer.address, (o) =>
        marketplace.connect(buyer.signer).reserve(order, signature, take, o),
      );
    },

    /** `anyone` settles a batch planned by the sdk. */
    settleBatch(anyone: Person, { orders, signatures, matches }: Batch) {
      return send(
        anyone.address,
        (o) =>
          marketplace.connect(anyone.signer).settle(
            [...orders],
            [...signatures],
            matches.map((match) => ({ ...match, energy: [...match.energy] })),
            o,
          ),
        BATCH_GAS_LIMIT,
      );
    },

    /** `anyone` releases blocks of forwards. */
    release(anyone: Person, releases: readonly Release[]) {
      return send(
        anyone.address,
        (o) => marketplace.connect(anyone.signer).release([...releases], o),
        BATCH_GAS_LIMIT,
      );
    },
  };
}

function orderOf(maker: Maker, side: Side, terms: Terms & Pick<OrderTerms, "bondPerKwh">): Order {
  const { bondPerKwh, meter = zeroAddress } = terms;
  if (bondPerKwh === undefined) {
    return side === "offer" ? offerOf(maker, terms) : bidOf(maker, terms);
  }
  const forward = { ...terms, bondPerKwh, meter };
  return side === "offer" ? forwardOfferOf(maker, forward) : forwardBidOf(maker, forward);
}

/** The first source that an order names. */
const lowestSource = ({ sources }: Order): number => Math.log2(sources & -sources);
