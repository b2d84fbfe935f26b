import { accountOf, callOf } from "../chain/chain.ts";
import { CASES, type Row, type System, slotsOf } from "../row.ts";
import { benchArtifact, idsOf, WH } from "./goods.ts";

/** Minting and moving an ERC-1155 alone: no reading, order or payment is checked. */
const token = (name: string, contract: string): System => ({
  name,
  async open(chain) {
    const energy = await chain.deploy(await benchArtifact(contract));
    const giver = accountOf("giver").address;
    const receiver = accountOf("receiver").address;

    const mint = (to: string, slots: number, wh = WH) =>
      slots === 1
        ? callOf(giver, energy, "mint", [to, idsOf(1)[0], wh])
        : callOf(giver, energy, "mintBatch", [to, idsOf(slots), idsOf(slots).map(() => wh)]);
    const transfer = (slots: number) => {
      const ids = idsOf(slots);
      return slots === 1
        ? callOf(giver, energy, "safeTransferFrom", [giver, receiver, ids[0], WH, "0x"])
        : callOf(giver, energy, "safeBatchTransferFrom", [
            giver,
            receiver,
            ids,
            ids.map(() => WH),
            "0x",
          ]);
    };

    return [1, 8, 48, 96].flatMap((slots) =>
      CASES.flatMap((state): Row[] => [
        {
          name: `${slots === 1 ? "mint" : "mintBatch"}, ${slotsOf(slots)}`,
          work: "mint energy",
          slots,
          case: state,
          async prepare() {
            if (state === "warm") await chain.send(mint(receiver, slots));
            return [mint(receiver, slots)];
          },
        },
        {
          name: `${slots === 1 ? "safeTransferFrom" : "safeBatchTransferFrom"}, ${slotsOf(slots)}`,
          work: "transfer energy",
          slots,
          case: state,
          async prepare() {
            await chain.send(mint(giver, slots, 8n * WH));
            if (state === "warm") await chain.send(mint(receiver, slots));
            return [transfer(slots)];
          },
        },
      ]),
    );
  },
});

export const openZeppelin = token("OpenZeppelin ERC-1155", "OpenZeppelinEnergy");
export const solady = token("Solady ERC-1155", "SoladyEnergy");
