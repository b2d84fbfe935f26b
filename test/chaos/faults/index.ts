import { skewed } from "./clocks.ts";
import { damaged, lost } from "./databases.ts";
import { full } from "./disks.ts";
import type { Fault } from "./fault.ts";
import { flooded } from "./floods.ts";
import { reorganised } from "./histories.ts";
import { cut, delayed, frozen } from "./lines.ts";
import { away, killed } from "./processes.ts";

/** All that goes wrong in a play. */
export const FAULTS: readonly Fault[] = [
  ...[killed, away, cut, frozen, delayed, skewed, reorganised, flooded],
  ...[lost, damaged, full],
];
