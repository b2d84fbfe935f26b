import {
  type Batch,
  type EnergyBySlot,
  LANE_MAX_WH,
  limitBidOf,
  limitOfferOf,
  type Maker,
  marketDomain,
  ORDER_TYPES,
  type Order,
  postedBidOf,
  postedOfferOf,
  type Release,
  type Side,
  type SignedOrder,
  type Terms,
} from "@wattline/sdk";
import { zeroAddress } from "viem";
import type { Community, Household, Person } from "./community.ts";
import { BATCH_GAS_LIMIT, type Deployment } from "./deployment.ts";
import { takeOf } from "./take.ts";

/** An account's functions of the marketplace. */
export type Trading = ReturnType<typeof tradingAt>;

/** A transaction that has been mined. */
export type Receipt = Awaited<ReturnType<Trading["accept"]>>;

/** A maker's terms of an order, a limit when it names a settler; everything else follows. */
export interface OrderTerms extends Omit<Terms, "energyWh"> {
  /** By default, as much as an order can hold. */
  readonly energyWh?: bigint;
  /** Nonces count from here; from 0 by default. */
  readonly firstNonce?: bigint;
}

/** Someone with a meter. */
export type Taker = Person & Pick<Household, "device">;

/** Signs orders and trades against them on `wattline`. */
export function tradingAt(wattline: Deployment) {
  const { marketplace, addresses, chainId, send } = wattline;
  const nonces = new Map<string, bigint>();

  /** `maker` signs an order in `community`, with a new nonce. */
  async function sign(
    community: Community,
    maker: Person | Taker,
    side: Side,
    { firstNonce = 0n, ...terms }: OrderTerms,
  ): Promise<SignedOrder> {
    const series = `${maker.address} ${firstNonce}`;
    const nonce = nonces.get(series) ?? firstNonce;
    nonces.set(series, nonce + 1n);
    const isFirm = firstNonce > 0n;
    const { counter } = await marketplace.accountOf(addresses.euro, maker.address);
    const by: Maker = {
      maker: maker.address,
      microgrid: community.microgrid,
      slotSeconds: community.series.slotSeconds,
      now: await wattline.chain.chainTime(),
      counter: isFirm ? 0n : counter,
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

  /** The arguments with which `taker`, a member of `community`, takes all of the energy from an order, at any price. */
  async function takeFor(
    { microgrid }: Community,
    { device }: Taker,
    { order }: SignedOrder,
    energyWh: EnergyBySlot,
  ) {
    const facts = await wattline.facts();
    const by = { microgrid, meter: device.address };
    return takeOf(by, order, energyWh, (number) => facts.known(number));
  }

  return {
    sign,

    /** `taker` takes minted energy from a posted price. */
    async accept(community: Community, taker: Taker, signed: SignedOrder, energyWh: EnergyBySlot) {
      const { order, signature } = signed;
      const take = await takeFor(community, taker, signed, energyWh);
      return send(taker.address, (o) =>
        marketplace.connect(taker.signer).accept(order, signature, take, o),
      );
    },

    /** `buyer` reserves energy from a posted forward offer. */
    async reserve(community: Community, buyer: Taker, signed: SignedOrder, energyWh: EnergyBySlot) {
      const { order, signature } = signed;
      const take = await takeFor(community, buyer, signed, energyWh);
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

    /** `holder` promises that until `until` (Unix seconds) its money moves only in fills that `settler` makes. */
    lock(holder: Person, settler: Pick<Person, "address">, until: number) {
      return send(holder.address, (o) =>
        marketplace
          .connect(holder.signer)
          .lock(addresses.euro, settler.address, zeroAddress, until, o),
      );
    },

    /** `anyone` releases blocks of forwards. */
    release(anyone: Person, releases: readonly Release[]) {
      return send(
        anyone.address,
        (o) => marketplace.connect(anyone.signer).release(releases.map(mutable), o),
        BATCH_GAS_LIMIT,
      );
    },
  };
}

/** As ethers takes it. */
const mutable = ({ position, blocks }: Release) => ({
  position: { ...position, energy: [...position.energy], ahead: [...position.ahead] },
  blocks,
});

function orderOf(maker: Maker, side: Side, terms: Terms): Order {
  const { settler, ...posted } = terms;
  if (settler === undefined) {
    return side === "offer" ? postedOfferOf(maker, posted) : postedBidOf(maker, posted);
  }
  return side === "offer" ? limitOfferOf(maker, terms) : limitBidOf(maker, terms);
}
