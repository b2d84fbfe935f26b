import { energyIdOf } from "@wattline/sdk";
import { callOf } from "../chain/chain.ts";
import { CASES, type Row, slotsOf } from "../row.ts";
import { type Community, FIRST_SLOT, WH } from "./community.ts";

/** A holder's own ERC-1155 transfer. Warm: the receiver has energy of the same slots. */
export const transferRows = ({ stock, household, energy }: Community): Row[] =>
  [1, 8, 48, 96].flatMap((slots) =>
    CASES.map((state) => ({
      name: `transfer, ${slotsOf(slots)}`,
      work: "transfer energy",
      slots,
      case: state,
      async prepare() {
        const giver = await household("giver");
        const receiver = await household("receiver");
        await stock(giver, slots);
        if (state === "warm") await stock(receiver, slots);
        const [from, to] = [giver.address, receiver.address];
        const ids = Array.from({ length: slots }, (_, i) =>
          energyIdOf({ microgrid: 1, source: "Solar", slot: FIRST_SLOT + i }),
        );
        return slots === 1
          ? [callOf(from, energy, "safeTransferFrom", [from, to, ids[0], WH, "0x"])]
          : [
              callOf(from, energy, "safeBatchTransferFrom", [
                from,
                to,
                ids,
                ids.map(() => WH),
                "0x",
              ]),
            ];
      },
    })),
  );
