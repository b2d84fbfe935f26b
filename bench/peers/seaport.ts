import { type Address, zeroAddress, zeroHash } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { accountOf, type Call, type Chain, type Contract, callOf } from "../chain/chain.ts";
import { CASES, type Case, pairsOf, type Row, type System, slotsOf } from "../row.ts";
import { pick } from "./artifact.ts";
import { compile } from "./compile.ts";
import { costOf, DEADLINE, deployGoods, type Goods, idsOf, WH } from "./goods.ts";
import {
  componentsOf,
  FULL_OPEN,
  type Item,
  ORDER_TYPES,
  type Order,
  PARTIAL_OPEN,
  parametersOf,
  seaportContracts,
} from "./seaportOrders.ts";

/** The fraction of a partly fillable order that is taken. */
const HALF = { numerator: 1n, denominator: 2n };
/** `BasicOrderType.ERC20_TO_ERC1155_FULL_OPEN`. */
const BASIC_ERC20_TO_ERC1155 = 12;

/**
 * Seaport 1.6, without conduits. Each order has its own storage word: even a warm row creates one for each order that
 * is filled at once; only the rest of a partly filled order has one already.
 */
export const seaport: System = {
  name: "Seaport 1.6",
  async open(chain) {
    const artifacts = await compile(seaportContracts);
    const controller = await chain.deploy(pick(artifacts, "ConduitController"));
    const market = await chain.deploy(pick(artifacts, "Seaport"), controller.address);
    const goods = await deployGoods(chain);
    return [
      ...fulfilRows(chain, market, goods),
      ...matchRows(chain, market, goods),
      ...cancelRows(market, goods),
    ];
  },
};

function fulfilRows(chain: Chain, market: Contract, goods: Goods): Row[] {
  const seller = accountOf("seller");
  const buyer = accountOf("buyer").address;

  async function trade(slots: number, state: Case): Promise<void> {
    await goods.supply(seller.address, slots, market);
    await goods.endow(buyer, market);
    if (state === "warm") await goods.warm(seller.address, buyer, slots);
  }

  return CASES.flatMap((state): Row[] => [
    {
      name: "fulfillBasicOrder, 1 slot",
      work: "trade against a signed order",
      slots: 1,
      case: state,
      async prepare() {
        await trade(1, state);
        const order = offerOf(goods, seller.address, 1, 1n, FULL_OPEN);
        const basic = {
          considerationToken: goods.euro.address,
          considerationIdentifier: 0n,
          considerationAmount: costOf(1),
          offerer: seller.address,
          zone: zeroAddress,
          offerToken: goods.energy.address,
          offerIdentifier: idsOf(1)[0],
          offerAmount: WH,
          basicOrderType: BASIC_ERC20_TO_ERC1155,
          startTime: order.startTime,
          endTime: order.endTime,
          zoneHash: zeroHash,
          salt: order.salt,
          offererConduitKey: zeroHash,
          fulfillerConduitKey: zeroHash,
          totalOriginalAdditionalRecipients: 0n,
          additionalRecipients: [],
          signature: await sign(chain, market, seller, order),
        };
        return [callOf(buyer, market, "fulfillBasicOrder", [basic])];
      },
    },
    ...[1, 8, 96].map(
      (slots): Row => ({
        name: `fulfillAdvancedOrder partial, ${slotsOf(slots)}`,
        work: "trade against a signed order",
        slots,
        case: state,
        async prepare() {
          await trade(slots, state);
          const order = offerOf(goods, seller.address, slots, 2n, PARTIAL_OPEN);
          const signature = await sign(chain, market, seller, order);
          const advanced = { parameters: parametersOf(order), ...HALF, signature, extraData: "0x" };
          const fulfil = callOf(buyer, market, "fulfillAdvancedOrder", [
            advanced,
            [],
            zeroHash,
            buyer,
          ]);
          if (state === "warm") await chain.send(fulfil);
          return [fulfil];
        },
      }),
    ),
  ]);
}

