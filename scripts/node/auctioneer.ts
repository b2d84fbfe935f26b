/** The auctioneer of an island node: `node auctioneer.ts NODE_TOML`. */
import { runAuctioneer } from "@wattline/auctioneer/run";
import { MendableError } from "@wattline/common/mendable";
import { auctioneerSettings, readNodeConfig } from "@wattline/node/config";
import { runAsPart } from "../start/runAsPart.ts";

const [, , file = "node.toml"] = process.argv;

await runAsPart([MendableError], (signal) =>
  runAuctioneer(auctioneerSettings(readNodeConfig(file)), signal),
);
