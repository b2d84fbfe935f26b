import { CASES, type Row, slotsOf } from "../row.ts";
import { type Community, energyIn, FIRST_SLOT } from "./community.ts";

/** A meter's reading is checked, recorded and minted. Warm: another meter of the home has reported the same slots. */
export const reportRows = ({ chain, household, report, stock }: Community): Row[] =>
  [1, 8, 48, 96].flatMap((slots) =>
    CASES.map((state) => ({
      name: `report, ${slotsOf(slots)}`,
      work: "mint energy",
      slots,
      case: state,
      async prepare() {
        const home = await household("prosumer");
        const secondRoof = await household("prosumer", "second roof");
        if (state === "warm") {
          await stock(secondRoof, slots);
          // The previous slot is in the same word of flags.
          await chain.send(await report(home, new Map([[FIRST_SLOT - 1, 0n]])));
        }
        return [await report(home, energyIn(slots))];
      },
    })),
  );
