import { accountOf, type Call, callOf } from "../chain/chain.ts";
import { CASES, type System, slotsOf } from "../row.ts";
import { benchArtifact, deployGoods, idsOf, PRICE, WH } from "./goods.ts";

/**
 * The market of contracts/TextbookMarket.sol. Its offers are transactions too, one each to list and to buy a slot: that
 * is the cost of a trade of several slots.
 */
export const textbook: System = {
  name: "Textbook energy market",
  async open(chain) {
    const goods = await deployGoods(chain);
    const market = await chain.deploy(await benchArtifact("TextbookMarket"), goods.euro.address);
    const seller = accountOf("seller").address;
    const buyer = accountOf("buyer").address;
    const somebody = accountOf("somebody else").address;

    /** Lists and buys a slot each, from the `first`-th offer on. */
    const trades = (slots: number, first: number): Call[] =>
      idsOf(slots).flatMap((id, i) => [
        callOf(seller, market, "list", [id, WH, PRICE]),
        callOf(buyer, market, "buy", [BigInt(first + i)]),
      ]);

    return [1, 8, 96].flatMap((slots) =>
      CASES.map((state) => ({
        name: `list + buy, ${slotsOf(slots)}`,
        work: "trade against a signed order",
        slots,
        case: state,
        async prepare() {
          for (const id of idsOf(slots)) {
            await chain.send(callOf(seller, market, "produce", [id, 8n * WH]));
          }
          // Its counters are warm for everyone except the first user.
          await chain.send(callOf(somebody, market, "produce", [0n, 8n * WH]));
          await chain.send(callOf(somebody, market, "list", [0n, WH, PRICE]));
          await goods.endow(buyer, market);
          await chain.send(callOf(buyer, market, "buy", [1n]));
          if (state === "cold") return trades(slots, 2);
          for (const call of trades(slots, 2)) await chain.send(call);
          return trades(slots, 2 + slots);
        },
      })),
    );
  },
};
