/** The command `agent`. What runs for years is kept small; the other commands are over before it matters. */
import { becomeSmall } from "@wattline/relay/small";

if (process.argv.includes("run")) becomeSmall();
await import("./cli.ts");
