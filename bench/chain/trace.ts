import { type Address, type Hex, numberToHex } from "viem";

/** One step of `debug_traceTransaction`, with the members that are needed. */
export interface StructLog {
  readonly op: string;
  readonly depth: number;
  /** The top is last. */
  readonly stack: readonly Hex[];
}

/** A storage word that a transaction touched. */
export interface TouchedWord {
  readonly address: Address;
  readonly slot: Hex;
  /** The last written value; undefined when the word was only read. */
  written: bigint | undefined;
}

/** What a transaction did to the state, without its gas. */
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

/** The callee address's depth in the stack. */
const CALLEE = new Map([
  ["CALL", 1],
  ["STATICCALL", 1],
  ["DELEGATECALL", 1],
  ["BALANCE", 0],
  ["EXTCODESIZE", 0],
  ["EXTCODECOPY", 0],
  ["EXTCODEHASH", 0],
]);
/** Operations that the benchmark's transactions do not use, so that no rule for their effects is needed. */
const UNEXPECTED = new Set(["REVERT", "INVALID", "CREATE", "CREATE2", "SELFDESTRUCT", "CALLCODE"]);

/**
 * Reads a transaction's trace. Only operations and their operands are used: the `gasCost` of a call in a trace includes
 * the gas that is passed on.
 */
export function footprintOf(
  steps: readonly StructLog[],
  { from, to }: { readonly from: Address; readonly to: Address },
): Footprint {
  const words = new Map<string, TouchedWord>();
  const accounts = new Set([from.toLowerCase(), to.toLowerCase()]);
  const known = accounts.size;
  /** The account whose storage each call depth uses. */
  const contexts: Address[] = [to];
  let recoveries = 0;
  let entered = to;

  for (const { op, depth, stack } of steps) {
    if (UNEXPECTED.has(op)) throw new Error(`Its trace has a ${op}, which is not counted here.`);
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
