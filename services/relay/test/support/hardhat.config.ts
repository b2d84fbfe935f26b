import { defineConfig } from "hardhat/config";
import { BEFORE_START } from "./node.ts";

/** Of a node whose first block is before the slots that tests count from, whatever day it is. */
export default defineConfig({
  networks: { node: { type: "edr-simulated", initialDate: new Date(BEFORE_START * 1000) } },
});
