/** Runs a relay configured by the environment, in a process with little memory. */
import { becomeSmall } from "./small.ts";

becomeSmall();
await import("./run.ts");
