import { readFileSync } from "node:fs";
import { expect } from "chai";
import hre from "hardhat";
import { before, describe, it } from "mocha";
import solc from "solc";
import { type Hex, hexToBytes, toFunctionSelector } from "viem";
import { type Bit, Decisions, FALSE, TRUE, type Word, zip } from "./decisions.ts";
import { bytesOf, constant, type Ending, run } from "./symbolicEvm.ts";

/*
 * What is proven: for every one of the 2^496 pairs of well-formed profiles, the code that our compiler makes of
 * contracts/libraries/Profile.sol, with our settings, returns the lane-by-lane result, or reverts with the named
 * error and its arguments exactly when some lane does not fit. The bytecode runs on unknown bits, and what comes out
 * is compared with the specification as a Boolean function, so nothing is sampled.
 *
 * What is not: `sum`, `uniform`, `maskOf`, `bitsOf` and `count`, which the fuzz tests and exhaustive tests
 * of test/solidity cover; malformed operands, which `checked` keeps out; and our picture of the EVM itself, which the
 * last test only samples against plain bigints. (Solidity's own SMTChecker does not get as far: asked for one lane of
 * `add`, both of its engines only say that a violation "might happen".)
 */

const LIBRARY = "contracts/libraries/Profile.sol";
const LANES = 8;
const VALUE_BITS = 31;
const MAX = (1n << 31n) - 1n;

const HARNESS = `
pragma solidity 0.8.37;
import { Profile, ProfileLib } from "${LIBRARY}";
contract Harness {
    function add(Profile a, Profile b) external pure returns (Profile) { return a.add(b); }
    function sub(Profile a, Profile b) external pure returns (Profile) { return a.sub(b); }
    function min(Profile a, Profile b) external pure returns (Profile) { return a.min(b); }
    function le(Profile a, Profile b) external pure returns (bool) { return a.le(b); }
    function atLeast(Profile a, Profile b) external pure returns (uint256) { return a.atLeast(b); }
    function isZero(Profile a, Profile) external pure returns (bool) { return a.isZero(); }
}`;

type Name = "add" | "sub" | "min" | "le" | "atLeast" | "isZero";

/** When the function returns and what, or else with which error, which carries both operands, it reverts. */
interface Specification {
  readonly returns: Bit;
  readonly word: Word;
  readonly error?: string;
}

const logic = new Decisions();

// The bits of both operands alternate, so that what is added or compared lies side by side; guard bits are clear.
const operand = (which: 0 | 1): Word =>
  Array.from({ length: 256 }, (_, i) =>
    i % 32 === VALUE_BITS ? FALSE : logic.variable(2 * i + which),
  );
const A = operand(0);
const B = operand(1);

const lanesOf = (word: Word): Word[] =>
  Array.from({ length: LANES }, (_, i) => word.slice(32 * i, 32 * i + VALUE_BITS));
/** A word from what is in its eight lanes: the Wh, and the guard bit. */
const wordOf = (lanes: readonly Word[], guards: readonly Bit[] = []): Word =>
  lanes.flatMap((lane, i) => [...lane, guards[i] ?? FALSE]);
const flag = (bit: Bit): Word => [bit, ...constant(0n).slice(1)];
const empty = constant(0n).slice(0, VALUE_BITS);

function byLane<T>(calculate: (a: Word, b: Word) => T): T[] {
  const others = lanesOf(B);
  return lanesOf(A).map((lane, i) => calculate(lane, others[i] ?? empty));
}

const sums = byLane((a, b) => logic.sum(a, b));
const differences = byLane((a, b) => logic.difference(a, b));
const aIsLess = differences.map(({ borrow }) => borrow);
const bIsLess = byLane((a, b) => logic.difference(b, a).borrow);

const specifications: Readonly<Record<Name, Specification>> = {
  add: {
    returns: logic.not(logic.any(sums.map(({ carry }) => carry))),
    word: wordOf(sums.map(({ bits }) => bits)),
    error: "Profile_Overflow(uint256,uint256)",
  },
  sub: {
    returns: logic.not(logic.any(aIsLess)),
    word: wordOf(differences.map(({ bits }) => bits)),
    error: "Profile_Underflow(uint256,uint256)",
  },
  min: {
    returns: TRUE,
    word: wordOf(
      byLane((a, b) => {
        const { borrow } = logic.difference(a, b);
        return zip(a, b, (x, y) => logic.choose(borrow, x, y));
      }),
    ),
  },
  le: { returns: TRUE, word: flag(logic.not(logic.any(bIsLess))) },
  atLeast: {
    returns: TRUE,
    word: wordOf(
      byLane(() => empty),
      aIsLess.map(logic.not),
    ),
  },
  isZero: { returns: TRUE, word: flag(logic.not(logic.any(A))) },
};

const source = readFileSync(LIBRARY, "utf8");