function matchRows(chain: Chain, market: Contract, goods: Goods): Row[] {
  const matcher = accountOf("matcher").address;

  /** Pairs of a seller's and a buyer's order, each `times` the traded amount. */
  async function signedPairs(pairs: number, slots: number, state: Case, times: bigint) {
    const orderType = times === 1n ? FULL_OPEN : PARTIAL_OPEN;
    const signed = [];
    for (let i = 0; i < pairs; i++) {
      const [seller, buyer] = [accountOf(`seller ${i}`), accountOf(`buyer ${i}`)];
      await goods.supply(seller.address, slots, market);
      await goods.endow(buyer.address, market);
      if (state === "warm") await goods.warm(seller.address, buyer.address, slots);
      const offer = offerOf(goods, seller.address, slots, times, orderType);
      const bid = bidOf(goods, buyer.address, slots, times, orderType);
      for (const [order, maker] of [[offer, seller] as const, [bid, buyer] as const]) {
        signed.push({
          parameters: parametersOf(order),
          signature: await sign(chain, market, maker, order),
        });
      }
    }
    return signed;
  }

  const sizes = [1, 5, 20, 50].flatMap((pairs) => [1, 8].map((slots) => ({ pairs, slots })));
  return sizes
    .filter(({ pairs, slots }) => pairs * slots <= MOST_SLOTS)
    .flatMap(({ pairs, slots }) =>
      CASES.flatMap((state): Row[] => {
        const row = { work: "match signed orders", slots, pairs, case: state } as const;
        const size = `${pairsOf(pairs)} of ${slotsOf(slots)}`;
        const fulfillments = fulfillmentsOf(pairs, slots);
        return [
          {
            ...row,
            name: `matchOrders, ${size}`,
            async prepare() {
              const orders = await signedPairs(pairs, slots, state, 1n);
              return [callOf(matcher, market, "matchOrders", [orders, fulfillments])];
            },
          },
          {
            ...row,
            name: `matchAdvancedOrders partial, ${size}`,
            async prepare(): Promise<readonly Call[]> {
              const orders = await signedPairs(pairs, slots, state, 2n);
              const advanced = orders.map((order) => ({ ...order, ...HALF, extraData: "0x" }));
              const args = [advanced, [], fulfillments, matcher];
              const match = callOf(matcher, market, "matchAdvancedOrders", args);
              if (state === "warm") await chain.send(match);
              return [match];
            },
          },
        ];
      }),
    );
}

/** More pairs than this in one match exceed a transaction's gas limit. */
const MOST_SLOTS = 20 * 8;

/** Every slot of every pair goes to the buyer, one payment of every pair to the seller. */
const fulfillmentsOf = (pairs: number, slots: number) =>
  Array.from({ length: pairs }, (_, pair) => {
    const [offer, bid] = [BigInt(2 * pair), BigInt(2 * pair + 1)];
    const meet = (from: bigint, to: bigint, itemIndex: bigint) => ({
      offerComponents: [{ orderIndex: from, itemIndex }],
      considerationComponents: [{ orderIndex: to, itemIndex }],
    });
    return [
      ...Array.from({ length: slots }, (_, slot) => meet(offer, bid, BigInt(slot))),
      meet(bid, offer, 0n),
    ];
  }).flat();

function cancelRows(market: Contract, goods: Goods): Row[] {
  const maker = accountOf("seller").address;
  return [1, 8].map((orders) => ({
    name: `cancel, ${orders} ${orders === 1 ? "order" : "orders"}`,
    work: "cancel orders",
    slots: orders,
    case: "cold",
    async prepare() {
      const components = Array.from({ length: orders }, (_, i) =>
        componentsOf({ ...offerOf(goods, maker, 1, 1n, FULL_OPEN), salt: BigInt(i) }),
      );
      return [callOf(maker, market, "cancel", [components])];
    },
  }));
}

function energyItems({ energy }: Goods, slots: number, times: bigint): Item[] {
  return idsOf(slots).map((id) => ({
    itemType: 3,
    token: energy.address,
    identifierOrCriteria: id,
    startAmount: WH * times,
    endAmount: WH * times,
  }));
}

const moneyItem = ({ euro }: Goods, slots: number, times: bigint): Item => ({
  itemType: 1,
  token: euro.address,
  identifierOrCriteria: 0n,
  startAmount: costOf(slots) * times,
  endAmount: costOf(slots) * times,
});

const offerOf = (
  goods: Goods,
  maker: Address,
  slots: number,
  times: bigint,
  orderType: number,
): Order => ({
  offerer: maker,
  offer: energyItems(goods, slots, times),
  consideration: [{ ...moneyItem(goods, slots, times), recipient: maker }],
  orderType,
  startTime: 0n,
  endTime: DEADLINE,
  salt: 1n,
});

const bidOf = (
  goods: Goods,
  maker: Address,
  slots: number,
  times: bigint,
  orderType: number,
): Order => ({
  ...offerOf(goods, maker, slots, times, orderType),
  offer: [moneyItem(goods, slots, times)],
  consideration: energyItems(goods, slots, times).map((item) => ({ ...item, recipient: maker })),
});

const sign = (chain: Chain, market: Contract, maker: PrivateKeyAccount, order: Order) =>
  maker.signTypedData({
    domain: {
      name: "Seaport",
      version: "1.6",
      chainId: chain.chainId,
      verifyingContract: market.address,
    },
    types: ORDER_TYPES,
    primaryType: "OrderComponents",
    message: componentsOf(order),
  });
