/** An auctioneer, for who says when its rounds are. */
export { Auctioneer, type Round } from "./auctioneer.ts";
export { readSettings } from "./config.ts";
export { serveMandates } from "./mandates/server.ts";
