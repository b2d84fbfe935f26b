/** Towns whose homes keep trading on a chain by their agents. */

export { type Cast, castOf, type Dweller, type Places, playedByHand } from "./cast.ts";
export { publishDirectories } from "./directory.ts";
export { FailureLog } from "./failureLog.ts";
export { LiveHomes, signerFor } from "./homes.ts";
export { openAuctioneer, sendMandates } from "./market.ts";
export { FIRST_LIVE_SLOT, type PlayOptions, playerOf, playForever } from "./play.ts";
export { Wallets } from "./wallets.ts";
