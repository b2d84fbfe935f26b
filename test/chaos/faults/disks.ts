import { AUCTIONEER } from "../stage.ts";
import type { Fault } from "./fault.ts";

/** The file system that the auctioneer keeps its promises on is full. */
export const full: Fault = {
  name: "full",
  weight: 3,
  targets: ({ disk }) => (disk === undefined ? [] : [AUCTIONEER]),
  holds: () => ["the disk"],
  async begin({ disk }) {
    disk?.fill();
    return { detail: "its disk is full", mend: async () => disk?.empty() };
  },
};
