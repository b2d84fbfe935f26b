/** The RPC endpoint did not answer, or not truthfully, after several tries; the message names request and reason. */
export class RpcError extends Error {}

/** The chain is not the one that was read before: blocks were replaced. */
export class ReorgError extends Error {}

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
