/** How a node is asked, everywhere. */
export { type FailureKind, NodeError } from "./failures.ts";
export { type LogRange, logRanges } from "./logRanges.ts";
export { type ChainNode, type NodePause, type NodeSettings, nodeAt, pause } from "./node.ts";
export { nodeTransport } from "./transport.ts";
