/** How a node is asked, everywhere. */
export { type FailureKind, NodeError } from "./failures.ts";
export { logRanges } from "./logRanges.ts";
export { type ChainNode, type NodePause, type NodeSettings, nodeAt, pause } from "./node.ts";
export {
  type BlockRange,
  inRanges,
  type RangeSettings,
  type RangeSize,
  rangeSize,
  sparedByLess,
} from "./ranges.ts";
export { nodeTransport } from "./transport.ts";
