/** Founds the towns, plays their first day and then keeps them trading, in a process with little memory. */
import { becomeSmall } from "@wattline/relay/small";

/** With a lower limit, V8 lets the heap grow less before it collects; the limit itself is not reached. */
becomeSmall(["--max-old-space-size=512", "--max-semi-space-size=8"]);
await import("./life.ts");
