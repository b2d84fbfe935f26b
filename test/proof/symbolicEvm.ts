/**
 * Runs EVM bytecode on words of unknown bits (see decisions.ts): every path at once, to every end it can come to.
 * It knows the instructions of pure functions without loops over unknowns, and refuses all others.
 */
import { type Bit, type Decisions, FALSE, TRUE, type Word, zip } from "./decisions.ts";

const WIDTH = 256;

/** How a run can end, and for which inputs it does. */
export interface Ending {
  readonly kind: "return" | "revert";
  readonly when: Bit;
  /** What is handed back, a byte after the other, each lowest bit first. */
  readonly data: readonly Word[];
}

interface State {
  readonly at: number;
  readonly when: Bit;
  readonly stack: readonly Word[];
  readonly memory: ReadonlyMap<number, Word>;
}

/** A word that is known. */
export const constant = (value: bigint): Word =>
  Array.from({ length: WIDTH }, (_, i) => ((value >> BigInt(i)) & 1n ? TRUE : FALSE));

/** A word's bytes, most significant first, as they lie in calldata and memory. */
export const bytesOf = (word: Word): Word[] =>
  Array.from({ length: word.length / 8 }, (_, i) =>
    word.slice(word.length - 8 * (i + 1), word.length - 8 * i),
  );

const ZERO = constant(0n);
const ZERO_BYTE = ZERO.slice(0, 8);
const flag = (bit: Bit): Word => [bit, ...ZERO.slice(1)];

/** All endings of `code` called with `calldata`. */
export function run(logic: Decisions, code: Uint8Array, calldata: readonly Word[]): Ending[] {
  const endings: Ending[] = [];
  const open: State[] = [{ at: 0, when: TRUE, stack: [], memory: new Map() }];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const { ending, next } = follow(logic, code, calldata, state);
    if (ending !== undefined) endings.push(ending);
    open.push(...next);
  }
  return endings;
}

/** Runs straight on to the next fork or to the end. */
function follow(logic: Decisions, code: Uint8Array, calldata: readonly Word[], state: State) {
  const stack = [...state.stack];
  const memory = new Map(state.memory);
  const pop = (): Word => {
    const word = stack.pop();
    if (word === undefined) throw new Error("The stack is empty.");
    return word;
  };
  const popNumber = () => known(pop());
  const read = (bytes: (at: number) => Word | undefined, from: number, size: number): Word[] =>
    Array.from({ length: size }, (_, i) => bytes(from + i) ?? ZERO_BYTE);
  const asWord = (bytes: readonly Word[]): Word => [...bytes].reverse().flat();
  const jump = (target: number): number => {
    if (code[target] !== 0x5b) throw new Error(`There is no jump destination at ${target}.`);
    return target;
  };

  for (let at = state.at; ; at++) {
    const op = code[at] ?? 0;
    if (op >= 0x5f && op <= 0x7f) {
      const size = op - 0x5f;
      const value = code
        .slice(at + 1, at + 1 + size)
        .reduce((word, byte) => (word << 8n) | BigInt(byte), 0n);
      stack.push(constant(value));
      at += size;
    } else if (op >= 0x80 && op <= 0x8f) {
      const word = stack.at(0x7f - op);
      if (word === undefined) throw new Error("The stack is empty.");
      stack.push(word);
    } else if (op >= 0x90 && op <= 0x9f) {
      const below = stack.length - (op - 0x8e);
      const top = pop();
      const [word] = stack.splice(below, 1, top);
      if (word === undefined) throw new Error("The stack is empty.");
      stack.push(word);
    } else if (op === 0x34) {
      // No ether is ever sent to what is examined here.
      stack.push(ZERO);
    } else if (op === 0x35) {
      stack.push(asWord(read((i) => calldata[i], popNumber(), 32)));
    } else if (op === 0x36) {
      stack.push(constant(BigInt(calldata.length)));
    } else if (op === 0x50) {
      pop();
    } else if (op === 0x51) {
      stack.push(asWord(read((i) => memory.get(i), popNumber(), 32)));
    } else if (op === 0x52) {
      const offset = popNumber();
      for (const [i, byte] of bytesOf(pop()).entries()) memory.set(offset + i, byte);
    } else if (op === 0x56) {
      at = jump(popNumber());
    } else if (op === 0x57) {
      const target = popNumber();
      const taken = logic.any(pop());
      const next = [
        { at: target, when: logic.and(state.when, taken), stack, memory },
        { at: at + 1, when: logic.and(state.when, logic.not(taken)), stack, memory },
      ].filter(({ when }) => when !== FALSE);
      if (taken !== FALSE) jump(target);
      return { next };
    } else if (op === 0xf3 || op === 0xfd) {
      const offset = popNumber();
      const data = read((i) => memory.get(i), offset, popNumber());
      const kind = op === 0xf3 ? "return" : "revert";
      return { ending: { kind, when: state.when, data } satisfies Ending, next: [] };
    } else if (op !== 0x5b) {
      stack.push(calculate(logic, op, pop));
    }
  }
}

function calculate(logic: Decisions, op: number, pop: () => Word): Word {
  const a = pop();
  if (op === 0x15) return flag(logic.not(logic.any(a)));
  if (op === 0x19) return a.map(logic.not);
  const b = pop();
  if (op === 0x01) return logic.sum(a, b).bits;
  if (op === 0x03) return logic.difference(a, b).bits;
  if (op === 0x10) return flag(logic.difference(a, b).borrow);
  if (op === 0x11) return flag(logic.difference(b, a).borrow);
  // Signed words compare as unsigned ones do once their signs are flipped.
  if (op === 0x12) return flag(logic.difference(unsigned(logic, a), unsigned(logic, b)).borrow);
  if (op === 0x13) return flag(logic.difference(unsigned(logic, b), unsigned(logic, a)).borrow);
  if (op === 0x14) return flag(logic.not(logic.differ(a, b)));
  if (op === 0x16) return zip(a, b, logic.and);
  if (op === 0x17) return zip(a, b, logic.or);
  if (op === 0x18) return zip(a, b, logic.xor);
  if (op === 0x1b) return [...ZERO.slice(0, known(a)), ...b].slice(0, WIDTH);
  if (op === 0x1c) return [...b.slice(known(a)), ...ZERO].slice(0, WIDTH);
  throw new Error(`The instruction 0x${op.toString(16)} is not known here.`);
}

const unsigned = (logic: Decisions, word: Word): Word =>
  word.map((bit, i) => (i === WIDTH - 1 ? logic.not(bit) : bit));

function known(word: Word): number {
  let value = 0;
  for (const [i, bit] of word.entries()) {
    if (bit !== TRUE && bit !== FALSE) throw new Error("The word is not known.");
    if (bit === TRUE) value += 2 ** i;
  }
  return value;
}
