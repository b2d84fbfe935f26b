import { type Address, type Hex, numberToHex } from "viem";

/** One step of `debug_traceTransaction`, as far as it is needed. */
export interface StructLog {
  readonly op: string;
  readonly depth: number;
  /** The top comes last. */
  readonly stack: readonly Hex[];
}

/** A storage word that a transaction touched. */
export interface TouchedWord {
  readonly address: Address;
  readonly slot: Hex;
  /** What the last write left there; undefined when the word was only read. */
  written: bigint | undefined;
}

/** What a transaction did to the state, whatever it cost. */
export interface Footprint {
  readonly words: readonly TouchedWord[];
  /** Accounts that were neither its sender, its target nor a precompile. */
  readonly coldAccounts: number;
  /** Calls of the precompile `ecrecover`. */
  readonly recoveries: number;
}

const ECRECOVER: Address = numberToHex(1, { size: 20 });
/** 1 to 0x11 by EIP-2537 and before, 0x100 by EIP-7951. */
const isPrecompile = (address: Address): boolean => BigInt(address) <= 0x100n;

/** How deep the callee's address lies in the stack. */
const CALLEE = new Map([
  ["CALL", 1],
  ["STATICCALL", 1],
  ["DELEGATECALL", 1],
  ["BALANCE", 0],
  ["EXTCODESIZE", 0],
  ["EXTCODECOPY", 0],
  ["EXTCODEHASH", 0],
]);
/** What the benchmark's transactions don't do, so that no rule is needed here for what it would undo or make. */
const UNEXPECTED = new Set(["REVERT", "INVALID", "CREATE", "CREATE2", "SELFDESTRUCT", "CALLCODE"]);

/**
 * Reads a transaction's trace. It looks at operations and their operands only: the `gasCost` that a trace gives for
 * a call includes the gas that is handed on.
 */
export function footprintOf(
  steps: readonly StructLog[],
  { from, to }: { readonly from: Address; readonly to: Address },
): Footprint {
  const words = new Map<string, TouchedWord>();
  const accounts = new Set([from.toLowerCase(), to.toLowerCase()]);
  const known = accounts.size;
  /** Whose storage each call depth works on. */
  const contexts: Address[] = [to];
  let recoveries = 0;
  let entered = to;

  for (const { op, depth, stack } of steps) {
    if (UNEXPECTED.has(op)) throw new Error(`Its trace has a ${op}, which is not accounted for.`);
    if (depth > contexts.length) contexts.push(entered);
    else contexts.length = depth;
    const context = contexts.at(-1) ?? to;

    if (op === "SLOAD" || op === "SSTORE") {
      const slot = operand(stack, 0);
      const key = `${context}:${BigInt(slot)}`.toLowerCase();
      const word = words.get(key) ?? { address: context, slot, written: undefined };
      words.set(key, word);
      if (op === "SSTORE") word.written = BigInt(operand(stack, 1));
    }

    const position = CALLEE.get(op);
    if (position === undefined) continue;
    const callee = addressOf(operand(stack, position));
    if (callee === ECRECOVER) recoveries++;
    if (!isPrecompile(callee)) accounts.add(callee);
    entered = op === "DELEGATECALL" ? context : callee;
  }
  return { words: [...words.values()], coldAccounts: accounts.size - known, recoveries };
}

function operand(stack: readonly Hex[], depth: number): Hex {
  const value = stack.at(-1 - depth);
  if (value === undefined) throw new Error("Its trace carries no stack.");
  return value;
}

const addressOf = (word: Hex): Address =>
  numberToHex(BigInt(word) & ((1n << 160n) - 1n), { size: 20 });
