import { accountOf, callOf } from "../chain/chain.ts";
import { CASES, type Row, type System, slotsOf } from "../row.ts";
import { benchArtifact, DEADLINE, deployGoods, idsOf, PRICE, WH } from "./goods.ts";

const OFFER_TYPES = {
  Offer: [
    { name: "maker", type: "address" },
    { name: "token", type: "address" },
    { name: "firstId", type: "uint256" },
    { name: "lastId", type: "uint256" },
    { name: "energy", type: "uint256" },
    { name: "price", type: "uint256" },
    { name: "currency", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** The plain signed sale of contracts/SignedSale.sol. Warm: the offer was partly bought before. */
export const signedSale: System = {
  name: "Signed sale on OpenZeppelin",
  async open(chain) {
    const goods = await deployGoods(chain);
    const { energy, euro } = goods;
    const sale = await chain.deploy(await benchArtifact("SignedSale"));
    const seller = accountOf("seller");
    const buyer = accountOf("buyer").address;

    async function signed(slots: number) {
      const ids = idsOf(slots);
      const offer = {
        maker: seller.address,
        token: energy.address,
        firstId: ids.at(0) ?? 0n,
        lastId: ids.at(-1) ?? 0n,
        energy: 2n * WH * BigInt(slots),
        price: PRICE,
        currency: euro.address,
        nonce: 1n,
        deadline: DEADLINE,
      };
      const signature = await seller.signTypedData({
        domain: {
          name: "Signed sale",
          version: "1",
          chainId: chain.chainId,
          verifyingContract: sale.address,
        },
        types: OFFER_TYPES,
        primaryType: "Offer",
        message: offer,
      });
      return { offer, signature };
    }

    const trades = [1, 8, 96].flatMap((slots) =>
      CASES.map(
        (state): Row => ({
          name: `buy, ${slotsOf(slots)}`,
          work: "trade against a signed order",
          slots,
          case: state,
          async prepare() {
            await goods.supply(seller.address, slots, sale);
            await goods.endow(buyer, sale);
            const { offer, signature } = await signed(slots);
            const ids = idsOf(slots);
            const buy = callOf(buyer, sale, "buy", [offer, signature, ids, ids.map(() => WH)]);
            if (state === "warm") await chain.send(buy);
            return [buy];
          },
        }),
      ),
    );
    const cancel: Row = {
      name: "cancel, 1 order",
      work: "cancel orders",
      slots: 1,
      case: "cold",
      async prepare() {
        const { offer } = await signed(1);
        return [callOf(seller.address, sale, "cancel", [offer])];
      },
    };
    return [...trades, cancel];
  },
};
