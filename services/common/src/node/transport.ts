import { type CustomTransport, custom } from "viem";
import { NodeError } from "./failures.ts";
import { type NodeSettings, nodeAt } from "./node.ts";

/**
 * viem's way to a node, through {@link nodeAt}.
 * Errors are those that viem's own transport throws, so that it can decode what a contract refused.
 */
export function nodeTransport(url: string, settings: NodeSettings = {}): CustomTransport {
  const node = nodeAt(url, settings);
  const request = async ({
    method,
    params,
  }: {
    readonly method: string;
    readonly params?: readonly unknown[];
  }): Promise<unknown> => {
    try {
      return await node.ask(method, params ?? []);
    } catch (error) {
      throw error instanceof NodeError ? (error.cause ?? error) : error;
    }
  };
  return custom({ request }, { key: "node", name: "Node", retryCount: 0 });
}
