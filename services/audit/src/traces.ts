/** What a node's call tracer says about a transaction, where it offers one. */
import type { ContractCall, Contracts } from "@wattline/sdk";
import { type Address, getAddress, type Hex, isAddressEqual, isHex } from "viem";
import { RpcError } from "./errors.ts";
import { hexOf, objectOf, type Rpc } from "./rpc.ts";

/** A call of a transaction and those that it made. */
type Frame = Readonly<Record<string, unknown>>;

/** A transaction's outermost call; undefined when the node has no trace of it. */
export async function traceOf(rpc: Rpc, transaction: Hex): Promise<Frame | undefined> {
  const trace = await rpc.attempt("debug_traceTransaction", [
    transaction,
    { tracer: "callTracer" },
  ]);
  const usable = typeof trace === "object" && trace !== null && "type" in trace;
  return usable ? objectOf(trace, "trace") : undefined;
}

/**
 * Calls behind transactions that went through another contract; a node without traces is asked once.
 * @returns Undefined when the node has no trace, or fails to give it.
 */
export function tracerAt(rpc: Rpc, { marketplace, meters }: Contracts) {
  let offered: boolean | undefined;
  return async (transaction: Hex): Promise<readonly ContractCall[] | undefined> => {
    if (offered === false) return undefined;
    const trace = await traceOf(rpc, transaction).catch((error: unknown) => {
      if (error instanceof RpcError) return "failed" as const;
      throw error;
    });
    if (trace === "failed") return undefined;
    offered ??= trace !== undefined;
    if (trace === undefined) return undefined;
    const calls: ContractCall[] = [];
    for (const { type, from: caller, to: callee, input } of framesOf(trace)) {
      const to = typeof callee === "string" ? getAddress(callee) : undefined;
      if (type !== "CALL" || (to !== marketplace && to !== meters)) continue;
      const from = getAddress(hexOf(caller, "trace's caller"));
      // The contracts' own calls of one another are none that anybody asked for.
      if (from !== marketplace) calls.push({ from, to, input: hexOf(input, "trace's input") });
    }
    return calls;
  };
}

/** Whether a call of `to` with `input` was answered by something that `fits`. */
export const hasAnswered = (
  trace: Frame,
  to: Address,
  input: Hex,
  fits: (output: Hex) => boolean,
): boolean =>
  framesOf(trace).some(
    (frame) =>
      typeof frame.to === "string" &&
      isAddressEqual(getAddress(frame.to), to) &&
      frame.input === input &&
      isHex(frame.output) &&
      fits(frame.output),
  );

/** All calls that were not reverted, in the order in which they were made: what was reverted has left nothing. */
function framesOf(frame: Frame): Frame[] {
  if (frame.error !== undefined) return [];
  const inner = Array.isArray(frame.calls) ? frame.calls : [];
  return [frame, ...inner.flatMap((each) => framesOf(objectOf(each, "trace")))];
}
