import { packProfile } from "@wattline/sdk";
import { callOf } from "../chain/chain.ts";
import { type Row, slotsOf } from "../row.ts";
import { type Community, energyIn, SOLAR } from "./community.ts";

const PURPOSE = "Homework club, Sunny Lane 4, June 2027";

/** Energy is retired with a certificate. All written words are in use already: there is no cold case. */
export const retireRows = ({ prosumer, energy }: Community): Row[] =>
  [1, 8, 96].map((slots) => ({
    name: `retire, ${slotsOf(slots)}`,
    work: "retire energy",
    slots,
    case: "warm",
    async prepare() {
      const { address } = await prosumer("prosumer", slots);
      const { firstBlock, words } = packProfile(energyIn(slots));
      return [callOf(address, energy, "retire", [1, SOLAR, firstBlock, words, address, PURPOSE])];
    },
  }));