describe("Profile, proven for all operands", () => {
  let code: Uint8Array;
  before(() => {
    code = compile(source);
  });

  for (const name of Object.keys(specifications).filter(isName)) {
    it(`${name} does what it says in every lane`, () => {
      expect(counterexample(name, code)).to.equal(undefined);
    });
  }

  const planted: readonly { name: Name; what: string; from: string; to: string }[] = [
    {
      name: "add",
      what: "an add without its guard test",
      from: "if (total & GUARDS != 0) revert Profile_Overflow(a, b);",
      to: "",
    },
    {
      name: "add",
      what: "an add whose guard test forgets one lane",
      from: "if (total & GUARDS != 0)",
      to: "if (total & (GUARDS >> 32) != 0)",
    },
    {
      name: "add",
      what: "an error with its operands exchanged",
      from: "revert Profile_Overflow(a, b)",
      to: "revert Profile_Overflow(b, a)",
    },
    {
      name: "sub",
      what: "a subtract that lends no guard bit",
      from: "uint256 difference = (Profile.unwrap(a) | GUARDS) - Profile.unwrap(b);",
      to: "uint256 difference = Profile.unwrap(a) - Profile.unwrap(b) | GUARDS;",
    },
    {
      name: "min",
      what: "a minimum that is a maximum",
      from: "select(fill(atLeast(b, a)), a, b)",
      to: "select(fill(atLeast(a, b)), a, b)",
    },
  ];
  for (const { name, what, from, to } of planted) {
    it(`would find ${what}`, () => {
      expect(source).to.contain(from);
      const found = counterexample(name, compile(source.replace(from, to)));
      expect(found).to.be.an("object");
    });
  }

  it("rests on specifications and a picture of the EVM that agree with plain numbers", () => {
    const runs = { add: symbolic("add", code), sub: symbolic("sub", code) };
    const edges = [0n, 1n, MAX >> 1n, (MAX >> 1n) + 1n, MAX - 1n, MAX];
    for (const x of edges) {
      for (const y of edges) {
        for (let lane = 0; lane < LANES; lane++) {
          // Only one lane is close to failing, so that both outcomes come up.
          const a = place(lane, x, 5n);
          const b = place(lane, y, 5n);
          expectPlain("add", runs.add, a, b, x + y <= MAX, a + b);
          expectPlain("sub", runs.sub, a, b, x >= y, a - b);
        }
      }
    }
  });
});

/** Operands for which the code does not do what is specified; none when that is proven. */
function counterexample(name: Name, bytecode: Uint8Array): { a: bigint; b: bigint } | undefined {
  const { returns, word, error } = specifications[name];
  const returned = bytesOf(word);
  const reverted = error === undefined ? [] : [...selector(error), ...bytesOf(A), ...bytesOf(B)];
  const endings = symbolic(name, bytecode);
  const wrong = endings.map(({ kind, when, data }) => {
    const [meant, due] = kind === "return" ? [returns, returned] : [logic.not(returns), reverted];
    const otherData = data.length === due.length ? logic.differ(data.flat(), due.flat()) : TRUE;
    return logic.and(when, logic.or(logic.not(meant), otherData));
  });
  const nowhere = logic.not(logic.any(endings.map(({ when }) => when)));
  const variables = logic.witness(logic.any([nowhere, ...wrong]));
  if (variables === undefined) return undefined;
  const operandOf = (which: number) =>
    [...variables]
      .filter((variable) => variable % 2 === which)
      .reduce((value, variable) => value | (1n << BigInt((variable - which) / 2)), 0n);
  return { a: operandOf(0), b: operandOf(1) };
}

function symbolic(name: Name, bytecode: Uint8Array): Ending[] {
  const calldata = [...selector(`${name}(uint256,uint256)`), ...bytesOf(A), ...bytesOf(B)];
  return run(logic, bytecode, calldata);
}

function expectPlain(
  name: "add" | "sub",
  endings: readonly Ending[],
  a: bigint,
  b: bigint,
  fits: boolean,
  result: bigint,
): void {
  const value = (variable: number): boolean =>
    (((variable % 2 === 0 ? a : b) >> BigInt(variable >> 1)) & 1n) === 1n;
  const numberOf = (word: Word): bigint =>
    word.reduce(
      (total, bit, i) => (logic.evaluate(bit, value) ? total | (1n << BigInt(i)) : total),
      0n,
    );
  const { returns, word } = specifications[name];
  const reached = endings.filter(({ when }) => logic.evaluate(when, value));
  expect(reached.map(({ kind }) => kind)).to.deep.equal([fits ? "return" : "revert"]);
  expect(logic.evaluate(returns, value)).to.equal(fits);
  if (!fits) return;
  expect(numberOf(word)).to.equal(result);
  for (const { data } of reached) expect(numberOf([...data].reverse().flat())).to.equal(result);
}

/** `wh` in one lane and `elsewhere` in all others. */
function place(lane: number, wh: bigint, elsewhere: bigint): bigint {
  return Array.from({ length: LANES }, (_, i) => (i === lane ? wh : elsewhere)).reduceRight(
    (word, value) => (word << 32n) | value,
    0n,
  );
}

function selector(signature: string): Word[] {
  return [...hexToBytes(toFunctionSelector(signature))].map((byte) =>
    constant(BigInt(byte)).slice(0, 8),
  );
}

function isName(name: string): name is Name {
  return Object.hasOwn(specifications, name);
}

/** The runtime bytecode of the harness around a library's text, by the project's own compiler settings. */
function compile(library: string): Uint8Array {
  const input = {
    language: "Solidity",
    sources: { [LIBRARY]: { content: library }, "Harness.sol": { content: HARNESS } },
    settings: {
      ...hre.config.solidity.profiles.default?.compilers[0]?.settings,
      outputSelection: { "*": { "*": ["evm.deployedBytecode.object"] } },
    },
  };
  const output: CompilerOutput = JSON.parse(solc.compile(JSON.stringify(input)));
  const bytecode = output.contracts?.["Harness.sol"]?.Harness?.evm.deployedBytecode.object;
  if (bytecode === undefined) {
    throw new Error(output.errors?.map(({ formattedMessage }) => formattedMessage).join("\n"));
  }
  const hex: Hex = `0x${bytecode}`;
  return hexToBytes(hex);
}

interface CompilerOutput {
  readonly errors?: readonly { readonly formattedMessage: string }[];
  readonly contracts?: Readonly<
    Record<string, Readonly<Record<string, { evm: { deployedBytecode: { object: string } } }>>>
  >;
}
