/** Runs a relay as the environment says, in a process that is kept small. */
import { becomeSmall } from "./small.ts";

becomeSmall();
await import("./run.ts");
