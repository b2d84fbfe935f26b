import type { Row, System } from "../row.ts";
import { acceptRows } from "./accept.ts";
import { cancelRows } from "./cancel.ts";
import { type Community, openCommunity } from "./community.ts";
import { depositRows } from "./deposit.ts";
import { forwardRows } from "./forwards.ts";
import { reportRows } from "./report.ts";
import { retireRows } from "./retire.ts";
import { settleRows } from "./settle.ts";
import { transferRows } from "./transfer.ts";

/** A new entry point is a new file and a new line here. */
const ENTRY_POINTS: readonly ((community: Community) => readonly Row[])[] = [
  reportRows,
  acceptRows,
  settleRows,
  forwardRows,
  retireRows,
  transferRows,
  cancelRows,
  depositRows,
];

export const wattline: System = {
  name: "Wattline",
  async open(chain) {
    const community = await openCommunity(chain);
    return ENTRY_POINTS.flatMap((rowsOf) => rowsOf(community));
  },
};
