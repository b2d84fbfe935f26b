import type { FailureKind } from "@wattline/common/node";

/** The RPC endpoint gave no result, or not truthfully; the message names request and reason. */
export class RpcError extends Error {
  /** Why; "contradiction" when the node's answers do not fit one another. */
  readonly kind: FailureKind | "contradiction";

  constructor(message: string, kind: FailureKind | "contradiction" = "failing") {
    super(message);
    this.kind = kind;
  }
}

/** The chain is not the one that was read before: blocks were replaced. */
export class ReorgError extends Error {}

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
