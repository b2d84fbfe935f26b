/** Towns whose homes keep trading on a chain by their agents. */

export { publishDirectories } from "./directory.ts";
export { FailureLog } from "./failureLog.ts";
export { LiveHomes, liveTerms, signerFor } from "./homes.ts";
export { openAuctioneer, sendMandates } from "./market.ts";
export { FIRST_LIVE_SLOT, type PlayOptions, playerOf, playForever } from "./play.ts";
export {
  type Participants,
  type Places,
  participantsOf,
  playedByHand,
  type TownHome,
} from "./towns.ts";
export { Wallets } from "./wallets.ts";
