/** The command `auctioneer`. What runs for years is kept small. */
import { becomeSmall } from "@wattline/relay/small";

if (process.argv.includes("run")) becomeSmall();
await import("./cli.ts");
